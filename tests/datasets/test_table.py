"""A CSV of one's own."""

from pathlib import Path

import numpy as np
import pytest

from tchexnet.datasets import table
from tchexnet.errors import DataError


def make(folder: Path, text: str, images: str = "abc") -> Path:
    for name in images:
        (folder / f"{name}.png").touch()
    path = folder / "my.csv"
    path.write_text(text)
    return path


def test_columns_are_found(tmp_path: Path) -> None:
    text = "Path,Patient_ID,Gender,Age,cause,Pneumonia,Tube\na.png,p1,male,61,virus,1,\nb.png,p1,F,,,-1,0\n"
    records = table.read(make(tmp_path, text))
    assert tuple(records.labels) == ("Pneumonia", "Tube") and records.patients == ("p1", "p1")
    np.testing.assert_array_equal(records.y, np.array([[1, np.nan], [np.nan, 0]], np.float32))
    assert records.uncertain is not None and records.uncertain.tolist() == [[False, False], [True, False]]
    assert records.extra is not None
    assert records.extra["sex"].tolist() == ["M", "F"] and records.extra["cause"].tolist() == ["virus", ""]
    assert records.notes == ()


def test_without_a_patient_column_every_image_is_its_own(tmp_path: Path) -> None:
    path = make(tmp_path, "image,x\na.png,1\nb.png,0\n")
    for records in (table.read(path), table.read(path, patient=None)):
        assert records.patients == ("a.png", "b.png")
        assert "no patient column" in records.notes[0]


def test_named_columns(tmp_path: Path) -> None:
    path = make(tmp_path, "image,scan,who,x,y\nnone,a.png,p,1,0\nnone,b.png,q,0,7\n")
    records = table.read(path, image="scan", patient="who", labels=["x"])
    assert records.images == ("a.png", "b.png") and records.patients == ("p", "q") and tuple(records.labels) == ("x",)
    for wrong in ({"image": "photo"}, {"patient": "name"}, {"labels": ["z"]}):
        with pytest.raises(DataError, match="lacks the column"):
            table.read(path, **wrong)  # type: ignore[arg-type]


def test_images_beside_the_table_or_in_images_or_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.png").touch()
    path = make(tmp_path, "image,x\na.png,1\n", images="")
    assert table.read(path).root == tmp_path / "images"
    assert table.read(path, tmp_path / "images").root == tmp_path / "images"
    with pytest.raises(DataError, match="images not found: 1"):
        table.read(path, tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image,x\na.png,1\na.png,0\n", "rows that repeat an image: 1"),
        (
            "image,Edema\na.png,1\nb.png,3\n",
            "labels other than 1, 0, -1 and blank: 1, the first is '3' for Edema in line 3",
        ),
        ("image,x\na.png,1\nb.png,0\nc.png,3\n", "'x' of .* is mostly 1, 0, -1 and blank, but not wholly"),
        ("image,x\na.png,red\n", "no column of labels"),
        ("picture,x\na.png,1\n", "no image column"),
        ("image,patient,x\na.png,,1\nb.png,q,1\n", "rows without a patient: 1"),
        ("image,x\n,1\nb.png,1\n", "rows without an image: 1"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        table.read(make(tmp_path, text))


def test_an_own_hospitals_table(shared_data: Path) -> None:
    records = table.read(shared_data / "kermany/labels.csv")
    assert len(records) == 2000 and tuple(records.labels) == ("Pneumonia",) and records.y.sum() == 1000
    assert records.root == shared_data / "kermany/images"
