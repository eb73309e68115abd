"""What is true of images, from a table alone: NIH's, CheXpert's, or a plain one. No image is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from tchexnet.datasets import chexpert, nih, table
from tchexnet.datasets.cells import read_cells, require_columns
from tchexnet.datasets.check import Problem, blank, raise_problems, repeated
from tchexnet.datasets.records import Records
from tchexnet.errors import DataError
from tchexnet.labels import CHEXPERT14, Vocabulary


def read(path: str | Path, labels: Sequence[str], patient: str | None = None) -> Records:
    """The records of a table of labels, cut to those of `labels` that it has; `notes` says what was assumed.

    Args:
        path: NIH's Data_Entry_2017.csv, a CheXpert table (its frontal rows), or a CSV with an image column and columns
            of 1, 0, -1 (uncertain: read as not known) or blank (not known).
        labels: the findings that are wanted.
        patient: the column that names the patient. None: NIH's, CheXpert's, or the first of
            `tchexnet.datasets.table.PATIENT_COLUMNS`; without any, every image counts as a patient of its own.

    Raises:
        DataError: the file or a column is missing, none of the labels is there, or rows are blank or repeated.
    """
    path = Path(path)
    cells = read_cells(path)
    records, problems, notes = _parse(cells, path, labels, patient)
    raise_problems(path, [*problems, *blank(records), *repeated(records)])
    shared = [label for label in records.labels if label in labels]
    if not shared:
        raise DataError(
            f"{path} and the scores share no label: it has {', '.join(records.labels)}; the scores have "
            f"{', '.join(labels)}."
        )
    kept = records.only(*shared)
    if kept.uncertain is not None and (unsure := int(kept.uncertain.sum())):
        notes = (*notes, f"{unsure} labels of {path} are uncertain (-1) and count as not known.")
    return replace(kept, notes=(*kept.notes, *notes))


def _all_columns(records: Records, cells: pd.DataFrame) -> Records:
    """With the table's further columns beside `sex`, `age` and `view`, to group by."""
    known = pd.DataFrame(index=range(len(cells))) if records.extra is None else records.extra
    rest = cells.reset_index(drop=True).drop(columns=[*known.columns, *records.labels], errors="ignore")
    return replace(records, extra=pd.concat([known, rest], axis=1))


def _parse(
    cells: pd.DataFrame, path: Path, labels: Sequence[str], patient: str | None
) -> tuple[Records, list[Problem], tuple[str, ...]]:
    columns = set(cells.columns)
    notes: tuple[str, ...] = ()
    if set(nih.COLUMNS) <= columns:
        records, problems = nih.parse(cells, path.parent, path)
    elif {"Path", *CHEXPERT14} <= columns:
        frontal = chexpert.of_view(cells, "frontal")
        if len(frontal) < len(cells):
            notes = (f"{len(cells) - len(frontal)} lateral rows of {path} are left out.",)
        records, problems = chexpert.parse(frontal, path.parent, path)
        cells = frontal
    else:
        records, problems = _plain(cells, path, labels, patient)
    if patient is not None:
        require_columns(cells, [patient], path)
        records = replace(records, patients=tuple(cells[patient]))
    return _all_columns(records, cells), problems, notes


def _plain(
    cells: pd.DataFrame, path: Path, labels: Sequence[str], patient: str | None
) -> tuple[Records, list[Problem]]:
    image = table.image_column(cells, path)
    patient = patient or table.find_column(cells, table.PATIENT_COLUMNS)
    shared = tuple(label for label in labels if label in cells.columns)
    if not shared:
        raise DataError(
            f"{path} and the scores share no label column: it has {', '.join(cells.columns)}; the scores have "
            f"{', '.join(labels)}."
        )
    records, problems = table.parse(cells, path.parent, image, patient, Vocabulary(path.name, shared), path)
    note = f"{path} names no patients, so every image counts as a patient of its own: intervals may be too narrow."
    return replace(records, notes=() if patient else (note,)), problems
