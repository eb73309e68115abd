"""Prepared folders: counted by hand, readable, guarded."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tchexnet.datasets import manifest, prepare, prepared
from tchexnet.datasets.cells import read_cells
from tchexnet.datasets.splits import check_parts
from tchexnet.errors import DataError
from tchexnet.labels import CHEXPERT14, NIH14

# (patient, cells): 12 frontal rows; the paper drops numbers 2, 5 and 9, keeps 9, and trains on round(7.2) = 7.
CELLS = [
    (1, {"Pneumothorax": "1.0", "Edema": "-1.0"}),
    (1, {"Fracture": "0.0"}),
    (2, {"Pneumothorax": "0.0"}),
    (3, {}),
    (4, {"Edema": "1.0", "Pleural Effusion": "0.0"}),
    (4, {"Atelectasis": "0.0", "Pneumothorax": "1.0"}),
    (5, {"Pneumothorax": "-1.0"}),
    (6, {"Support Devices": "1.0"}),
    (7, {"No Finding": "1.0"}),
    (7, {"Cardiomegaly": "1.0", "Pneumonia": "0.0"}),
    (7, {"Pneumothorax": "1.0"}),
    (8, {"Lung Opacity": "-1.0"}),
]
LATERAL = ("patient00001/study1/view9_lateral.jpg", {"Pneumothorax": "1.0"})
VALID = [(f"patient6454{i}/study1/view1_frontal.jpg", dict.fromkeys(CHEXPERT14, "0.0")) for i in range(3)]
TRAIN = [(f"patient{who:05}/study1/view{row}_frontal.jpg", cells) for row, (who, cells) in enumerate(CELLS)]


@pytest.fixture
def chexpert_root(make_chexpert: Callable[..., Path]) -> Path:
    return make_chexpert(train=[TRAIN[0], LATERAL, *TRAIN[1:]], valid=VALID)


def rows_of(folder: Path, part: str) -> list[int]:
    return [int(path.rpartition("view")[2].split("_")[0]) for path in read_cells(folder / f"{part}.csv")["Path"]]


def test_paper_by_hand(chexpert_root: Path, tmp_path: Path) -> None:
    plan = prepare.chexpert(chexpert_root, tmp_path / "out", recipe="paper")
    assert plan.images == {"train": 7, "valid": 2, "test": 3}
    assert rows_of(tmp_path / "out", "train") == [0, 1, 3, 4, 6, 7, 8]
    assert rows_of(tmp_path / "out", "valid") == [10, 11]
    cells = read_cells(tmp_path / "out/train.csv")
    assert list(cells.columns) == ["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *CHEXPERT14]
    assert cells["Path"][2] == "CheXpert-v1.0-small/train/patient00001/study1/view0_frontal.jpg"
    assert set(cells[list(CHEXPERT14)].to_numpy().ravel()) == {"0.0", "1.0"}
    assert cells["Pneumothorax"].tolist() == ["1.0"] + ["0.0"] * 6 and cells["Edema"].tolist()[3] == "1.0"
    assert (plan.split, plan.seed, plan.fractions) == ("row", None, {"train": 0.8, "valid": 0.2})
    assert plan.shared_patients == 1


def test_paper_is_read_back(chexpert_root: Path, tmp_path: Path) -> None:
    prepare.chexpert(chexpert_root, tmp_path / "out", recipe="paper")
    train, valid, test = prepared.read(tmp_path / "out")
    assert test is not None and (len(train), len(valid), len(test)) == (7, 2, 3)
    assert train.path(0).is_file() and train.labels == CHEXPERT14
    assert train.only("Pneumothorax").y.sum() == 1 and valid.only("Pneumothorax").y.sum() == 1
    assert not np.isnan(train.y).any()


def test_corrected_splits_by_patient_and_keeps_the_cells(chexpert_root: Path, tmp_path: Path) -> None:
    plan = prepare.chexpert(chexpert_root, tmp_path / "out", fraction=0.25, seed=1)
    kept = {part: rows_of(tmp_path / "out", part) for part in ("train", "valid")}
    assert sorted(kept["train"] + kept["valid"]) == list(range(12))
    assert plan.patients == {"train": 6, "valid": 2, "test": 3} and plan.shared_patients == 0
    cells = read_cells(tmp_path / "out/train.csv")
    original = read_cells(chexpert_root / "train.csv")
    assert cells.to_dict("records") == original[original["Path"].isin(cells["Path"])].to_dict("records")


@pytest.mark.parametrize(
    ("policy", "blank", "uncertain", "unsaid"),
    [
        ("ignore", "zero", np.nan, 0),
        ("ones", "zero", 1, 0),
        ("zeros", "nan", 0, np.nan),
        ("multiclass", "nan", np.nan, np.nan),
    ],
)
def test_policies_are_applied_on_reading_to_train_alone(  # the other parts keep what is known
    chexpert_root: Path, tmp_path: Path, policy: str, blank: str, uncertain: float, unsaid: float
) -> None:
    plan = prepare.chexpert(chexpert_root, tmp_path / "out", policies=policy, blank=blank)  # type: ignore[arg-type]
    assert plan.policies["Edema"] == policy
    train, valid, _ = prepared.read(tmp_path / "out")
    for records, expected in ((train, uncertain), (valid, np.nan)):
        assert records.uncertain is not None
        assert all(np.array_equal(value, expected, equal_nan=True) for value in records.y[records.uncertain])
        blank_cells = read_cells(tmp_path / "out" / f"{'train' if records is train else 'valid'}.csv")[list(CHEXPERT14)]
        values = records.y[blank_cells.to_numpy() == ""]
        assert all(np.array_equal(value, unsaid, equal_nan=True) for value in values)


def test_the_papers_recipe_takes_no_settings(chexpert_root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="recipe is fixed"):
        prepare.chexpert(chexpert_root, tmp_path, recipe="paper", policies="ones")
    with pytest.raises(DataError, match="there are corrected and paper"):
        prepare.chexpert(chexpert_root, tmp_path, recipe="best")  # type: ignore[arg-type]


def test_nih(nih_root: Path, tmp_path: Path) -> None:
    plan = prepare.nih(nih_root, tmp_path / "out", fraction=0.34)
    assert plan.images["test"] == 2 and plan.images["train"] + plan.images["valid"] == 4
    assert list(read_cells(tmp_path / "out/train.csv").columns) == ["image", "patient", *NIH14, "sex", "age", "view"]
    train, valid, test = prepared.read(tmp_path / "out")
    assert test is not None and test.labels is NIH14 and test.only("Pneumothorax").y[:, 0].tolist() == [1, 0]
    assert train.root == nih_root.resolve() and train.path(0).is_file()
    assert test.extra is not None and test.extra["age"].tolist() == [40, 40]
    check_parts({"train": train, "valid": valid, "test": test})


def test_nih_without_lists(nih_root: Path, tmp_path: Path) -> None:
    assert "test" not in prepare.nih(nih_root, tmp_path / "all", image_list=prepare.ALL, fraction=0.3).images
    (nih_root / "test_list.txt").unlink()
    prepare.nih(nih_root, tmp_path / "no test", fraction=0.3)
    assert prepared.read(tmp_path / "no test").test is None


def test_a_test_list_that_leaks_is_refused(nih_root: Path, tmp_path: Path) -> None:
    (nih_root / "leaky.txt").write_text("00000001_001.png")
    (nih_root / "train.txt").write_text("00000001_000.png 00000002_000.png 00000003_000.png")
    with pytest.raises(DataError, match="1 patients stand in both .* for example 1;"):
        prepare.nih(nih_root, tmp_path / "out", image_list="train.txt", test_list="leaky.txt", fraction=0.34)
    assert not (tmp_path / "out").exists()


def test_table(tmp_path: Path) -> None:
    lines = [f"{i}.png,{i // 2},{cell}" for i, cell in enumerate(["1", "0", "-1", "", "1", "0"])]
    for i in range(6):
        (tmp_path / f"{i}.png").touch()
    (tmp_path / "my.csv").write_text("\n".join(["path,subject,Opacity", *lines]))
    plan = prepare.table(tmp_path / "my.csv", tmp_path / "out", fraction=0.34, policies="Opacity=ones-lsr")
    train, valid, test = prepared.read(tmp_path / "out")
    assert test is None and len(train) == 4 and len(valid) == 2 and plan.policies == {"Opacity": "ones-lsr"}
    assert tuple(train.labels) == ("Opacity",)
    text = (tmp_path / "out/train.csv").read_text() + (tmp_path / "out/valid.csv").read_text()
    assert "2.png,1,-1\n3.png,1,\n" in text


def test_the_manifest_says_who_is_where(nih_root: Path, tmp_path: Path) -> None:
    plan = prepare.nih(nih_root, tmp_path / "out", fraction=0.34, seed=5)
    text = (tmp_path / "out/manifest.csv").read_text()
    assert text.startswith("image,patient,part\nimages/0000000") and text.count("\n") == 7
    assert manifest.sha256(text) == plan.sha256
    assert manifest.read(tmp_path / "out") == plan
    assert (plan.seed, plan.fractions) == (5, {"train": 0.66, "valid": 0.34})


def test_the_same_preparation_writes_the_same_bytes(nih_root: Path, tmp_path: Path) -> None:
    for name in ("one", "two", "one"):
        prepare.nih(nih_root, tmp_path / name, fraction=0.34)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["manifest.csv", "manifest.json", "test.csv", "train.csv", "valid.csv"]
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in names)


def test_other_data_are_not_overwritten_unasked(nih_root: Path, tmp_path: Path) -> None:
    prepare.nih(nih_root, tmp_path / "out", fraction=0.34)
    before = (tmp_path / "out/train.csv").read_bytes()
    with pytest.raises(DataError, match=r"already holds another .*overwrite"):
        prepare.nih(nih_root, tmp_path / "out", image_list="all", fraction=0.5)
    assert (tmp_path / "out/train.csv").read_bytes() == before
    prepare.nih(nih_root, tmp_path / "out", image_list="all", fraction=0.5, overwrite=True)
    assert not (tmp_path / "out/test.csv").exists() and prepared.read(tmp_path / "out").test is None


def test_a_changed_folder_is_refused(nih_root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare.nih(nih_root, out, fraction=0.34)
    text = (out / "train.csv").read_text()
    (out / "train.csv").write_text("\n".join(text.splitlines()[:-1]))
    with pytest.raises(DataError, match="no longer those of its manifest.json"):
        prepared.read(out)
    (out / "train.csv").unlink()
    with pytest.raises(DataError, match="no such file"):
        prepared.read(out)


def test_a_leak_in_a_folder_that_was_split_by_patient_is_refused(chexpert_root: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare.chexpert(chexpert_root, out, recipe="paper")
    fields = json.loads((out / "manifest.json").read_text())
    (out / "manifest.json").write_text(json.dumps({**fields, "split": "patient"}))
    with pytest.raises(DataError, match="both train and valid, for example patient00007"):
        prepared.read(out)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "{}", '{"dataset": "nih"}', "[" * 100_000],
    ids=["empty", "list", "cut", "bare", "part", "deep"],
)
def test_a_damaged_manifest_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match=r"holds no manifest\.json"):
        prepared.read(tmp_path)
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=r"manifest\.json"):
        prepared.read(tmp_path)


def test_a_manifest_with_values_of_another_kind_is_refused(nih_root: Path, tmp_path: Path) -> None:
    prepare.nih(nih_root, tmp_path, fraction=0.34)
    whole = json.loads((tmp_path / "manifest.json").read_text())
    for name, value in whole.items():
        for other in (None, 7, "x", [[1]], {"a": [2]}):
            (tmp_path / "manifest.json").write_text(json.dumps({**whole, name: other}))
            if type(other) is not type(value) and (name, other) != ("seed", None):
                with pytest.raises(DataError, match=f"'{name}' of"):
                    manifest.read(tmp_path)
        (tmp_path / "manifest.json").write_text(json.dumps({key: whole[key] for key in whole if key != name}))
        with pytest.raises(DataError, match="no manifest of this version"):
            manifest.read(tmp_path)


def test_moved_images_and_missing_ones(nih_root: Path, tmp_path: Path) -> None:
    prepare.nih(nih_root, tmp_path / "out", fraction=0.34)
    nih_root.rename(tmp_path / "moved")
    with pytest.raises(DataError, match=r"images not found: .*give root if not"):
        prepared.read(tmp_path / "out")
    (tmp_path / "moved/images/00000004_000.png").unlink()
    parts = prepared.read(tmp_path / "out", tmp_path / "moved", allow_missing=True)
    assert parts.test is not None and len(parts.test) == 1 and "1 of 2 images" in parts.test.notes[0]


def test_the_real_images(shared_data: Path, tmp_path: Path) -> None:
    plan = prepare.nih(shared_data / "nih", tmp_path / "out")
    assert plan.images == {"train": 12092, "valid": 1153, "test": 1388}
    assert prepared.read(tmp_path / "out").train.names[0] == "00000001_000.png"
