"""`tchexnet train`, from the words on the command line to the files in the run folder."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import tchexnet
from tchexnet.cli import train_data
from tchexnet.cli.main import app
from tchexnet.datasets.records import Records
from tchexnet.errors import ConfigError, DataError

from .plans import one_stage

pytestmark = pytest.mark.usefixtures("small_network")
CONFIG = """
name = "tiny"
architecture = "chexnet"
labels = ["Mass", "Edema"]
batch_size = 8
recipe = { size = 32 }

[[stages]]
name = "head"
first = "head"
epochs = 4
learning_rate = 1e-3
augmentation = false
cache = true
"""


@pytest.fixture(scope="module")
def folder(records: Records, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hospital's own table, and a configuration."""
    folder = tmp_path_factory.mktemp("own")
    table = pd.DataFrame(records.y, columns=list(records.labels))
    table.insert(0, "image", [str(records.root / image) for image in records.images])
    table.insert(1, "patient", records.patients)
    table.to_csv(folder / "my.csv", index=False)
    (folder / "tiny.toml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Path:
    """One run from that table."""
    words = ["train", str(folder / "tiny.toml"), "--data", str(folder / "my.csv"), "--out", str(folder / "run")]
    result = CliRunner().invoke(app, [*words, "--set", "stages.head.epochs=2"])
    assert result.exit_code == 0, result.output
    assert "no patient in both" in result.stderr and result.stdout.strip() == str(folder / "run" / "preset")
    return folder / "run"


def described(heading: str) -> list[str]:
    page = (Path(__file__).parents[2] / "docs" / "schemas.md").read_text()
    (text,) = [part for part in re.split(r"^## ", page, flags=re.MULTILINE) if part.startswith(heading)]
    return re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)


def test_the_change_counted_and_the_preset_says_so(run: Path) -> None:
    assert len(pd.read_csv(run / "log.csv")) == 2
    assert json.loads((run / "preset" / "preset.json").read_text())["training"]["config"]["stages"][0]["epochs"] == 2


@pytest.mark.parametrize("name", ["log.csv", "aucs.csv", "manifest.csv"])
def test_tables_are_as_described(run: Path, name: str) -> None:
    with (run / name).open() as file:
        assert next(csv.reader(file)) == described(f"`{name}`")


@pytest.mark.parametrize("name", ["config.json", "versions.json"])
def test_objects_are_as_described(run: Path, name: str) -> None:
    assert list(json.loads((run / name).read_text())) == described(f"`{name}`")


def test_preds_hold_every_validation_image(run: Path) -> None:
    preds, images = pd.read_csv(run / "preds.csv"), pd.read_csv(run / "manifest.csv")
    assert list(preds.columns) == ["image", "Mass", "Edema"]
    assert set(preds["image"]) == {Path(image).name for image in images["image"][images["part"] == "valid"]}


def test_a_second_run_wants_to_be_told(folder: Path, run: Path) -> None:
    words = ["train", str(folder / "tiny.toml"), "--data", str(folder / "my.csv"), "--out", str(run)]
    assert isinstance(CliRunner().invoke(app, words).exception, ConfigError)


def test_no_data_and_data_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"chexpert/README.md says how to get it. To try on other data: tchexnet train"):
        train_data.read(one_stage({}), None, None, None)
    (tmp_path / train_data.CHEXPERT).mkdir(parents=True)
    with pytest.raises(DataError, match="must be prepared once: tchexnet prepare chexpert"):
        train_data.read(one_stage({}), None, None, None)
    with pytest.raises(DataError, match="There is no nowhere"):
        train_data.read(one_stage({}), Path("nowhere"), None, None)


def test_late_policies(parts) -> None:
    train = parts[0]
    unsure = np.zeros(train.y.shape, bool)
    unsure[:3, 0] = True
    train = replace(train, uncertain=unsure, y=np.where(unsure, np.nan, train.y).astype(np.float32))
    many, taught = {"Mass": "multiclass", "Edema": "ignore"}, {"Mass": "self-trained", "Edema": "ignore"}
    with pytest.raises(ConfigError, match="needs a third output; add --set head=three-way"):
        train_data._at_training(one_stage({}), train, many, None)
    with pytest.raises(ConfigError, match="needs a teacher; add --teacher PRESET"):
        train_data._at_training(one_stage({}), train, taught, None)
    three = train_data._at_training(one_stage({}, head="three-way"), train, many, None)
    assert (three.y[:3, 0] == 2).all()
    np.testing.assert_array_equal(three.y[3:], train.y[3:])


def test_a_teacher_labels_the_uncertain_alone(parts) -> None:
    train = parts[0]
    unsure = np.zeros(train.y.shape, bool)
    unsure[[0, 5], 0] = unsure[7, 1] = True
    train = replace(train, uncertain=unsure, y=np.where(unsure, np.nan, train.y).astype(np.float32))
    policies = {"Mass": "self-trained", "Edema": "self-trained"}
    taught = train_data._at_training(one_stage({}), train, policies, "chexnet").y
    teacher = tchexnet.load("chexnet")
    for row, column in np.argwhere(unsure):
        score = teacher.predict(str(train.path(row)))[train.labels[column]]
        assert taught[row, column] == pytest.approx(score, abs=1e-5)
    np.testing.assert_array_equal(taught[~unsure], train.y[~unsure])
