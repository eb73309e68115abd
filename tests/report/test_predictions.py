"""Scores of a data set: bad files named, and an interrupted run goes on where it stopped."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import tchexnet
from tchexnet.cli import evaluate_data
from tchexnet.datasets import table
from tchexnet.datasets.records import Records
from tchexnet.errors import DataError
from tchexnet.report import predictions


@pytest.fixture
def records(repo: Path, tmp_path: Path) -> Records:
    """Forty variants of the sample, one of them cut short."""
    chest = np.asarray(Image.open(repo / "hello_world_images" / "mean_chest.png"), np.float32)
    for k in range(40):
        Image.fromarray((chest * (0.5 + k / 80)).astype(np.uint8)).save(tmp_path / f"{k:02d}.png")
    (tmp_path / "07.png").write_bytes((tmp_path / "07.png").read_bytes()[:900])
    names = [f"{k:02d}.png" for k in range(40)]
    pd.DataFrame({"image": names, "patient": names, "Pneumothorax": [0, 1] * 20}).to_csv(
        tmp_path / "t.csv", index=False
    )
    return table.read(tmp_path / "t.csv")


def test_an_interrupted_run_goes_on_and_ends_as_an_uninterrupted_one(
    records: Records, tmp_path: Path, monkeypatch
) -> None:
    classifier = tchexnet.load("tchexnet")
    whole = predictions.predict(classifier, records, tmp_path / "one", lambda count: None)
    calls: list[int] = []

    def interrupted(count: int) -> None:
        calls.append(count)
        if sum(calls) >= 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predictions.predict(classifier, records, tmp_path / "two", interrupted)
    (part,) = (tmp_path / "two").iterdir()
    part.write_text(part.read_text() + '{"path": "16.p')
    done: list[int] = []
    rest = predictions.predict(classifier, records, tmp_path / "two", done.append)
    assert done == [16, 16, 8] and list((tmp_path / "two").iterdir()) == []
    assert rest.frame.equals(whole.frame)
    assert [error[:2] for error in rest.errors] == [("07.png", "truncated")]
    assert list(whole.frame.columns) == ["path", "Pneumothorax", "preset", "warnings"] and len(whole.frame) == 39
    expected = classifier.predict(str(tmp_path / "03.png"))["Pneumothorax"]
    assert whole.table.scores[3, 0] == pytest.approx(expected, abs=1e-6)


def test_another_preset_does_not_take_up_the_rows(records: Records, tmp_path: Path) -> None:
    keys = {predictions._key(tchexnet.load(name), records) for name in ("chexnet", "tchexnet")}
    assert len(keys) == 2


def test_errors_are_written_and_an_earlier_table_goes(tmp_path: Path) -> None:
    path = tmp_path / "errors.csv"
    predictions.errors_csv((("a.png", "empty", "It is empty."),), path)
    assert pd.read_csv(path).to_dict("records") == [{"path": "a.png", "kind": "empty", "sentence": "It is empty."}]
    predictions.errors_csv((), path)
    assert not path.exists()


def test_nothing_readable_is_one_sentence(records: Records, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="None of the 1 images could be read"):
        predictions.predict(tchexnet.load("tchexnet"), records.take(np.array([7])), tmp_path / "x", lambda count: None)


def test_data_and_preset_must_share_a_label(records: Records, tmp_path: Path) -> None:
    labels = tchexnet.load("tchexnet").labels
    assert list(evaluate_data.read(tmp_path / "t.csv", None, None, labels, False).labels) == ["Pneumothorax"]
    (tmp_path / "u.csv").write_text("image,Edema\n01.png,1\n")
    with pytest.raises(DataError, match="share no label"):
        evaluate_data.read(tmp_path / "u.csv", None, None, labels, False)
    with pytest.raises(DataError, match="There is no"):
        evaluate_data.read(tmp_path / "no", None, None, labels, False)


def test_chexpert_is_cut_to_the_frontal_images_of_its_validation_part(repo: Path, tmp_path: Path) -> None:
    from tchexnet.labels import CHEXPERT14

    folder = tmp_path / "CheXpert-v1.0-small"
    rows = ["Path,Sex,Age,Frontal/Lateral,AP/PA," + ",".join(CHEXPERT14)]
    for k, view in ((1, "frontal"), (2, "frontal"), (2, "lateral")):
        image = f"valid/patient{k}/study1/view1_{view}.jpg"
        (folder / image).parent.mkdir(parents=True, exist_ok=True)
        Image.open(repo / "hello_world_images" / "mean_chest.png").save(folder / image)
        rows.append(f"CheXpert-v1.0-small/{image},Male,50,{view.title()},AP," + ",".join(["0.0"] * 14))
    for part in ("train", "valid"):
        (folder / f"{part}.csv").write_text("\n".join(rows) + "\n")
    found = evaluate_data.read(tmp_path, None, "valid", tchexnet.load("tchexnet").labels, False)
    assert found.patients == ("patient1", "patient2") and list(found.labels) == ["Pneumothorax"]
