"""Files on shared or object storage, by URL: `s3://`, `gs://`, `file://`, `memory://`, and whatever else fsspec opens.

fsspec, because every storage that people keep images on has a well-kept implementation of it, and Ray brings it along.
"""

from __future__ import annotations

import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from tchexnet.errors import DataError, ImageError

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


def is_folder(url: str) -> bool:
    """Whether there are files below."""
    system, path = located(url)
    return bool(system.isdir(path))


def walk(url: str) -> Iterator[str]:
    """The URL of every file below; on S3 in the order of keys, elsewhere a folder's own files before its folders.

    S3 is asked page by page, so that a bucket of any size is listed in the same memory; elsewhere it is the largest
    single folder that counts.
    """
    system, root = located(url)
    names = _keys(system, root) if hasattr(system, "call_s3") else _files(system, root)
    return (system.unstrip_protocol(name) for name in names)


def globbed(pattern: str) -> list[str]:
    """The URLs of the files that match, sorted."""
    system, path = located(pattern)
    found = system.glob(path, detail=True)
    return sorted(system.unstrip_protocol(name) for name, about in found.items() if about["type"] != "directory")


def _keys(system: Any, root: str) -> Iterator[str]:
    bucket, _, prefix = root.partition("/")
    asked = {"Bucket": bucket, "Prefix": f"{prefix.rstrip('/')}/" if prefix else ""}
    while True:
        page = system.call_s3("list_objects_v2", **asked)
        names = (found["Key"] for found in page.get("Contents", ()))
        yield from (f"{bucket}/{name}" for name in names if not name.endswith("/"))
        if not page.get("IsTruncated"):
            return
        asked["ContinuationToken"] = page["NextContinuationToken"]


def _files(system: Any, folder: str) -> Iterator[str]:
    try:
        found = sorted(system.ls(folder, detail=True), key=lambda one: str(one["name"]))
    except PermissionError:
        yield folder
        return
    folders = [one["name"] for one in found if one["type"] == "directory" and not one.get("islink")]
    yield from (one["name"] for one in found if one["type"] != "directory")
    for one in folders:
        yield from _files(system, one)


class Stored:
    """A file object whose bytes are fetched by the thread that reads it.

    Args:
        url: its `name` too, by which messages call it.
    """

    def __init__(self, url: str) -> None:
        self.name = url

    def read(self, count: int) -> bytes:
        """At most `count` bytes, from the beginning.

        Raises:
            ImageError: `missing` or `unreadable`.
        """
        try:
            system, path = located(self.name)
            return _beginning(system, path, count)
        except FileNotFoundError:
            raise ImageError("missing", f"There is no file at {self.name!r}: check the spelling.") from None
        except PermissionError:
            raise ImageError("unreadable", f"{self.name} may not be read by this user: change its rights.") from None


def _beginning(system: Any, path: str, count: int) -> bytes:
    try:
        return bytes(system.cat_file(path, 0, count))
    except FileNotFoundError:
        raise
    except Exception:  # S3 has no part of an empty object to give, and each storage says so in an error of its own
        if system.info(path)["size"] == 0:
            return b""
        raise


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
        return bytes(system.cat_file(path, start, stop))
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


class _partial:  # noqa: N801 (reads as the verb that it is)
    """A file beside `target`, under a name that nobody else uses, that takes its place once it is on the disk."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._path = target.with_name(f"{target.name}.{uuid.uuid4().hex}.partial")

    def __enter__(self) -> Path:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        return self._path

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._path.unlink(missing_ok=True)
            return
        handle = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        self._path.replace(self._target)
