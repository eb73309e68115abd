"""NIH ChestX-ray14: Data_Entry_2017.csv and the official lists. Source: Wang et al., ChestX-ray8, CVPR 2017."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tchexnet.datasets import people
from tchexnet.datasets.cells import read_cells, require_columns
from tchexnet.datasets.check import Problem, checked
from tchexnet.datasets.records import Records
from tchexnet.errors import DataError
from tchexnet.labels import NIH14

TABLES = ("Data_Entry_2017.csv", "Data_Entry_2017_v2020.csv")
NO_FINDING = "No Finding"
SPELLINGS = {"Pleural Thickening": "Pleural_Thickening", "Infiltrate": "Infiltration"}
"""How NIH's own files also spell a finding."""

COLUMNS = ("Image Index", "Finding Labels", "Patient ID")
_SEX = ("Patient Gender", "Patient Sex")
_ADVICE = "unpack all of NIH's archives, with --archives for example"


def read(root: str | Path, image_list: str | Path | None = None, *, allow_missing: bool = False) -> Records:
    """The rows of an NIH folder, in table order, with `sex`, `age` and `view` where the table has them.

    Args:
        root: the folder that holds the table, and images in `images/` or `images_001/images/` to `images_012/images/`.
        image_list: a text file of image names, one a line (`train_val_list.txt`); a bare name is looked for in `root`.
        allow_missing: leave out the rows whose image is not there; `notes` counts them.

    Raises:
        DataError: the table or the list is missing; or one report of missing images, findings that are not NIH's,
            repeated rows, and names that the table lacks.
    """
    root = Path(root)
    path, table = _table(root)
    problems: list[Problem] = []
    if image_list is not None:
        table, problems = _listed(table, _find_list(root, Path(image_list)))
    records, unknown = parse(table, root, path)
    where = _places(root)
    placed = tuple(where.get(name, f"images/{name}" if name else "") for name in records.images)
    return checked(
        replace(records, images=placed), path, [*problems, *unknown], allow_missing=allow_missing, advice=_ADVICE
    )


def parse(cells: pd.DataFrame, root: Path, where: str | Path) -> tuple[Records, list[Problem]]:
    """Records of the cells of NIH's table, by image name, and what is wrong with them; nothing is looked up on disk.

    Raises:
        DataError: a column is missing.
    """
    require_columns(cells, COLUMNS, where)
    y, unknown = _labels(cells)
    records = Records(
        root=root,
        images=tuple(cells["Image Index"]),
        patients=tuple(cells["Patient ID"]),
        labels=NIH14,
        y=y,
        extra=_extra(cells),
    )
    return records, unknown


def _table(root: Path) -> tuple[Path, pd.DataFrame]:
    for name in TABLES:
        if (root / name).is_file():
            cells = read_cells(root / name)
            require_columns(cells, COLUMNS, root / name)
            return root / name, cells
    raise DataError(f"{root} holds no {' or '.join(TABLES)}; give the folder that NIH's table was put in.")


def _find_list(root: Path, image_list: Path) -> Path:
    for path in (image_list, root / image_list):
        if path.is_file():
            return path
    raise DataError(f"There is no image list {image_list}, nor one of that name in {root}.")


def _listed(table: pd.DataFrame, path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    try:
        names = set(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The image list {path} cannot be read as text: {error}.") from error
    unknown = sorted(names - set(table["Image Index"]))
    return table[table["Image Index"].isin(names)], Problem.of(f"names of {path.name} that the table lacks", unknown)


def _places(root: Path) -> dict[str, str]:
    folders = [root / "images", *sorted(root.glob("images_[0-9][0-9][0-9]/images"))]
    return {
        path.name: str(path.relative_to(root))
        for folder in folders
        if folder.is_dir()
        for path in folder.iterdir()
        if path.suffix == ".png"
    }


def _labels(table: pd.DataFrame) -> tuple[NDArray[np.float32], list[Problem]]:
    y = np.zeros((len(table), len(NIH14)), np.float32)
    position = {finding: i for i, finding in enumerate(NIH14)}
    unknown = []
    for row, (name, text) in enumerate(zip(table["Image Index"], table["Finding Labels"], strict=True)):
        for finding in (part.strip() for part in text.split("|")):
            column = position.get(SPELLINGS.get(finding, finding))
            if column is not None:
                y[row, column] = 1
            elif finding != NO_FINDING:
                unknown.append(f"{finding!r} of {name}")
    return y, Problem.of("findings that are not NIH-14 labels", unknown, f"NIH-14 has {', '.join(NIH14)}")


def _extra(table: pd.DataFrame) -> pd.DataFrame:
    columns = {}
    for column in _SEX:
        if column in table.columns:
            columns["sex"] = people.sex(table[column])
    if "Patient Age" in table.columns:
        columns["age"] = people.age(table["Patient Age"])
    if "View Position" in table.columns:
        columns["view"] = people.view(table["View Position"])
    return pd.DataFrame(columns, index=range(len(table)))
