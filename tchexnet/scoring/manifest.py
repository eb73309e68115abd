"""The manifest: every entry of a source, on disk, in order; and the shards that it falls into.

It is read as a stream, so that ten million entries need no more memory than ten.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from tchexnet.errors import DataError

COLUMN = "path"
_TELL_EVERY = 100
_TEXT = {"encoding": "utf-8", "errors": "surrogateescape", "newline": ""}


@dataclass(frozen=True)
class Manifest:
    """How many entries a manifest has, and which.

    Args:
        count: entries.
        sha256: of the file.
    """

    count: int
    sha256: str


def write(path: Path, entries: Iterable[str], tell: Callable[[int], None] = lambda count: None) -> Manifest:
    """Write one entry a row under the header `path`; the file appears whole or not at all.

    Raises:
        DataError: there is no entry.
    """
    partial, count = path.with_suffix(".partial"), 0
    with partial.open("w", **_TEXT) as file:  # type: ignore[call-overload]
        table = csv.writer(file, lineterminator="\n")
        table.writerow([COLUMN])
        for entry in entries:
            table.writerow([entry])
            count += 1
            if count % _TELL_EVERY == 1:
                tell(count)
        file.flush()
        os.fsync(file.fileno())
    if not count:
        raise DataError("The source has no file to score; give a folder that holds radiographs.")
    partial.replace(path)
    with path.open("rb") as file:
        return Manifest(count, hashlib.file_digest(file, "sha256").hexdigest())


def read(path: Path) -> Iterator[str]:
    """The entries, in order."""
    with path.open("r", **_TEXT) as file:  # type: ignore[call-overload]
        rows = csv.reader(file)
        next(rows)
        yield from (row[0] for row in rows)


def shards(path: Path, size: int, done: Container[int] = ()) -> Iterator[tuple[int, list[str]]]:
    """(number, entries) of each shard of `size` entries, the last as short as it is, but of those that are `done`."""
    entries = read(path)
    number = 0
    while shard := list(islice(entries, size)):
        if number not in done:
            yield number, shard
        number += 1


class Span(NamedTuple):
    """A run of shards in a manifest: what one call of a remote worker takes on.

    Args:
        first: number of its first shard.
        size: entries.
        start, stop: where its lines begin and end, in bytes.
    """

    first: int
    size: int
    start: int
    stop: int


def spans(path: Path, size: int, shards: int) -> Iterator[Span]:
    """Spans of so many shards of `size` entries, the last as short as it is."""
    with path.open("rb") as file:
        start = position = len(file.readline())
        first = count = 0
        quoted = False
        for line in file:
            position += len(line)
            quoted ^= line.count(b'"') % 2 == 1  # a name may hold a line break: an open quote goes on
            count += not quoted
            if count == size * shards:
                yield Span(first, count, start, position)
                first, count, start = first + shards, 0, position
    if count:
        yield Span(first, count, start, position)


def parse(lines: bytes) -> list[str]:
    """The entries that a part of a manifest holds."""
    text = lines.decode(_TEXT["encoding"], _TEXT["errors"])
    return [row[0] for row in csv.reader(io.StringIO(text, newline=""))]
