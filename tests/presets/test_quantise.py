"""int8: made from training images, reported on others, and offered only together with its report."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import tchexnet
from tchexnet.datasets import nih
from tchexnet.errors import PresetError
from tchexnet.presets import preset as presets
from tchexnet.presets import quantising

REPO = Path(__file__).parents[2]
REPORT = {
    "allowed": 0.005,
    "largest_loss": 0.0012,
    "largest_loss_label": "Mass",
    "within": True,
    "validation": {"images": 100, "patients": 50},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped CheXNet, without an int8 network."""
    folder = tmp_path / "chexnet"
    shutil.copytree(REPO / "weights" / "chexnet", folder, ignore=shutil.ignore_patterns("*int8*"))
    presets.write(presets.read(folder))
    return folder


def test_a_preset_that_was_not_quantised_says_how_to(folder: Path) -> None:
    with pytest.raises(PresetError, match="has no int8 network; make it with tchexnet presets quantise chexnet"):
        tchexnet.load(folder, precision="int8")


def test_the_verdict_says_whether_the_loss_is_allowed() -> None:
    assert quantising.verdict(REPORT) == (
        "int8: the largest loss of AUC on 100 validation images of 50 patients is 0.0012 (Mass), "
        "within 0.005, the most that is allowed."
    )
    assert "0.0200 (Mass), MORE than 0.005" in quantising.verdict({**REPORT, "largest_loss": 0.02, "within": False})
    assert "no label has 20 positives" in quantising.verdict({**REPORT, "largest_loss": None, "within": False})


@pytest.mark.slow
def test_quantising_writes_a_network_its_report_and_their_checksums(folder: Path, shared_data: Path) -> None:
    pytest.importorskip("nncf", reason="needs the extra int8")
    records = nih.read(shared_data / "nih", "train_val_list.txt")
    heard: list[str] = []
    report = quantising.quantise(
        presets.read(folder), records.take(np.arange(1500)), lambda what, done, total: heard.append(what)
    )
    assert set(heard) == {"calibrating", "comparing"}
    preset = presets.read(folder)
    assert {presets.NETWORK_INT8, presets.NETWORK_INT8_DATA, presets.INT8_REPORT} <= set(preset.files)
    assert quantising.read_report(preset) == json.loads(json.dumps(report))
    page = (REPO / "docs" / "schemas.md").read_text()
    section = page.split("## `int8.json`")[1].split("\n## ")[0]
    assert list(report) == re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)
    judged = [row for row in report["labels"] if row["positives"] >= 20]
    assert report["largest_loss"] == max(row["loss"] for row in judged)
    paths = [str(records.path(row)) for row in range(40)]
    exact, rough = (
        np.stack([scores.array for scores in tchexnet.load(folder, precision=precision).predict(paths)])
        for precision in ("fp32", "int8")
    )
    assert not np.array_equal(exact, rough)
    assert np.corrcoef(exact.ravel(), rough.ravel())[0, 1] > 0.98
    (folder / presets.INT8_REPORT).unlink()
    with pytest.raises(PresetError, match=r"int8\.json is missing"):
        tchexnet.load(folder, precision="int8")
