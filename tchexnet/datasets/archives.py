"""NIH's archives, images_001.tar.gz to images_012.tar.gz: unpacked with nothing but what belongs in them.

Every member is checked by name and kind, and reaches its place whole or not at all. An archive that is done leaves a
marker, so a call that was interrupted goes on with the next one.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

from tchexnet.errors import DataError

Progress = Callable[[str, int, int], None]
"""Called with the archive's name, its bytes read so far, and its bytes in all."""

ARCHIVE = re.compile(r"images_[0-9]{2,3}\.tar\.gz")
IMAGE = re.compile(r"(?:\./)?(?:images/)?([0-9]{8}_[0-9]{3}\.png)")
LARGEST = 64 * 2**20
"""More bytes than any radiograph of NIH has; a larger member is refused before it is written."""

_MARKERS = ".unpacked"
_STAGING = ".unpacking"


def unpack(archives: str | Path, root: str | Path, progress: Progress = lambda name, done, total: None) -> int:
    """Unpack NIH's archives into `root/images/`; return how many images this call wrote.

    Images that are there already, byte for byte, are kept.

    Raises:
        DataError: there are no archives, one is cut short or damaged or holds what does not belong there, or the disk
            refuses.
    """
    root = Path(root)
    paths = sorted(path for path in _entries(Path(archives)) if ARCHIVE.fullmatch(path.name))
    if not paths:
        raise DataError(f"{archives} holds no images_001.tar.gz; give the folder that NIH's archives were put in.")
    return sum(_unpack_one(path, root, progress) for path in paths if not _is_done(path, root))


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise DataError(f"The folder of archives {folder} cannot be read: {error.strerror}.") from error


def _unpack_one(path: Path, root: Path, progress: Progress) -> int:
    staging = root / _STAGING
    try:
        (root / "images").mkdir(parents=True, exist_ok=True)
        seen, written = _copy(path, root / "images", staging, progress)
        _mark(path, root, seen)
    except DataError:
        raise
    except (EOFError, ValueError, zlib.error, tarfile.TarError, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path} is cut short or damaged ({error}); download it again, and repeat the command: it goes on "
            "from here."
        ) from error
    except OSError as error:
        raise DataError(f"{path} cannot be unpacked into {root}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return written


def _copy(path: Path, images: Path, staging: Path, progress: Progress) -> tuple[int, int]:
    seen = written = 0
    total = path.stat().st_size
    with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
        for member in tar:
            name = _checked_name(path, member)
            if name is None:
                continue
            seen += 1
            if not _holds(images / name, tar, member):
                tar.extract(member, staging, filter="data")
                (staging / member.name).replace(images / name)
                written += 1
            progress(path.name, raw.tell(), total)
        while stream.read(2**20):
            progress(path.name, raw.tell(), total)
    progress(path.name, total, total)
    return seen, written


def _checked_name(path: Path, member: tarfile.TarInfo) -> str | None:
    if member.isdir() and member.name.strip("./") in ("", "images"):
        return None
    match = IMAGE.fullmatch(member.name)
    if not member.isreg() or match is None or member.size > LARGEST:
        raise DataError(
            f"{path} holds {member.name!r}, which is no image of NIH's (images/00000001_000.png); "
            "nothing further was unpacked from it. Download the archive again from NIH."
        )
    return match.group(1)


def _holds(image: Path, tar: tarfile.TarFile, member: tarfile.TarInfo) -> bool:
    if not image.is_file() or image.stat().st_size != member.size:
        return False
    content = tar.extractfile(member)
    return content is not None and content.read() == image.read_bytes()


def _marker(path: Path, root: Path) -> Path:
    return root / _MARKERS / f"{path.name}.json"


def _is_done(path: Path, root: Path) -> bool:
    try:
        return bool(json.loads(_marker(path, root).read_text())["bytes"] == path.stat().st_size)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _mark(path: Path, root: Path, images: int) -> None:
    marker = _marker(path, root)
    marker.parent.mkdir(parents=True, exist_ok=True)
    partial = marker.with_suffix(".partial")
    partial.write_text(json.dumps({"bytes": path.stat().st_size, "images": images}))
    partial.replace(marker)
