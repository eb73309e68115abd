"""What is there on storage: the files below a URL, or those that match a pattern."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tchexnet.scoring.storage import located


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
