"""Small data sets in a temporary folder: the tables as NIH and CheXpert write them, and empty files for images."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from tchexnet.datasets.records import Records
from tchexnet.labels import CHEXPERT14, NIH14, Vocabulary

NIH_SPLIT_HEADER = (
    "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
    "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],"
)
Row = tuple[str, Mapping[str, str]]
"""A CheXpert row: `patient00001/study1/view1_frontal.jpg`, and the cells that are not blank."""


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")


@pytest.fixture
def make_records() -> Callable[..., Records]:
    """Records of the given patients, an image a row; `y` may hold -1."""

    def make(
        patients: Sequence[str], y: Sequence[Sequence[float]] | None = None, labels: Vocabulary = NIH14
    ) -> Records:
        values = np.zeros((len(patients), len(labels))) if y is None else np.array(y, float)
        return Records(
            root=Path("nowhere"),
            images=tuple(f"{row}.png" for row in range(len(patients))),
            patients=tuple(patients),
            labels=labels,
            y=np.where(values == -1, np.nan, values).astype(np.float32),
            uncertain=values == -1,
        )

    return make


@pytest.fixture
def nih_root(tmp_path: Path) -> Path:
    """Six images of four patients, NIH's original header and ages; two images on the test list."""
    root = tmp_path / "nih"
    rows = [
        ("00000001_000.png", "Cardiomegaly", 1, "058Y", "M", "PA"),
        ("00000001_001.png", "Cardiomegaly|Emphysema", 1, "058Y", "M", "PA"),
        ("00000002_000.png", "No Finding", 2, "411Y", "F", "AP"),
        ("00000003_000.png", "Pleural Thickening|Hernia", 3, "011M", "F", "PA"),
        ("00000004_000.png", "Pneumothorax", 4, "040Y", "M", "AP"),
        ("00000004_001.png", "Pleural_Thickening", 4, "040Y", "M", "AP"),
    ]
    root.mkdir()
    lines = [
        f"{name},{findings},0,{who},{age},{sex},{view},10,10,0.1,0.1," for name, findings, who, age, sex, view in rows
    ]
    (root / "Data_Entry_2017.csv").write_text("\n".join([NIH_SPLIT_HEADER, *lines, ""]))
    for name, *_ in rows:
        touch(root / "images" / name)
    (root / "train_val_list.txt").write_text("\n".join(name for name, *_ in rows[:4]))
    (root / "test_list.txt").write_text("\n".join(name for name, *_ in rows[4:]))
    return root


@pytest.fixture
def make_chexpert(tmp_path: Path) -> Callable[..., Path]:
    """A CheXpert folder of the given rows, by part."""

    def make(name: str = "CheXpert-v1.0-small", **parts: Sequence[Row]) -> Path:
        root = tmp_path / name
        for part, rows in parts.items():
            write_chexpert(root, part, rows)
        return root

    return make


def write_chexpert(root: Path, part: str, rows: Sequence[Row]) -> None:
    lines = [",".join(("Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *CHEXPERT14))]
    for image, cells in rows:
        frontal = "frontal" in image
        values = [cells.get(label, "") for label in CHEXPERT14]
        about = ("Female", "61", "Frontal" if frontal else "Lateral", "AP" if frontal else "")
        lines.append(",".join((f"{root.name}/{part}/{image}", *about, *values)))
        touch(root / part / image)
    (root / f"{part}.csv").write_text("\n".join([*lines, ""]))
