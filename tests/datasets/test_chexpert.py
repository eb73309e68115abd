"""CheXpert's csv files: four kinds of cell, two kinds of view, any level of folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tchexnet.datasets import chexpert
from tchexnet.errors import DataError
from tchexnet.labels import CHEXPERT14

F1, L1 = "patient00001/study1/view1_frontal.jpg", "patient00001/study1/view2_lateral.jpg"
F2 = "patient00002/study3/view1_frontal.jpg"
ROWS = [
    (F1, {"Edema": "1.0", "Mass": "1.0", "Pneumothorax": "0.0"}),
    (L1, {"Edema": "1.0"}),
    (F2, {"Edema": "-1.0", "Fracture": "1.0"}),
]
VALID = [("patient64541/study1/view1_frontal.jpg", dict.fromkeys(CHEXPERT14, "0.0"))]


def test_four_kinds_of_cell(make_chexpert: Callable[..., Path]) -> None:
    records = chexpert.read(make_chexpert(train=ROWS))
    assert records.images == (f"train/{F1}", f"train/{F2}") and records.patients == ("patient00001", "patient00002")
    edema, pneumothorax, unsure = records.only("Edema"), records.only("Pneumothorax"), records.only("Edema").uncertain
    np.testing.assert_array_equal(edema.y, np.array([[1], [np.nan]], np.float32))
    np.testing.assert_array_equal(pneumothorax.y, np.array([[0], [np.nan]], np.float32))
    assert unsure is not None and unsure.tolist() == [[False], [True]]
    assert records.extra is not None
    assert records.extra.iloc[0].to_dict() == {"sex": "F", "age": 61.0, "view": "AP"}


@pytest.mark.parametrize(("view", "images"), [("frontal", [F1, F2]), ("lateral", [L1]), ("all", [F1, L1, F2])])
def test_views(make_chexpert: Callable[..., Path], view: chexpert.View, images: list[str]) -> None:
    root = make_chexpert(train=ROWS)
    assert chexpert.read(root, view=view).images == tuple(f"train/{image}" for image in images)
    with pytest.raises(DataError, match="not one of frontal, lateral and all"):
        chexpert.read(root, view="side")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", chexpert.FOLDERS)
def test_whichever_level_is_given(make_chexpert: Callable[..., Path], name: str) -> None:
    root = make_chexpert(name, train=ROWS, valid=VALID)
    for level in (root, root.parent):
        records = chexpert.read(level, "valid")
        assert records.root == root and records.path(0).is_file()


def test_a_part_without_the_columns_about_the_patient(make_chexpert: Callable[..., Path]) -> None:
    root = make_chexpert(train=ROWS)
    labels = ",".join(CHEXPERT14)
    (root / "test.csv").write_text(f"Path,{labels}\ntrain/{F1}{',0' * 14}\ntrain/{L1}{',1' * 14}\n")
    records = chexpert.read(root, "test")
    assert records.images == (f"train/{F1}",) and not records.y.any()


def test_all_faults_stand_in_one_report(make_chexpert: Callable[..., Path]) -> None:
    gone = "patient00003/study1/view1_frontal.jpg"
    root = make_chexpert(train=[*ROWS, (F1, {"Edema": "2"}), (gone, {"Fracture": "yes"})])
    (root / "train" / gone).unlink()
    with (root / "train.csv").open("a") as file:
        file.write(f"somewhere/else_frontal.jpg,Male,1,Frontal,AP{',' * 14}\n")
    with pytest.raises(DataError) as caught:
        chexpert.read(root)
    for part in (
        "labels other than 1, 0, -1 and blank: 2, the first is '2' for Edema in line 5",
        "paths unlike train/patient00001/study1/view1_frontal.jpg: 1, "
        "the first is 'somewhere/else_frontal.jpg' in line 7",
        f"rows that repeat an image: 1, the first is train/{F1}",
        f"images not found: 2, the first is {root}/train/{gone}",
    ):
        assert part in str(caught.value)


def test_missing_folder_and_missing_column(tmp_path: Path, make_chexpert: Callable[..., Path]) -> None:
    with pytest.raises(DataError, match="chexpert/README.md says how to get it"):
        chexpert.read(tmp_path)
    root = make_chexpert(train=ROWS)
    (root / "train.csv").write_text((root / "train.csv").read_text().replace("Pleural Other", "Pleural"))
    with pytest.raises(DataError, match="lacks the column 'Pleural Other'"):
        chexpert.read(root)


def test_own_columns_are_given_back(make_chexpert: Callable[..., Path]) -> None:
    root = make_chexpert(train=ROWS)
    cells = chexpert.read_part(root, "train")
    records = chexpert.read(root)
    again = chexpert.to_cells(cells, records.take(np.array([1])))
    assert again.to_dict("records") == cells.iloc[[2]].to_dict("records")
