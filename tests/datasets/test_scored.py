"""Joining score tables and label tables: whatever their order, folders and spellings; mismatches by name."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tchexnet.datasets import score_table, scored, truth
from tchexnet.datasets.matching import match
from tchexnet.errors import DataError

TRUTH = "image,patient,Edema,Mass\na.png,1,1,0\nb.png,1,0,\nc.png,2,0,-1\n"


@pytest.fixture
def write(tmp_path: Path):
    def put(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return put


def test_rows_are_joined_by_name_in_any_order(write) -> None:
    scores = write(
        "s.csv", "path,Edema,Mass,preset,warnings\n/x/c.png,0.3,0.1,p,\n/x/a.png,0.9,0.2,p,dark\n/x/b.png,0.1,0.4,p,\n"
    )
    found = scored.read(scores, write("t.csv", TRUTH))
    assert found.records.images == ("c.png", "a.png", "b.png") and found.records.patients == ("2", "1", "1")
    assert found.scores.tolist() == [[0.3, 0.1], [0.9, 0.2], [0.1, 0.4]]
    assert np.array_equal(found.records.y, np.float32([[0, np.nan], [1, 0], [0, np.nan]]), equal_nan=True)
    assert found.name == "p" and found.unmatched == ()
    assert found.notes == (f"1 labels of {found.records.root / 't.csv'} are uncertain (-1) and count as not known.",)


def test_mismatches_are_named(write) -> None:
    scores = write("s.csv", "image,Edema\na.png,0.3\nq.png,0.9\n")
    found = scored.read(scores, write("t.csv", TRUTH))
    assert {(Path(table).name, image) for table, image in found.unmatched} == {
        ("s.csv", "q.png"),
        ("t.csv", "b.png"),
        ("t.csv", "c.png"),
    }
    assert any("1 images of" in note and "q.png" in note for note in found.notes)
    assert any("2 images of" in note and "b.png, c.png" in note for note in found.notes)


def test_tables_without_a_common_image_or_label_are_refused(write) -> None:
    labels = write("t.csv", TRUTH)
    with pytest.raises(DataError, match="No image of .*s.csv is in .*t.csv: the one begins with 'z.png'"):
        scored.read(write("s.csv", "image,Edema\nz.png,0.3\n"), labels)
    with pytest.raises(DataError, match="share no label column"):
        scored.read(write("u.csv", "image,Edemas\na.png,0.3\n"), labels)


def test_another_models_scores_are_paired_on_the_common_images(write) -> None:
    a = write("a.csv", "image,Edema,Mass\na.png,0.1,0\nb.png,0.2,0\nc.png,0.3,0\n")
    b = write("b.csv", "path,Edema\nimages/c.png,3\nimages/a.png,1\n")
    found = scored.read(a, write("t.csv", TRUTH), b)
    assert found.records.images == ("a.png", "c.png")
    assert list(found.others) == ["Edema"] and found.others["Edema"].tolist() == [1, 3]
    assert (found.name, found.other_name) == ("a", "b")
    assert any("b.png" in note for note in found.notes)


def test_preds_of_reproduce_chexnet_are_understood(write) -> None:
    table = score_table.read(write("preds.csv", "Image Index,prob_Edema,prob_Mass,Edema\na.png,0.25,0.5,1\n"))
    assert table.labels == ("Edema", "Mass") and table.scores.tolist() == [[0.25, 0.5]]


@pytest.mark.parametrize("cell", ["", "nan", "high", "inf"])
def test_a_score_that_is_no_number_is_named_with_its_line(write, cell: str) -> None:
    with pytest.raises(DataError, match="no finite number: 1, the first is '.*' for Edema in line 3"):
        score_table.read(write("s.csv", f"image,Edema\na.png,0.5\nb.png,{cell}\nc.png,0.5\nd.png,1\n"))


def test_a_repeated_image_and_a_table_without_scores_are_refused(write) -> None:
    with pytest.raises(DataError, match="rows that repeat an image: 1, the first is a.png"):
        score_table.read(write("s.csv", "image,Edema\na.png,0.5\na.png,0.6\n"))
    with pytest.raises(DataError, match="no column of scores"):
        score_table.read(write("t.csv", "image,preset\na.png,chexnet\n"))


def test_parquet_reads_like_csv(tmp_path: Path, write) -> None:
    frame = pd.DataFrame({"path": ["a.png", "b.png"], "Edema": np.float32([0.5, 0.25]), "preset": "p"})
    frame.to_parquet(tmp_path / "s.parquet")
    found = score_table.read(tmp_path / "s.parquet")
    assert found.images == ("a.png", "b.png") and found.scores.tolist() == [[0.5], [0.25]] and found.preset == "p"
    more = frame.assign(probability_Edema=0.1, decision_Edema=True, f0000=1.5, features=[[1.0], [2.0]])
    more.to_parquet(tmp_path / "more.parquet")
    more.drop(columns="features").to_csv(tmp_path / "more.csv", index=False)
    assert (
        score_table.read(tmp_path / "more.parquet").labels
        == score_table.read(tmp_path / "more.csv").labels
        == ("Edema",)
    )
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        score_table.read(write("t.parquet", "no"))


def test_nih_table_is_read_directly(shared_data: Path) -> None:
    records = truth.read(shared_data / "nih" / "Data_Entry_2017.csv", ("Hernia", "Edema"))
    assert tuple(records.labels) == ("Edema", "Hernia") and records.labels.name == "NIH-14"
    assert len(records) == 14633 and len(set(records.patients)) == 4573
    assert records.extra is not None and list(records.extra.columns[:3]) == ["sex", "age", "view"]
    assert "Follow-up #" in records.extra


def test_chexpert_table_is_cut_to_its_frontal_rows(write) -> None:
    from tchexnet.labels import CHEXPERT14

    rows = [
        f"CheXpert-v1.0-small/valid/patient{k}/study1/view1_{view}.jpg,Male,50,{view.title()},AP,"
        + ",".join(["0"] * 14)
        for k, view in ((1, "frontal"), (2, "frontal"), (2, "lateral"))
    ]
    labels = write("valid.csv", "\n".join(["Path,Sex,Age,Frontal/Lateral,AP/PA," + ",".join(CHEXPERT14), *rows]))
    scores = write(
        "s.csv",
        "path,Pneumothorax\n/d/valid/patient2/study1/view1_frontal.jpg,2\n/d/valid/patient1/study1/view1_frontal.jpg,1\n",
    )
    found = scored.read(scores, labels)
    assert found.records.patients == ("patient2", "patient1") and found.scores.tolist() == [[2], [1]]
    assert any("1 lateral rows" in note for note in found.notes)


def test_a_chosen_patient_column_is_used(write) -> None:
    labels = write("t.csv", "image,case,Edema\na.png,x,1\nb.png,x,0\n")
    assert truth.read(labels, ("Edema",), "case").patients == ("x", "x")
    own = truth.read(labels, ("Edema",))
    assert own.patients == ("a.png", "b.png") and "names no patients" in own.notes[0]
    with pytest.raises(DataError, match="lacks the column 'kase'"):
        truth.read(labels, ("Edema",), "kase")


def test_names_that_are_not_unique_are_told_apart_by_their_folders() -> None:
    found = match(["p1/v.jpg", "p2/v.jpg"], ["/data/p2/v.jpg", "/data/p1/v.jpg"], "a", "b")
    assert found.left.tolist() == [0, 1] and found.right.tolist() == [1, 0]


@given(st.lists(st.sampled_from("abcdefgh"), unique=True, min_size=1), st.randoms())
def test_matching_is_free_of_order(names: list[str], random) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)
    found = match(names, [f"/some/where/{name}" for name in shuffled], "a", "b")
    assert [shuffled[row] for row in found.right] == names and found.only_left == found.only_right == ()
