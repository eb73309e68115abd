"""What SOURCE may be: a folder, a glob, a CSV with a column of paths, a ZIP or TAR file, or paths on standard input."""

from __future__ import annotations

import csv
import glob
import os
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from tchexnet.errors import DataError
from tchexnet.scoring import listing, storage
from tchexnet.scoring.opening import DAMAGED, TAR_ENDINGS, ZIP_ENDINGS, open_archive
from tchexnet.scoring.storage import Place, Url

COLUMNS = ("path", "image", "file", "filename", "image index", "image_path", "file_path")
"""Names of a column of paths, in the order in which they are looked for; upper and lower case are the same."""

STANDARD_INPUT = "-"


class Entries(NamedTuple):
    """What a source has to be scored.

    Args:
        entries: paths, or `container/member`, in the order of the source; read once.
        container: the archive whose members they are, or None.
    """

    entries: Iterator[str]
    container: str | None = None


def entries(source: str, column: str | None = None, stdin: TextIO | None = None) -> Entries:
    """The entries of a source, found while they are asked for.

    Args:
        column: the column of paths, where the source is a CSV file; None looks for one of `COLUMNS`.
        stdin: where `-` reads paths, one a line; None is the standard input.

    Raises:
        DataError: there is no such source, it cannot be read, or its table has no column of paths.
    """
    if source == STANDARD_INPUT:
        return Entries(_lines(stdin or sys.stdin))
    if storage.is_url(source):
        return _stored(Url(source), column)
    if Path(source).is_dir():
        return Entries(_walk(source))
    if Path(source).is_file():
        return _file(source, column)
    if glob.has_magic(source):
        return Entries(_globbed(source))
    raise DataError(f"There is no {source}; give a folder, a glob, a CSV, ZIP or TAR file, or - for paths on stdin.")


def _stored(source: Url, column: str | None) -> Entries:
    with storage.reaching(source):
        if glob.has_magic(source):
            return Entries(_at_least_one(listing.globbed(source), f"No file matches {source}; check the pattern."))
        if listing.is_folder(source):
            return Entries(_below(source))
        if source.exists():
            return _file(source, column)
    raise DataError(f"There is no {source}; give a folder, a glob, or a CSV, ZIP or TAR file on storage.")


def _below(folder: str) -> Iterator[str]:
    start = len(folder.rstrip("/")) + 1
    with storage.reaching(folder):
        yield from (one for one in listing.walk(folder) if not any(map(hidden, one[start:].split("/"))))


def _file(source: str, column: str | None) -> Entries:
    name = source.lower()
    if name.endswith(ZIP_ENDINGS) or name.endswith(TAR_ENDINGS):
        return Entries(_members(source), source)
    if name.endswith(".csv"):
        return Entries(_table(storage.place(source), column))
    return Entries(iter([source]))


def _walk(folder: str) -> Iterator[str]:
    """Every file below, in order of names, but hidden ones; a folder that may not be listed is an entry itself."""
    closed: list[str] = []
    for place, folders, files in os.walk(folder, onerror=lambda error: closed.append(str(error.filename))):
        yield from closed
        closed.clear()
        folders[:] = sorted(name for name in folders if not hidden(name))
        yield from (os.path.join(place, name) for name in sorted(files) if not hidden(name))  # noqa: PTH118
    yield from closed


def hidden(name: str) -> bool:
    """Whether a name is one that systems keep for themselves: `.DS_Store`, `._a.png`, `__MACOSX`; or our own job's."""
    return name.startswith(".") or name == "__MACOSX" or name.endswith(".tchexnet-job")


def _globbed(pattern: str) -> Iterator[str]:
    found = (path for path in sorted(glob.glob(pattern, recursive=True)) if not Path(path).is_dir())  # noqa: PTH207
    return _at_least_one(found, f"No file matches {pattern}; check the pattern, and quote it in a shell.")


def _at_least_one(found: Iterable[str], message: str) -> Iterator[str]:
    empty = True
    for entry in found:
        empty = False
        yield entry
    if empty:
        raise DataError(message)


def _members(source: str) -> Iterator[str]:
    with open_archive(source) as archive:
        if isinstance(archive, zipfile.ZipFile):
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
        else:
            names = _tar_names(archive, source)
    for name in names:
        if not any(hidden(part) for part in name.split("/") if part != "."):
            yield f"{source}/{name}"


def _tar_names(archive: tarfile.TarFile, source: str) -> list[str]:
    try:
        return [member.name for member in archive if not member.isdir()]
    except DAMAGED as error:
        raise DataError(f"{source} is a TAR file that ends early or is damaged ({error}); copy it again.") from error


def _table(path: Place, column: str | None) -> Iterator[str]:
    """The paths of a CSV file: relative ones to the CSV's folder if the first is there, else to the current folder.

    On storage they are relative to the CSV's folder.
    """
    try:
        with storage.open_place(path, "r", newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            position = _position(next(rows, []), column, path)
            base: Place | None = None
            for row in rows:
                if not row:
                    continue
                entry = row[position] if position < len(row) else ""
                if not entry or storage.is_url(entry):
                    yield entry
                    continue
                if base is None:
                    base = _base(path, entry)
                yield str(base / entry)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a CSV file ({error}); save it as CSV in UTF-8.") from error


def _base(path: Place, entry: str) -> Place:
    if isinstance(path, Url):
        return path.with_name("")
    return path.parent if (path.parent / entry).exists() else Path()


def _position(header: list[str], column: str | None, path: Place) -> int:
    names = [name.strip().lower() for name in header]
    for wanted in [column.lower()] if column else COLUMNS:
        if wanted in names:
            return names.index(wanted)
    asked = repr(column) if column else f"path (or {', '.join(COLUMNS[1:])})"
    raise DataError(f"{path} has no column {asked}; it has: {', '.join(header) or 'none'}. Name it with --column.")


def _lines(stdin: TextIO) -> Iterator[str]:
    found = (line.rstrip("\r\n") for line in stdin)
    return _at_least_one((line for line in found if line), "No path came on standard input; pipe one a line.")
