"""Refusals as RFC 9457 problem JSON, with the sentences of the command line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from tchexnet.errors import IMAGE_ERROR_KINDS, ImageError, LabelError, PresetError

MEDIA_TYPE = "application/problem+json"
KINDS = {
    "too many bytes": (413, "the request is longer than the server takes"),
    "too many files": (413, "the request holds more files than the server takes"),
    "too many requests": (429, "the server has as many requests in hand as it takes"),
    "too slow to send": (408, "the request did not arrive in time"),
    "too slow to answer": (503, "the answer was not ready in time"),
    "no token": (401, "the server wants a bearer token"),
    "foreign page": (403, "the request came from another site, or by another name of this machine"),
    "not a form": (400, "the body is no multipart form"),
    "no file": (422, "the form holds no file"),
    "unknown preset": (404, "the server does not serve such a preset"),
    "unknown label": (422, "the preset has no such finding"),
    "no such case": (404, "the worklist has no such row, or its image may not be read"),
    "bad query": (422, "a parameter has a value that cannot be understood"),
    "internal": (500, "the server made a mistake"),
}
"""Kind to status and title, for what is not an image's fault."""

_IMAGE_STATUS = {"not an image": 415, "unsupported": 415}


class Problem(Exception):  # noqa: N818 - what RFC 9457 calls it
    """An answer that is no result.

    Args:
        kind: from `KINDS` or `IMAGE_ERROR_KINDS`.
        detail: one sentence for a person.
        headers: further headers of the response.
    """

    def __init__(self, kind: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers = kind, detail, dict(headers or {})
        self.status, self.title = KINDS.get(kind) or (_IMAGE_STATUS.get(kind, 422), IMAGE_ERROR_KINDS[kind])

    def to_dict(self, **more: str) -> dict[str, Any]:
        """The object; docs/schemas.md describes it."""
        return {
            "type": f"urn:tchexnet:problem:{self.kind.replace(' ', '-')}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "kind": self.kind,
            **more,
        }

    def response(self) -> Response:
        body = json.dumps(self.to_dict())
        return Response(body, self.status, headers=self.headers, media_type=MEDIA_TYPE)


def of_error(error: ImageError | LabelError | PresetError) -> Problem:
    """The problem that an error of the package is."""
    if isinstance(error, ImageError):
        return Problem(error.kind, str(error))
    kind = "unknown label" if isinstance(error, LabelError) else "unknown preset"
    return Problem(kind, str(error))


def install(app: FastAPI) -> None:
    """Let every refusal of `app` be problem JSON, those of the framework too."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, problem: Problem) -> Response:
        return problem.response()

    @app.exception_handler(ImageError)
    @app.exception_handler(LabelError)
    @app.exception_handler(PresetError)
    async def _own(_: Request, error: ImageError | LabelError | PresetError) -> Response:
        return of_error(error).response()

    @app.exception_handler(RequestValidationError)
    async def _query(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = first["loc"][-1]
        return Problem("bad query", f"{where}: {first['msg']}; see /docs for what it takes.").response()

    @app.exception_handler(HTTPException)
    async def _framework(_: Request, error: HTTPException) -> Response:
        body = {"type": "about:blank", "title": HTTPStatus(error.status_code).phrase, "status": error.status_code}
        text = json.dumps({**body, "detail": f"{error.detail}: see /docs for what there is."})
        return Response(text, error.status_code, headers=error.headers, media_type=MEDIA_TYPE)

    @app.exception_handler(Exception)
    async def _mistake(_: Request, __: Exception) -> Response:
        return Problem("internal", "The server made a mistake; its log says more.").response()
