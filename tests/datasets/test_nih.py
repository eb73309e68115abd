"""NIH's tables and lists in all their spellings."""

from pathlib import Path

import numpy as np
import pytest

from tchexnet.datasets import nih
from tchexnet.datasets.splits import check_disjoint
from tchexnet.errors import DataError
from tchexnet.labels import NIH14


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def findings(root: Path) -> list[set[str]]:
    records = nih.read(root)
    return [{label for label, value in zip(NIH14, row, strict=True) if value} for row in records.y]


FINDINGS = [
    {"Cardiomegaly"},
    {"Cardiomegaly", "Emphysema"},
    set(),
    {"Pleural_Thickening", "Hernia"},
    {"Pneumothorax"},
    {"Pleural_Thickening"},
]


def test_the_original_table(nih_root: Path) -> None:
    records = nih.read(nih_root)
    assert findings(nih_root) == FINDINGS
    assert records.patients == ("1", "1", "2", "3", "4", "4")
    assert records.images[0] == "images/00000001_000.png"
    assert records.extra is not None
    assert records.extra["sex"].tolist() == ["M", "M", "F", "F", "M", "M"]
    assert records.extra["view"].tolist() == ["PA", "PA", "AP", "PA", "AP", "AP"]
    np.testing.assert_allclose(records.extra["age"], [58, 58, np.nan, 11 / 12, 40, 40])


def test_the_v2020_table(nih_root: Path) -> None:
    old, new = (nih_root / name for name in nih.TABLES)
    change(old, "Patient Gender", "Patient Sex")
    change(old, "[x,y],\n", "[x,y]\n")
    change(old, "0.1,0.1,", "0.1,0.1")
    change(old, "058Y", "58")
    old.rename(new)
    records = nih.read(nih_root)
    assert findings(nih_root) == FINDINGS
    assert records.extra is not None and records.extra["sex"][2] == "F" and records.extra["age"][0] == 58


def test_images_in_the_archives_own_folders(nih_root: Path) -> None:
    (nih_root / "images_012/images").mkdir(parents=True)
    (nih_root / "images_012/images/00000004_000.png").hardlink_to(nih_root / "images/00000004_000.png")
    (nih_root / "images/00000004_000.png").unlink()
    assert nih.read(nih_root).images[3:5] == ("images/00000003_000.png", "images_012/images/00000004_000.png")


def test_an_official_list_by_name_or_path(nih_root: Path) -> None:
    assert nih.read(nih_root, "test_list.txt").names == ("00000004_000.png", "00000004_001.png")
    assert nih.read(nih_root, nih_root / "train_val_list.txt").patients == ("1", "1", "2", "3")
    with pytest.raises(DataError, match=r"no image list other\.txt"):
        nih.read(nih_root, "other.txt")


def test_all_faults_stand_in_one_report(nih_root: Path) -> None:
    table = nih_root / "Data_Entry_2017.csv"
    change(table, "No Finding", "Effusions")
    change(table, "00000001_001.png", "00000001_000.png")
    (nih_root / "images/00000003_000.png").unlink()
    (nih_root / "list.txt").write_text("00000001_000.png 00000002_000.png 00000003_000.png 99.png")
    with pytest.raises(DataError) as caught:
        nih.read(nih_root, "list.txt")
    for part in (
        "names of list.txt that the table lacks: 1, the first is 99.png",
        "findings that are not NIH-14 labels: 1, the first is 'Effusions' of 00000002_000.png",
        "rows that repeat an image: 1, the first is images/00000001_000.png",
        f"images not found: 1, the first is {nih_root}/images/00000003_000.png",
    ):
        assert part in str(caught.value)


def test_allow_missing(nih_root: Path) -> None:
    (nih_root / "images/00000003_000.png").unlink()
    records = nih.read(nih_root, allow_missing=True)
    assert len(records) == 5 and "1 of 6 images" in records.notes[0]


def test_a_folder_without_the_table_and_a_table_without_a_column(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no Data_Entry_2017\.csv or"):
        nih.read(tmp_path)
    (tmp_path / "Data_Entry_2017.csv").write_text("Image Index,Patient ID\na.png,1\n")
    with pytest.raises(DataError, match="lacks the column 'Finding Labels'"):
        nih.read(tmp_path)


def test_the_real_table(shared_data: Path) -> None:
    root = shared_data / "nih"
    train, test = nih.read(root, "train_val_list.txt"), nih.read(root, "test_list.txt")
    assert (len(train), len(test), len(set(nih.read(root).patients))) == (13245, 1388, 4573)
    check_disjoint(train, test)
    assert test.y[:, NIH14.index("Hernia")].sum() == 1
    assert train.extra is not None
    assert set(train.extra["sex"]) == {"M", "F"} and set(train.extra["view"]) == {"PA", "AP"}
