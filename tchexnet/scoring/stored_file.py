"""A radiograph on storage, as a file object that is fetched when it is read."""

from __future__ import annotations

from typing import Any

from tchexnet.errors import ImageError
from tchexnet.scoring.storage import located


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
        return bytes(system.cat_file(path, start=0, end=count))
    except FileNotFoundError:
        raise
    except Exception:  # S3 has no part of an empty object to give, and each storage says so in an error of its own
        if system.info(path)["size"] == 0:
            return b""
        raise
