"""A calibration is stored with a preset, or with the user's copy of one that ships; predict then shows what it says."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import tchexnet
from tchexnet.cli import predict
from tchexnet.errors import PresetError
from tchexnet.evaluation.curve import Calibration
from tchexnet.evaluation.decisions import Calibrated, Decision
from tchexnet.presets import calibrated, store
from tchexnet.presets import preset as presets

SAMPLE = "hello_world_images/mean_chest.png"
KNOWN = {
    "Mass": Calibrated(Calibration("platt", 0.1, 500, 50, 1.2, 0.3), 0.005, "youden"),
    "Edema": Calibrated(Calibration("isotonic", 0.1, 500, 50, x=(0.1, 0.2), y=(0.05, 0.5))),
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TCHEXNET_HOME", str(tmp_path))
    return tmp_path


def shipped() -> presets.Preset:
    return presets.read(store.find("chexnet"))


def test_a_shipped_preset_stays_and_its_calibrated_copy_is_found_first(home: Path) -> None:
    before = shipped()
    made = calibrated.store_with(before, KNOWN, {"images": 500})
    assert made.folder == home / "presets" / "chexnet" == store.find("chexnet")
    assert calibrated.FILE in made.files and calibrated.read(made) == KNOWN
    assert presets.read(before.folder) == before and calibrated.read(before) == {}
    assert [made.path(name).read_bytes() == before.path(name).read_bytes() for name in before.files]
    store.remove("chexnet")
    assert store.find("chexnet") == before.folder


def test_an_own_preset_is_changed_in_place_and_again(home: Path) -> None:
    made = calibrated.store_with(shipped(), KNOWN, {})
    again = calibrated.store_with(made, {"Mass": KNOWN["Mass"]}, {})
    assert again.folder == made.folder and list(calibrated.read(again)) == ["Mass"]
    assert json.loads((again.folder / calibrated.FILE).read_text())["labels"]["Mass"]["point"] == "youden"
    with pytest.raises(PresetError, match="holds a copy already; give the preset as 'chexnet'"):
        calibrated.store_with(presets.read(store.folders()[2] / "chexnet"), KNOWN, {})


def test_a_damaged_preset_is_not_sealed_anew(home: Path) -> None:
    made = calibrated.store_with(shipped(), KNOWN, {})
    (made.folder / presets.CARD).write_text("another")
    with pytest.raises(PresetError, match="is damaged"):
        calibrated.store_with(made, KNOWN, {})


@pytest.mark.parametrize(
    "text", ["no json", "[]", '{"labels": {"Mass": {}}}', '{"labels": {"Mas": {"method": "platt"}}}']
)
def test_a_file_that_is_no_calibration_is_one_sentence(home: Path, text: str) -> None:
    made = calibrated.store_with(shipped(), KNOWN, {})
    (made.folder / calibrated.FILE).write_text(text)
    with pytest.raises(PresetError, match="run tchexnet calibrate again"):
        calibrated.read(presets.write(made))


def test_a_calibration_of_another_label_is_refused(home: Path) -> None:
    made = calibrated.store_with(shipped(), KNOWN, {})
    text = (made.folder / calibrated.FILE).read_text().replace('"Mass"', '"Tumour"')
    (made.folder / calibrated.FILE).write_text(text)
    with pytest.raises(PresetError, match="calibrates 'Tumour', which the preset 'chexnet' does not score"):
        calibrated.read(presets.write(made))


def test_score_probability_and_decision_stand_apart(repo: Path) -> None:
    plain = tchexnet.load("chexnet").predict(str(repo / SAMPLE))
    assert dict(plain.probabilities) == {} and dict(plain.decisions) == {}
    calibrated.store_with(shipped(), KNOWN, {})
    found = tchexnet.load("chexnet").predict(str(repo / SAMPLE))
    assert dict(found.items()) == dict(plain.items())
    assert list(found.probabilities) == ["Mass", "Edema"] and list(found.decisions) == ["Mass"]
    expected = 1 / (1 + np.exp(-(1.2 * np.log(found["Mass"] / (1 - found["Mass"])) + 0.3)))
    assert found.probabilities["Mass"] == pytest.approx(expected, rel=1e-5)
    assert found.decisions["Mass"] == Decision(True, 0.005, "youden")


def test_predict_prints_them_in_text_and_json(repo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calibrated.store_with(shipped(), KNOWN, {})
    classifier = tchexnet.load("chexnet")
    image = str(repo / SAMPLE)
    predict._one(classifier, image, features=False, top=None, as_json=False)
    lines = dict(line.split(" ", 1) for line in capsys.readouterr().out.splitlines()[1:])
    assert len(lines["Nodule"].split()) == 1
    assert "probability" in lines["Edema"] and "decision" not in lines["Edema"]
    assert lines["Mass"].endswith("(threshold 0.005, youden)") and "decision positive" in lines["Mass"]
    predict._one(classifier, image, features=False, top=1, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert list(found["scores"]) == ["Infiltration"] and found["probabilities"] == {} == found["decisions"]


def test_a_read_only_folder_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere" / "mine"
    shutil.copytree(shipped().folder, elsewhere)
    monkeypatch.setattr(calibrated.os, "access", lambda *_: False)
    made = calibrated.store_with(presets.read(elsewhere), KNOWN, {})
    assert made.folder == tmp_path / "presets" / "chexnet"
