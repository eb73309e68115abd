"""One report of everything that is wrong with a table, before anything slow starts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tchexnet.datasets.records import Records
from tchexnet.errors import DataError


@dataclass(frozen=True)
class Problem:
    """A kind of fault, how often it occurs, and where first.

    Args:
        what: the fault as a plural, for example `images not found`.
        count: how many.
        first: the first of them, ready to print.
        advice: what to do, where that is not plain.
    """

    what: str
    count: int
    first: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f" ({self.advice})" if self.advice else ""
        return f"{self.what}: {self.count}, the first is {self.first}{advice}"

    @classmethod
    def of(cls, what: str, examples: Sequence[str], advice: str = "") -> list[Problem]:
        """One problem, or none where there are no examples."""
        return [cls(what, len(examples), examples[0], advice)] if examples else []


def checked(
    records: Records,
    where: str | Path,
    problems: Iterable[Problem] = (),
    *,
    allow_missing: bool = False,
    advice: str = "",
) -> Records:
    """The records, once nothing is wrong with them.

    Args:
        where: how messages call the table.
        problems: what its reader found already.
        allow_missing: leave out the rows whose image is not there, and say so in `notes`.
        advice: where missing images may be had.

    Raises:
        DataError: names every problem with its count and its first example, or says that no row is left.
    """
    if not len(records):
        raise DataError(f"{where} has no row that was asked for; check the list, the part or the view.")
    absent = missing(records)
    found = [*problems, *blank(records), *repeated(records)]
    if not allow_missing:
        hint = "; ".join(filter(None, [advice, "allow_missing, or --allow-missing, goes on without them"]))
        found += Problem.of("images not found", [str(records.path(row)) for row in absent], hint)
    raise_problems(where, found)
    return _without(records, absent, where) if len(absent) else records


def raise_problems(where: str | Path, problems: Sequence[Problem]) -> None:
    """Raise one DataError that names all problems, if there are any."""
    if problems:
        raise DataError(f"{where} cannot be used as it stands: {'; '.join(map(str, problems))}.")


def missing(records: Records) -> NDArray[np.intp]:
    """The rows whose image is no file."""
    return np.flatnonzero([bool(image) and not is_file(records.root / image) for image in records.images])


def is_file(path: Path) -> bool:
    """Whether there is a file; a name that no file can have is a no."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def repeated(records: Records) -> list[Problem]:
    """Rows that repeat the image of an earlier row."""
    again = pd.Series(records.images, dtype=object).duplicated().to_numpy()
    return Problem.of(
        "rows that repeat an image", [records.images[row] for row in np.flatnonzero(again)], "keep one row an image"
    )


def blank(records: Records) -> list[Problem]:
    """Rows that name no image, or no patient."""
    nameless = [f"row {row + 1}" for row, image in enumerate(records.images) if not image.strip()]
    nobody = [image for image, patient in zip(records.images, records.patients, strict=True) if not patient.strip()]
    return [*Problem.of("rows without an image", nameless), *Problem.of("rows without a patient", nobody)]


def _without(records: Records, absent: NDArray[np.intp], where: str | Path) -> Records:
    if len(absent) == len(records):
        raise DataError(f"None of the {len(records)} images of {where} was found, not even {records.path(0)}.")
    note = (
        f"{len(absent)} of {len(records)} images of {where} were not found and are left out, "
        f"the first is {records.path(int(absent[0]))}."
    )
    kept = records.take(np.setdiff1d(np.arange(len(records)), absent))
    return replace(kept, notes=(*records.notes, note))
