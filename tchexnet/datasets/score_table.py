"""A table of scores: `tchexnet score`'s, preds.csv of a preset or of reproduce-chexnet, or anybody's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tchexnet.datasets import table
from tchexnet.datasets.cells import read_cells
from tchexnet.datasets.check import Problem, raise_problems
from tchexnet.errors import DataError

PREFIX = "prob_"
"""What reproduce-chexnet puts before a finding; they are scores all the same."""
_NAMES = (*table.PATIENT_COLUMNS, *table.SEX_COLUMNS, *table.AGE_COLUMNS, *table.VIEW_COLUMNS)
_ABOUT = re.compile(
    rf"|preset|warnings|features|f\d{{4}}|(?:probability|decision)_.*|{'|'.join(map(re.escape, _NAMES))}"
)
"""The columns that hold no scores: who and what an image is, its features, and what was made of the scores."""


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Scores of images by label.

    Args:
        images: n paths or names, as the table gives them.
        labels: the findings, one a column of `scores`.
        scores: (n, labels) float64, finite, higher means more likely positive.
        preset: what the column `preset` says, or ''.
    """

    images: tuple[str, ...]
    labels: tuple[str, ...]
    scores: NDArray[np.float64]
    preset: str = ""

    def columns(self, *labels: str) -> NDArray[np.float64]:
        """(n, len(labels)): the scores of some labels, in the order asked for."""
        return self.scores[:, [self.labels.index(label) for label in labels]]


def read(path: str | Path) -> ScoreTable:
    """The table in a CSV or Parquet file: a column of paths or image names, and one of numbers for each finding.

    Columns `prob_Edema` mean `Edema`; where a table has such columns, its others are not scores.

    Raises:
        DataError: it cannot be read, has no column of images or of numbers, repeats an image, or has a score that is
            no finite number.
    """
    path = Path(path)
    cells = _parquet(path) if path.suffix == ".parquet" else read_cells(path)
    image = table.image_column(cells, path)
    columns = _columns(cells, image)
    if not columns:
        raise DataError(f"{path} has no column of scores; it has: {', '.join(cells.columns)}.")
    scores = np.stack([_numbers(cells[column]) for column in columns.values()], axis=1)
    names = cells[image]
    raise_problems(path, [*_strange(cells, columns, scores), *_repeated(names)])
    presets = cells["preset"].unique() if "preset" in cells else ()
    return ScoreTable(tuple(names), tuple(columns), scores, ", ".join(presets))


def _columns(cells: pd.DataFrame, image: str) -> dict[str, str]:
    """Label to column."""
    prefixed = {column[len(PREFIX) :]: column for column in cells.columns if column.startswith(PREFIX)}
    if prefixed:
        return prefixed
    others = (column for column in cells.columns if column != image and not _ABOUT.fullmatch(column.lower()))
    return {column: column for column in others if np.isfinite(_numbers(cells[column])).mean() > 0.5}


def _numbers(cells: pd.Series) -> NDArray[np.float64]:
    return pd.to_numeric(cells, errors="coerce").to_numpy(np.float64)


def _strange(cells: pd.DataFrame, columns: dict[str, str], scores: NDArray[np.float64]) -> list[Problem]:
    rows, places = np.nonzero(~np.isfinite(scores))
    names, lines = list(columns.values()), list(cells.index)
    where = [
        f"{cells[names[k]].iloc[row]!r} for {names[k]} in line {lines[row]}"
        for row, k in zip(rows, places, strict=True)
    ]
    return Problem.of("scores that are no finite number", where, "score those images again, or drop their rows")


def _repeated(names: pd.Series) -> list[Problem]:
    again = names[names.duplicated()]
    return Problem.of("rows that repeat an image", list(again), "keep one row an image")


def _parquet(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}.") from error
