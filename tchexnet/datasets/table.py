"""Any CSV with an image column and label columns: a user's own hospital."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tchexnet.datasets import people
from tchexnet.datasets.cells import label_value, label_values, read_cells, require_columns
from tchexnet.datasets.check import Problem, checked, is_file
from tchexnet.datasets.records import Records
from tchexnet.errors import DataError
from tchexnet.labels import CHEXPERT14, NIH14, Vocabulary

AUTO = "auto"
IMAGE_COLUMNS = ("image", "path", "file", "filename", "image index", "image_path", "file_name")
PATIENT_COLUMNS = ("patient", "patient_id", "patientid", "patient id", "subject", "subject_id")
SEX_COLUMNS = ("sex", "gender", "patient sex", "patient gender")
AGE_COLUMNS = ("age", "patient age")
VIEW_COLUMNS = ("view", "view position", "ap/pa")

_PROBE = 200


def read(
    csv: str | Path,
    root: str | Path | None = None,
    *,
    image: str = AUTO,
    labels: Sequence[str] | None = None,
    patient: str | None = AUTO,
    allow_missing: bool = False,
) -> Records:
    """The rows of a CSV file: labels 1, 0, -1 (uncertain) or blank (not known).

    Args:
        csv: UTF-8, with a header.
        root: the folder that image paths are relative to; by default the CSV's own, or `images/` in it.
        image: the column of paths; `auto` takes the first of `IMAGE_COLUMNS`, whatever its case.
        labels: the label columns; by default every column that holds labels and nothing else.
        patient: the column of patients; `auto` takes the first of `PATIENT_COLUMNS`. None, or no such column: every
            image counts as a patient of its own, and `notes` says so.
        allow_missing: leave out the rows whose image is not there; `notes` counts them.

    Raises:
        DataError: the file or a column is missing; or one report of missing images, repeated rows, and label values
            other than 1, 0, -1 and blank.
    """
    path = Path(csv)
    cells = read_cells(path)
    image = image_column(cells, path) if image == AUTO else image
    patient = find_column(cells, PATIENT_COLUMNS) if patient == AUTO else patient
    require_columns(cells, [column for column in (image, patient, *(labels or ())) if column is not None], path)
    names = list(labels) if labels else label_columns(cells, path, {image, patient})
    folder = Path(root) if root is not None else _root(path.parent, cells[image])
    records, problems = parse(cells, folder, image, patient, Vocabulary(path.name, tuple(names)), path)
    return checked(records, path, problems, allow_missing=allow_missing, advice=f"paths are relative to {folder}")


def parse(
    cells: pd.DataFrame, root: Path, image: str, patient: str | None, labels: Vocabulary, where: str | Path
) -> tuple[Records, list[Problem]]:
    """Records of a table's cells, and what is wrong with them; nothing is looked up on disk.

    Raises:
        DataError: a column is missing.
    """
    require_columns(cells, [column for column in (image, patient, *labels) if column is not None], where)
    y, uncertain, problems = label_values(cells, labels)
    note = f"{where} has no patient column, so every image counts as a patient of its own: a split may part a patient."
    records = Records(
        root=root,
        images=tuple(cells[image]),
        patients=tuple(cells[patient or image]),
        labels=labels,
        y=y,
        uncertain=uncertain if uncertain.any() else None,
        extra=_extra(cells.drop(columns=[column for column in {image, patient, *labels} if column is not None])),
        notes=() if patient else (note,),
    )
    return records, problems


def find_column(cells: pd.DataFrame, names: Sequence[str]) -> str | None:
    """The column with the first of the names, whatever its case."""
    lower = {column.lower(): column for column in reversed(cells.columns)}
    return next((lower[name] for name in names if name in lower), None)


def image_column(cells: pd.DataFrame, path: Path) -> str:
    """The column of image paths.

    Raises:
        DataError: there is none of `IMAGE_COLUMNS`.
    """
    column = find_column(cells, IMAGE_COLUMNS)
    if column is None:
        raise DataError(
            f"{path} has no image column; it has: {', '.join(cells.columns)}. Name it (image=..., --image), or call it "
            f"{IMAGE_COLUMNS[0]!r}."
        )
    return column


def label_columns(cells: pd.DataFrame, path: Path, taken: set[str | None]) -> list[str]:
    """The columns that hold labels: those of known findings, and those with nothing but 1, 0, -1 and blank.

    Raises:
        DataError: there are none, or most of a column reads as labels and some of it does not.
    """
    about = (find_column(cells, names) for names in (SEX_COLUMNS, AGE_COLUMNS, VIEW_COLUMNS))
    rest = [column for column in cells.columns if column not in {*taken, *about}]
    shares = {column: _share_of_labels(cells[column]) for column in rest}
    known = {*NIH14, *CHEXPERT14}
    if doubtful := [column for column in rest if 0.5 < shares[column] < 1 and column not in known]:
        raise DataError(
            f"The column {doubtful[0]!r} of {path} is mostly 1, 0, -1 and blank, but not wholly; mend it, or name the "
            "label columns (labels=[...], --labels)."
        )
    found = [column for column in rest if column in known or shares[column] == 1]
    if not found:
        raise DataError(f"{path} has no column of labels (1, 0, -1 or blank); it has: {', '.join(cells.columns)}.")
    return found


def _share_of_labels(column: pd.Series) -> float:
    values = np.array([label_value(cell) for cell in column])
    said = values[~np.isnan(values)]
    return float(np.isfinite(said).mean()) if len(said) else 0.0


def _root(folder: Path, images: pd.Series) -> Path:
    inside = folder / "images"
    probe = [image for image in images.iloc[:_PROBE] if image]
    here = sum(is_file(folder / image) for image in probe)
    return inside if sum(is_file(inside / image) for image in probe) > here else folder


def _extra(rest: pd.DataFrame) -> pd.DataFrame:
    extra = rest.reset_index(drop=True)
    readers = {"sex": (SEX_COLUMNS, people.sex), "age": (AGE_COLUMNS, people.age), "view": (VIEW_COLUMNS, people.view)}
    for name, (spellings, reader) in readers.items():
        column = find_column(extra, spellings)
        if column is not None:
            values = reader(extra[column])
            extra = extra.drop(columns=column)
            extra[name] = values
    return extra
