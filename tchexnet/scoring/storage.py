"""Files on shared or object storage, by URL: `s3://`, `gs://`, `file://`, `memory://`, and whatever else fsspec opens.

fsspec, because every storage that people keep images on has a well-kept implementation of it, and Ray brings it along.
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from tchexnet.errors import DataError

_FOREIGN = ("adlfs", "aiohttp", "botocore", "gcsfs", "google", "s3fs")
"""Libraries under fsspec whose errors are no OSError."""
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


class Url(str):
    """The address of a file on storage, with the few words of `pathlib.Path` that a run asks of its output."""

    @property
    def name(self) -> str:
        return self.rsplit("/", 1)[-1]

    @property
    def stem(self) -> str:
        return Path(self.name).stem

    @property
    def suffix(self) -> str:
        return Path(self.name).suffix

    def with_name(self, name: str) -> Url:
        return Url(f"{self.rsplit('/', 1)[0]}/{name}")

    def __truediv__(self, name: str) -> Url:
        return Url(f"{self.rstrip('/')}/{name}")

    def exists(self) -> bool:
        system, path = located(self)
        return bool(system.exists(path))


Place = Path | Url


def is_url(place: str) -> bool:
    """Whether it names a file on storage, not one of this machine's paths."""
    return _SCHEME.match(place) is not None


def place(text: str) -> Place:
    """What a person typed as a place."""
    return Url(text) if is_url(text) else Path(text)


def located(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL, and the path there. Listings are not kept: they would grow with the archive.

    Raises:
        DataError: what opens such URLs is not installed.
    """
    try:
        from fsspec.core import url_to_fs

        return url_to_fs(url, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise DataError(f"{url} cannot be opened ({error}); pip install 'tchexnet[ray]', [s3] for s3://.") from error


def open_place(place: Place, mode: str = "rb", **text: Any) -> IO[Any]:
    """A file, here or on storage, open for reading."""
    if isinstance(place, Path):
        return place.open(mode, **text)
    system, path = located(place)
    return system.open(path, mode, **text)


def get(place: Place, start: int | None = None, stop: int | None = None) -> bytes:
    """The bytes of a file, or those of a part of it."""
    system, path = located(str(place)) if isinstance(place, Url) else (None, "")
    if system is not None:
        return bytes(system.cat_file(path, start=start, end=stop))
    with Path(place).open("rb") as file:
        file.seek(start or 0)
        return file.read(-1 if stop is None else stop - (start or 0))


def put(place: Place, data: bytes) -> None:
    """Write a file: whole, under its own name, or not at all. Two that write the same at once do not meet."""
    local = _local(place)
    if local is None:
        system, path = located(str(place))
        system.pipe_file(path, data)  # one request, or one upload completed at its end: no half object is ever seen
        return
    with _partial(local) as partial:
        partial.write_bytes(data)


def put_new(url: Url, data: bytes) -> bool:
    """Write a file that is not there yet; False where it is."""
    system, path = located(url)
    try:
        system.pipe_file(path, data, mode="create")
    except FileExistsError:
        return False
    return True


def upload(source: Path, url: Url) -> None:
    """Copy a file to storage, where it appears whole or not at all."""
    local = _local(url)
    if local is None:
        system, path = located(url)
        system.put_file(str(source), path)
        return
    with _partial(local) as partial:
        shutil.copyfile(source, partial)


def _local(place: Place) -> Path | None:
    """The path of a file that this machine's own file system holds."""
    if isinstance(place, Path):
        return place
    system, path = located(place)
    protocols = (system.protocol,) if isinstance(system.protocol, str) else system.protocol
    return Path(path) if "file" in protocols else None


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """A file beside `target`, under a name that nobody else uses, that takes its place once it is on the disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    path = target.with_name(f"{target.name}.{uuid.uuid4().hex}.partial")
    try:
        yield path
        for written in (path, target.parent) if os.name == "posix" else (path,):
            handle = os.open(written, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        path.replace(target)
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def reaching(url: str) -> Iterator[None]:
    """Turns what storage raises into one sentence.

    Raises:
        DataError: instead.
    """
    try:
        yield
    except OSError as error:
        raise DataError(_unreached(url, error)) from error
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _FOREIGN:
            raise
        raise DataError(_unreached(url, error)) from error


def _unreached(url: str, error: Exception) -> str:
    return f"{url} cannot be reached ({error}): check its spelling, the credentials and the network."
