"""A multipart form: files in memory, and text fields. A file's name is a label for the answer, and never a path."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from tchexnet.web.problems import Problem
from tchexnet.web.settings import Settings

_MOST_PARTS = 1000


class _InMemory(MultiPartParser):
    """Starlette's parser would put a file above 1 MB on disk; the gate has bounded the whole body already."""

    spool_max_size = 0  # SpooledTemporaryFile: never roll over


@dataclass(frozen=True)
class Upload:
    """One file of a form."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Form:
    """What a request brought; a text field may come several times."""

    files: tuple[Upload, ...]
    fields: dict[str, list[str]]

    def one(self, name: str) -> str | None:
        """The last value of a text field, or None."""
        return self.fields.get(name, [None])[-1]

    def flag(self, name: str) -> bool:
        """Whether a field says yes.

        Raises:
            Problem: it says neither yes nor no.
        """
        value = (self.one(name) or "false").lower()
        if value not in ("true", "false", "1", "0"):
            raise Problem("bad query", f"{name} is {value!r}; use true or false.")
        return value in ("true", "1")


async def read(request: Request, settings: Settings) -> Form:
    """The form of a request.

    Raises:
        Problem: it is no form, has no file or too many, or is too long or too late.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Problem(
            "not a form", "Send a multipart form with the radiograph in its field 'file' (curl -F file=@...)."
        )
    parser = _InMemory(request.headers, request.stream(), max_files=_MOST_PARTS, max_fields=_MOST_PARTS)
    try:
        items = (await parser.parse()).multi_items()
    except MultiPartException as error:
        raise Problem("not a form", f"The form cannot be read ({error.message}): send it again.") from error
    files: list[Upload] = []
    fields: dict[str, list[str]] = {}
    for name, value in items:
        if isinstance(value, UploadFile):
            files.append(Upload(_shown(value.filename), await value.read()))
            await value.close()
        else:
            fields.setdefault(name, []).append(value)
    _check_count(files, settings)
    return Form(tuple(files), fields)


def _check_count(files: list[Upload], settings: Settings) -> None:
    if not files:
        raise Problem("no file", "The form has no file: send the radiograph in its field 'file' (curl -F file=@...).")
    if len(files) > settings.max_files:
        raise Problem(
            "too many files",
            f"The form has {len(files)} files, and {settings.max_files} are taken at once: send fewer.",
        )


def _shown(name: str | None) -> str:
    """A file's own name without folders and control characters, for people to recognise it."""
    last = (name or "").replace("\\", "/").split("/")[-1]
    return "".join(c for c in last if c.isprintable())[:255] or "upload"
