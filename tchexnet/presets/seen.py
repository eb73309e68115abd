"""seen.csv: which radiographs a preset has seen, as hashes of their names.

Hashes, since a hospital's file names may tell more than they should, and a preset is made to be handed on. 48 bits of
SHA-256 take two different names for one about once in three thousand lists of 25,000 names against 100,000.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

FILE = "seen.csv"
COLUMNS = ("part", "tail", "sha256")
TRAIN, VALID, PARENT = "train", "valid", "parent"
"""Learned from; the epoch was chosen by; learned from by what it started from."""
DIGITS = 12
_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".dcm", ".dicom"}


class Row(NamedTuple):
    """One radiograph: its part, how many last parts of its path were hashed, and the first digits of the hash."""

    part: str
    tail: int
    sha256: str


def rows(parts: Mapping[str, Sequence[str]], parent: Iterable[Row] = ()) -> list[Row]:
    """The rows of a trained network, sorted.

    Args:
        parts: `train` and `valid` to the images' paths.
        parent: the rows of the preset that it started from; what that one learned from becomes `parent`.
    """
    tail = tail_of([name for names in parts.values() for name in names])
    own = {Row(part, tail, digest(name, tail)) for part, names in parts.items() for name in names}
    return sorted(own | {Row(PARENT, row.tail, row.sha256) for row in parent if row.part != VALID})


def tail_of(names: Sequence[str]) -> int:
    """How many last parts of a path tell these images apart: 1 for NIH's, 3 for CheXpert's `view1_frontal.jpg`."""
    deepest = max((len(_parts(name)) for name in names), default=1)
    different = len(set(names))
    for tail in range(1, deepest):
        if len({_key(name, tail) for name in names}) == different:
            return tail
    return max(deepest, 1)


def digest(name: str, tail: int) -> str:
    """The first digits of the SHA-256 of the last `tail` parts of a path, without an image's suffix."""
    return hashlib.sha256(_key(name, tail).encode()).hexdigest()[:DIGITS]


def length(name: str) -> int:
    """How many parts a path has."""
    return len(_parts(name))


def write(folder: Path, found: Iterable[Row]) -> None:
    """Write seen.csv."""
    with (folder / FILE).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(COLUMNS)
        table.writerows(found)


def read(path: Path) -> list[Row]:
    """The rows of a seen.csv."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Row(row["part"], int(row["tail"]), row["sha256"]) for row in csv.DictReader(file)]


def _parts(name: str) -> tuple[str, ...]:
    return PurePosixPath(name.replace("\\", "/")).parts


def _key(name: str, tail: int) -> str:
    *folders, last = _parts(name)[-tail:] or ("",)
    path = PurePosixPath(last)
    return "/".join([*folders, path.stem if path.suffix.lower() in _SUFFIXES else last])
