"""A CSV file as text, strictly; and text as labels: 1, 0, -1 (uncertain) or blank (not known)."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tchexnet.datasets.check import Problem
from tchexnet.errors import DataError

VALUES = {"1": 1.0, "0": 0.0, "-1": -1.0, "": np.nan}
"""What a label cell may say; numbers may be written as 1.0, and blank as NaN."""


def read_cells(path: Path) -> pd.DataFrame:
    """Every cell of a CSV file as text; the index is the line in the file, where a row ends.

    A column without a name that ends the header is left out: NIH's table has one.

    Raises:
        DataError: the file is missing, is no UTF-8 CSV, has no rows, repeats a column, or has rows of another length.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            rows = [(reader.line_num, [sys.intern(cell) for cell in row]) for row in reader if any(row)]
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as CSV in UTF-8: {_reason(error)}.") from error
    if len(rows) < 2:
        raise DataError(f"{path} holds no rows; a header and one row an image are needed.")
    header = _header(path, rows[0][1])
    body = [_fitted(row, len(header)) for _, row in rows[1:]]
    ragged = [line for (line, _), row in zip(rows[1:], body, strict=True) if len(row) != len(header)]
    if ragged:
        raise DataError(
            f"{path} has {len(header)} columns, but {len(ragged)} of its rows have more or fewer, the first in line "
            f"{ragged[0]}; the file may be cut short, or a comma may lack its quotes."
        )
    return pd.DataFrame(body, columns=header, index=[line for line, _ in rows[1:]], dtype="str")


def require_columns(cells: pd.DataFrame, columns: Sequence[str], where: str | Path) -> None:
    """Raise DataError unless the table has all the columns."""
    absent = [column for column in columns if column not in cells.columns]
    if absent:
        raise DataError(
            f"{where} lacks the column{'s' if len(absent) > 1 else ''} {', '.join(map(repr, absent))}; "
            f"it has: {', '.join(cells.columns)}."
        )


def label_values(
    cells: pd.DataFrame, columns: Sequence[str]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[Problem]]:
    """(y, uncertain, problems): the label columns as (n, L) float32 of 1, 0 and NaN, and (n, L) bool."""
    y = np.empty((len(cells), len(columns)), np.float32)
    strange: list[str] = []
    for position, column in enumerate(columns):
        meaning = {cell: label_value(cell) for cell in cells[column].unique()}
        y[:, position] = cells[column].map(meaning).to_numpy(np.float32)
        wrong = cells[column][np.isinf(y[:, position])]
        strange += [f"{cell!r} for {column} in line {line}" for line, cell in wrong.items()]
    uncertain = y == -1
    y[uncertain | np.isinf(y)] = np.nan
    return y, uncertain, Problem.of("labels other than 1, 0, -1 and blank", strange)


def label_value(cell: str) -> float:
    """1, 0, -1, NaN for blank, or infinity for anything else."""
    text = cell.strip()
    if text in VALUES:
        return VALUES[text]
    try:
        number = float(text)
    except ValueError:
        return np.inf
    return number if number in (1, 0, -1) or np.isnan(number) else np.inf


def label_text(y: NDArray[np.float32], uncertain: NDArray[np.bool_] | None, as_float: bool = False) -> NDArray[np.str_]:
    """The inverse of `label_values`: (n, L) text, `1` or, as CheXpert writes it, `1.0`."""
    one, zero, unsure = ("1.0", "0.0", "-1.0") if as_float else ("1", "0", "-1")
    text = np.select([y == 1, y == 0], [one, zero], "")
    return text if uncertain is None else np.where(uncertain & np.isnan(y), unsure, text)


def _header(path: Path, names: list[str]) -> list[str]:
    header = [name.strip() for name in names]
    while header and not header[-1]:
        header.pop()
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DataError(f"{path} names the column {twice[0]!r} twice; give every column its own name.")
    return header


def _fitted(row: list[str], width: int) -> list[str]:
    return row if any(row[width:]) else row[:width]


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)
