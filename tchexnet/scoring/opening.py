"""From an entry of a source to what `images.read` takes. The only place of this room that opens images."""

from __future__ import annotations

import io
import lzma
import tarfile
import threading
import zipfile
import zlib
from typing import Any, BinaryIO, cast

from tchexnet.errors import DataError, ImageError
from tchexnet.images.limits import DEFAULT_LIMITS, Limits
from tchexnet.scoring import storage
from tchexnet.scoring.storage import Url
from tchexnet.scoring.stored_file import Stored

ZIP_ENDINGS = (".zip",)
TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError)
"""What the libraries raise on an archive that is damaged."""


class Opener:
    """Opens entries; one is shared by all threads. Pickles as the container's name alone.

    Args:
        container: a ZIP or TAR file whose members the entries are, as `container/member`; None: entries are paths.
    """

    def __init__(self, container: str | None = None) -> None:
        self.container = container
        self._lock = threading.Lock()
        self._archive: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {"container": self.container}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["container"])  # type: ignore[misc]

    def close(self) -> None:
        """Let go of the container; opening another entry opens it again."""
        with self._lock:
            if self._archive is not None:
                self._archive.close()
            self._archive = None

    def open(self, entry: str, limits: Limits = DEFAULT_LIMITS) -> str | BinaryIO:
        """A path, or the bytes of a member as a file object that knows its name; what a URL names is fetched when read.

        Raises:
            ImageError: `missing`, `unreadable`, `truncated`, `empty` or `too large`.
        """
        if self.container is None:
            return cast(BinaryIO, Stored(entry)) if storage.is_url(entry) else entry
        try:
            return _Named(self._member(entry, limits), entry)
        except KeyError:
            raise ImageError("missing", f"There is no {entry}: the archive has changed since it was listed.") from None
        except RuntimeError as error:  # zipfile's word for a member that is encrypted
            raise ImageError("unreadable", f"{entry} cannot be unpacked ({error}): unpack the archive first.") from None
        except DAMAGED as error:
            if isinstance(error, ImageError):
                raise
            raise ImageError("truncated", f"{entry} is damaged in its archive ({error}): copy it again.") from error

    def _member(self, entry: str, limits: Limits) -> bytes:
        assert self.container is not None
        name = entry.removeprefix(f"{self.container}/")
        with self._lock:
            if self._archive is None:
                self._archive = open_archive(self.container)
            if isinstance(self._archive, zipfile.ZipFile):
                info = self._archive.getinfo(name)
                limits.check_bytes(info.file_size, entry)
                return self._archive.read(info)
            member = self._archive.getmember(name)
            limits.check_bytes(member.size, entry)
            file = self._archive.extractfile(member)
            if file is None:
                raise ImageError("unreadable", f"{entry} is neither a file nor a link to one: give a file.")
            return bytes(file.read())


class _Named(io.BytesIO):
    """Bytes in memory under the name that messages call them by."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def open_archive(path: str) -> zipfile.ZipFile | tarfile.TarFile:
    """A ZIP or TAR file, open for reading.

    Raises:
        DataError: it is missing, or no such archive.
    """
    try:
        if storage.is_url(path):
            file = storage.open_place(Url(path))
            return zipfile.ZipFile(file) if path.lower().endswith(ZIP_ENDINGS) else tarfile.open(fileobj=file)
        return zipfile.ZipFile(path) if path.lower().endswith(ZIP_ENDINGS) else tarfile.open(path)
    except DAMAGED as error:
        raise DataError(f"{path} cannot be opened as an archive ({error}); give a whole ZIP or TAR file.") from error
