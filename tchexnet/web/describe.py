"""What the OpenAPI page says of each route."""

from __future__ import annotations

from typing import Any

from tchexnet.web.problems import MEDIA_TYPE

_FILE = {"type": "string", "format": "binary"}
_PROBLEM_STATUSES = {
    400: "The body is no multipart form.",
    408: "The request did not arrive in time.",
    413: "Too many bytes, or too many files.",
    415: "Not PNG, JPEG, TIFF or DICOM, or not a single grey radiograph.",
    422: "An image that cannot be used (too many pixels, truncated, near-black, ...), or a field that makes no sense.",
    429: "Too many requests in hand; see Retry-After.",
    503: "The answer was not ready in time; see Retry-After.",
}
_PROBLEM = {MEDIA_TYPE: {"schema": {"type": "object", "title": "Problem (RFC 9457)"}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": _PROBLEM} for status, text in _PROBLEM_STATUSES.items()
}


def _form(**properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": ["file"], "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def _answers(media_type: str, schema: dict[str, Any], text: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": text, "content": {media_type: {"schema": schema}}}}


_OBJECT = {"type": "object"}
PREDICT: dict[str, Any] = {
    "tags": ["read"],
    "responses": {
        **_answers(
            "application/json",
            {"oneOf": [_OBJECT, {"type": "array", "items": _OBJECT}]},
            "The object of `predict --json`; a list for several files.",
        ),
        **PROBLEMS,
    },
    "openapi_extra": _form(
        file={"type": "array", "items": _FILE, "description": "PNG, JPEG, TIFF or DICOM; may be repeated."},
        preset={"type": "string", "description": "One of /v1/presets; by default the first."},
        features={"type": "boolean", "default": False, "description": "The 1024 features too."},
        heatmap={"type": "array", "items": {"type": "string"}, "description": "A finding; may be repeated."},
    ),
}
RADIOGRAPH: dict[str, Any] = {
    "tags": ["read"],
    "responses": {**_answers("image/png", _FILE, "Grey PNG of 8 or 16 bits."), **PROBLEMS},
    "openapi_extra": _form(file=_FILE),
}
PRESETS: dict[str, Any] = {
    "tags": ["presets"],
    "responses": _answers("application/json", {"type": "array", "items": _OBJECT}, "What is served."),
}
CARD: dict[str, Any] = {
    "tags": ["presets"],
    "responses": {
        **_answers("text/markdown", {"type": "string"}, "The model card."),
        404: {"description": "No such preset here.", "content": _PROBLEM},
    },
}
HEALTH: dict[str, Any] = {"tags": ["server"], "responses": _answers("application/json", _OBJECT, "Up.")}
_JSON = _answers("application/json", _OBJECT, "See docs/schemas.md.")
WORKLIST: dict[str, Any] = {"tags": ["worklist"], "responses": {**_JSON, 422: PROBLEMS[422]}}
CASE: dict[str, Any] = {"tags": ["worklist"], "responses": {**_JSON, **PROBLEMS}}
PICTURE: dict[str, Any] = {"tags": ["worklist"], "responses": RADIOGRAPH["responses"]}
