"""From a path or a file object to bytes, without ever waiting on a pipe or reading more than the limits allow."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

from tchexnet.errors import ImageError
from tchexnet.images.limits import Limits

# O_NONBLOCK: opening a named pipe must return at once, should the path become one after it was looked at.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_KINDS = {
    stat.S_ISDIR: "a directory: name an image in it",
    stat.S_ISFIFO: "a named pipe: save its content to a file first",
    stat.S_ISSOCK: "a socket: give a file",
    stat.S_ISCHR: "a device: give a file",
    stat.S_ISBLK: "a device: give a file",
}


def path_bytes(path: str, limits: Limits) -> bytes:
    """The content of the regular file at `path`.

    Raises:
        ImageError: `missing`, `unreadable`, `empty` or `too large`.
    """
    try:
        _check_regular(Path(path).stat(), path)
        with os.fdopen(os.open(path, _OPEN_FLAGS), "rb") as file:
            status = os.fstat(file.fileno())
            _check_regular(status, path)
            limits.check_bytes(status.st_size, path)
            # Asked for as much as the limits allow, Python would set that much memory aside for every file.
            data = file.read(status.st_size + 1)
            if len(data) > status.st_size:  # it has grown since
                data += file.read(limits.max_bytes + 1 - len(data))
            limits.check_bytes(len(data), path)
            return data
    except (OSError, ValueError) as error:
        if isinstance(error, ImageError):
            raise
        raise _open_error(path, error) from error


def file_bytes(file: Any, origin: str, limits: Limits) -> bytes:
    """What `file` holds from where it stands.

    Raises:
        ImageError: `unreadable` (closed, opened as text, or failing), `empty` or `too large`.
    """
    try:
        data = file.read(limits.max_bytes + 1)
    except Exception as error:  # any object may have a `read`, and it may raise anything
        raise ImageError(
            "unreadable", f"{origin} cannot be read ({error}): give an open file, in binary mode."
        ) from error
    if not isinstance(data, bytes | bytearray | memoryview):
        given = type(data).__name__
        raise ImageError("unreadable", f"{origin} gives {given}, not bytes: open it in binary mode, open(path, 'rb').")
    limits.check_bytes(len(data), origin)
    return bytes(data)


def _check_regular(status: os.stat_result, path: str) -> None:
    for test, what in _KINDS.items():
        if test(status.st_mode):
            raise ImageError("unreadable", f"{path} is {what}.")


def _open_error(path: str, error: OSError | ValueError) -> ImageError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        hint = "download it first and give the local path" if "://" in path else "check the spelling"
        return ImageError("missing", f"There is no file at {path!r}: {hint}.")
    if isinstance(error, PermissionError):
        return ImageError("unreadable", f"{path} may not be read by this user: change its permissions.")
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return ImageError("unreadable", f"{path} is a symbolic link that leads back to itself: give the real path.")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    shown = path if len(path) <= 200 else f"{path[:200]}..."
    return ImageError("unreadable", f"{shown!r} cannot be opened ({reason}): give the path of an image file.")
