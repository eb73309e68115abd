"""A table of scores to page through: sorted, filtered and cut here, so that a browser never holds more than a page.

NumPy on columns in memory: sorting 112,120 scores takes a hundredth of a second, and the order is kept while its pages
are turned. benchmarks/worklist.py measures it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow
import pyarrow.compute
from numpy.typing import NDArray

from tchexnet.datasets import score_table, truth
from tchexnet.datasets.matching import match
from tchexnet.datasets.score_table import ScoreTable
from tchexnet.errors import ImageError
from tchexnet.labels import Vocabulary
from tchexnet.web.problems import Problem
from tchexnet.web.settings import Settings

Sort = Literal["score", "truth", "error", "name"]
Truth = Literal["any", "present", "absent", "unknown"]
_VALUES = {"present": 1.0, "absent": 0.0}
_ORDERS = 32


@dataclass(frozen=True)
class Query:
    """Which rows, in which order.

    Args:
        finding: whose score, truth and error count.
        sort: by its score, its truth, its error (the distance of the score from the truth), or by the image's name.
        descending: highest first; what is not known comes last either way.
        truth: only rows where the finding is so.
        low, high: bounds of the score, both included.
        text: part of the image's name, whatever its case.
    """

    finding: str
    sort: Sort = "score"
    descending: bool = True
    truth: Truth = "any"
    low: float = -np.inf
    high: float = np.inf
    text: str = ""


class Worklist:
    """Scores, what is true, and where the images are.

    Args:
        table: the scores.
        y: (n, labels) float32: 1, 0, or NaN where it is not known; None where nothing is.
        folder: the images; nothing outside it is ever opened.
    """

    def __init__(self, table: ScoreTable, y: NDArray[np.float32] | None, folder: Path) -> None:
        self.labels = Vocabulary("worklist", table.labels)
        self._table, self._y, self._folder = table, y, folder.resolve()
        self._names = pyarrow.array(table.images)
        self._rank = np.argsort(np.argsort(np.array(table.images, dtype=object), kind="stable"), kind="stable")
        self._order = lru_cache(_ORDERS)(self._ordered)

    def about(self) -> dict[str, Any]:
        """docs/schemas.md describes it."""
        known = self._y is not None
        return {"rows": len(self._names), "findings": list(self.labels), "preset": self._table.preset, "truth": known}

    def page(self, query: Query, offset: int, limit: int) -> dict[str, Any]:
        """Rows `offset` to `offset + limit` of the query's; docs/schemas.md describes it.

        Raises:
            LabelError: there is no such finding.
        """
        column = self.labels.index(query.finding)
        order = self._order(query)
        rows = [self.row(int(row), column) for row in order[offset : offset + limit]]
        return {"total": len(order), "offset": offset, "rows": rows}

    def row(self, row: int, column: int) -> dict[str, Any]:
        """One row, with the score and error of one finding and the truth of all."""
        score = float(self._table.scores[row, column])
        said_of_all = () if self._y is None else self._y[row]
        known = {label: _known(value) for label, value in zip(self.labels, said_of_all, strict=False)}
        said = known.get(self.labels[column])
        error = None if said is None else abs(said - score)
        return {"row": row, "image": self._table.images[row], "score": score, "truth": known, "error": error}

    def path(self, row: int) -> tuple[str, str]:
        """(path on disk, name as the table has it) of a row's image.

        The table's path, or as much of its end as leads to a file in the folder. Links that lead out are not followed.

        Raises:
            Problem: there is no such row.
            ImageError: `missing`.
        """
        if not 0 <= row < len(self._table.images):
            raise Problem("no such case", f"The worklist has no row {row}; it has 0 to {len(self._table.images) - 1}.")
        name = self._table.images[row]
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        for start in range(len(parts)):
            path = self._folder.joinpath(*parts[start:])
            if path.is_file() and path.resolve().is_relative_to(self._folder):
                return str(path), name
        raise ImageError("missing", f"There is no file for {name!r} in the folder of images: check --images.")

    def _ordered(self, query: Query) -> NDArray[np.intp]:
        column = self.labels.index(query.finding)
        rows = np.flatnonzero(self._fits(query, column))
        keys = self._keys(query.sort, column)[rows]
        known = ~np.isnan(keys)
        sorted_rows = rows[known][np.argsort(-keys[known] if query.descending else keys[known], kind="stable")]
        return np.concatenate([sorted_rows, rows[~known]])

    def _fits(self, query: Query, column: int) -> NDArray[np.bool_]:
        scores = self._table.scores[:, column]
        fits = (scores >= query.low) & (scores <= query.high)
        if query.truth != "any":
            said = self._said(column)
            fits &= np.isnan(said) if query.truth == "unknown" else said == _VALUES[query.truth]
        if query.text:
            found = pyarrow.compute.match_substring(self._names, query.text, ignore_case=True)
            fits &= found.to_numpy(zero_copy_only=False)
        return np.asarray(fits)

    def _keys(self, sort: Sort, column: int) -> NDArray[np.float64]:
        scores, said = self._table.scores[:, column], self._said(column)
        keys = {"score": scores, "truth": said, "error": np.abs(said - scores), "name": self._rank.astype(np.float64)}
        return keys[sort]

    def _said(self, column: int) -> NDArray[np.float64]:
        if self._y is None:
            return np.full(len(self._table.images), np.nan)
        return self._y[:, column].astype(np.float64)


def read(settings: Settings) -> Worklist:
    """The worklist of a server that has one.

    Raises:
        DataError: a table cannot be used, or the tables share no image or no label.
    """
    assert settings.browse is not None and settings.images is not None
    table = score_table.read(settings.browse)
    if settings.labels is None:
        return Worklist(table, None, settings.images)
    records = truth.read(settings.labels, table.labels)
    found = match(table.images, records.images, str(settings.browse), str(settings.labels))
    y = np.full(table.scores.shape, np.nan, np.float32)
    for column, label in enumerate(records.labels):
        y[found.left, table.labels.index(label)] = records.y[found.right, column]
    return Worklist(table, y, settings.images)


def _known(value: np.float32) -> int | None:
    return None if np.isnan(value) else int(value)
