"""CheXpert-v1.0 and CheXpert-v1.0-small. Source: Irvin et al., CheXpert, AAAI 2019.

Cells say 1, 0, -1 (the report was uncertain) or nothing (the report did not mention it). `read` keeps the four apart:
`y` is 1, 0 or NaN, and `uncertain` marks the -1. What -1 and blank mean in training is `policies.apply`'s to say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pandas as pd

from tchexnet.datasets import people
from tchexnet.datasets.cells import label_text, label_values, read_cells, require_columns
from tchexnet.datasets.check import Problem, checked
from tchexnet.datasets.records import Records
from tchexnet.errors import DataError
from tchexnet.labels import CHEXPERT14

FOLDERS = ("CheXpert-v1.0-small", "CheXpert-v1.0")
View = Literal["frontal", "lateral", "all"]

_INSIDE = r"^(?:.*/)?((?:train|valid|test)/patient[0-9]+/.+)$"
_ADVICE = "unpack the whole archive, so that train/ and valid/ stand beside their .csv files"


def find_root(root: str | Path) -> Path:
    """The folder that holds train.csv: `root`, or the CheXpert folder in it.

    Raises:
        DataError: neither does.
    """
    root = Path(root)
    for folder in (root, *(root / name for name in FOLDERS)):
        if (folder / "train.csv").is_file():
            return folder
    raise DataError(
        f"{root} holds no CheXpert train.csv; unpack {' or '.join(FOLDERS)} there (chexpert/README.md says how to get "
        "it), or give its folder."
    )


def read(root: str | Path, part: str = "train", *, view: View = "frontal", allow_missing: bool = False) -> Records:
    """The rows of train.csv, valid.csv or test.csv in file order, with `sex`, `age` and `view`.

    Args:
        root: `CheXpert-v1.0-small`, `CheXpert-v1.0`, or the folder that holds one of them.
        part: `train`, `valid` (234 images labelled by radiologists) or `test`.
        view: frontal or lateral images only, or all.
        allow_missing: leave out the rows whose image is not there; `notes` counts them.

    Raises:
        DataError: the file is missing or lacks a column; or one report of missing images, repeated rows, odd paths
            and values other than 1, 0, -1 and blank.
    """
    root = find_root(root)
    path = root / f"{part}.csv"
    records, problems = parse(of_view(read_part(root, part), view), root, path)
    return checked(records, path, problems, allow_missing=allow_missing, advice=_ADVICE)


def read_part(root: Path, part: str) -> pd.DataFrame:
    """The cells of a part, with the columns that `parse` needs."""
    cells = read_cells(root / f"{part}.csv")
    require_columns(cells, ("Path", *CHEXPERT14), root / f"{part}.csv")
    return cells


def of_view(cells: pd.DataFrame, view: View) -> pd.DataFrame:
    """The rows of one view. Where the column Frontal/Lateral is missing, the file's name tells."""
    if view == "all":
        return cells
    if view not in ("frontal", "lateral"):
        raise DataError(f"The view {view!r} is not one of frontal, lateral and all.")
    return cells[is_frontal(cells) == (view == "frontal")]


def is_frontal(cells: pd.DataFrame) -> pd.Series:
    """True for frontal images, one a row."""
    if "Frontal/Lateral" in cells.columns:
        return cells["Frontal/Lateral"].str.strip().str.lower() == "frontal"
    return ~cells["Path"].str.contains("lateral", regex=False)


def parse(cells: pd.DataFrame, root: Path, where: str | Path) -> tuple[Records, list[Problem]]:
    """Records of CheXpert's cells, and what is wrong with them; nothing is looked up on disk.

    Raises:
        DataError: a column is missing.
    """
    require_columns(cells, ("Path", *CHEXPERT14), where)
    inside = images_of(cells)
    odd = cells["Path"][inside == ""]
    y, uncertain, problems = label_values(cells, CHEXPERT14)
    records = Records(
        root=root,
        images=tuple(inside.where(inside != "", cells["Path"])),
        patients=tuple(inside.str.extract(r"/(patient[0-9]+)/")[0].fillna("")),
        labels=CHEXPERT14,
        y=y,
        uncertain=uncertain,
        extra=_extra(cells),
    )
    strange = [f"{path!r} in line {line}" for line, path in odd.items()]
    return records, [*problems, *Problem.of("paths unlike train/patient00001/study1/view1_frontal.jpg", strange)]


def images_of(cells: pd.DataFrame) -> pd.Series:
    """Paths from `train/` or `valid/` on, blank where there is no such part."""
    return cells["Path"].str.extract(_INSIDE)[0].fillna("")


def to_cells(cells: pd.DataFrame, records: Records) -> pd.DataFrame:
    """CheXpert's own columns for the records: the rows of `cells` with those images, with the records' labels."""
    rows = cells.set_index(images_of(cells)).loc[list(records.images)].reset_index(drop=True)
    text = pd.DataFrame(label_text(records.y, records.uncertain, as_float=True), columns=list(records.labels))
    return rows.assign(**{label: text[label] for label in records.labels})


def _extra(cells: pd.DataFrame) -> pd.DataFrame:
    columns = {}
    if "Sex" in cells.columns:
        columns["sex"] = people.sex(cells["Sex"])
    if "Age" in cells.columns:
        columns["age"] = people.age(cells["Age"])
    if "AP/PA" in cells.columns:
        columns["view"] = people.view(cells["AP/PA"].where(is_frontal(cells), "Lateral"))
    return pd.DataFrame(columns, index=range(len(cells)))
