"""docs/schemas.md describes every key and column that the code writes, and nothing else."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tchexnet.classifier import Scores
from tchexnet.cli import predict
from tchexnet.datasets.records import Records
from tchexnet.datasets.scored import Scored
from tchexnet.evaluation.calibration import Calibration
from tchexnet.evaluation.decisions import Calibrated
from tchexnet.evaluation.measure import Settings
from tchexnet.evaluation.operating_points import Goal
from tchexnet.labels import NIH14, Vocabulary
from tchexnet.report import files
from tchexnet.report.evaluation import Evaluation, evaluate
from tchexnet.runtime.engine import Outputs

REPO = Path(__file__).parents[1]
PRESETS = sorted(path.parent for path in (REPO / "weights").glob("*/preset.json"))


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    rng = np.random.default_rng(0)
    y = (rng.random((80, 2)) < 0.4).astype(np.float32)
    scores = rng.random((80, 2))
    names = tuple(f"{k}.png" for k in range(80))
    extra = pd.DataFrame({"sex": ["M", "F"] * 40})
    records = Records(Path(), names, names, Vocabulary("two", ("Edema", "Mass")), y, extra=extra)
    other = {"Edema": scores[:, 0] + y[:, 0]}
    scored = Scored(records, scores, other, "a", "b", (("a.csv", "x.png"),), ())
    return evaluate(scored, goals=[Goal("youden")], settings=Settings(rounds=5))


def described(heading: str) -> list[str]:
    """The first cells of the table under a heading that starts with `heading`."""
    page = (REPO / "docs" / "schemas.md").read_text()
    section = re.split(r"^## ", page, flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(heading)]
    return re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)


def test_there_are_presets_to_check() -> None:
    assert [folder.name for folder in PRESETS] == ["chexnet", "tchexnet"]


def test_predict_json() -> None:
    values = np.zeros(14, np.float32)
    outputs = Outputs(values[None], np.zeros((1, 1024), np.float32), np.zeros((1, 4, 4, 1024), np.float32))
    found = predict.json_object("a.png", "chexnet", Scores(NIH14, values, "a.png", ()), outputs, None)
    assert list(found) == described("`predict --json`")
    assert list(found["scores"]) == list(NIH14)
    known = {"Mass": Calibrated(Calibration("platt", 0.1, 100, 10), 0.5, "youden")}
    more = predict.json_object("a.png", "chexnet", Scores(NIH14, values, "a.png", (), known), outputs, None)
    assert [key for key in more if key not in found] == described("Of a calibrated preset")
    assert list(more["decisions"]["Mass"]) == ["positive", "threshold", "point"]


def test_metrics_json(evaluation: Evaluation) -> None:
    found = files.document(evaluation)
    assert list(found) == described("`metrics.json`")
    assert ["label", *found["labels"]["Edema"]] == described("`metrics.csv`")
    assert ["label", *found["compare"]["Edema"]] == described("`compare.csv`")
    page = (REPO / "docs" / "schemas.md").read_text()
    for key in ("macro", "micro", "compare_macro", "settings"):
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{key}` | object")]
        assert set(found[key]) <= set(re.findall(r"`(\w+)`", line))


@pytest.mark.parametrize("name", files.TABLES)
def test_tables_of_an_evaluation(evaluation: Evaluation, name: str) -> None:
    assert list(files.tables(evaluation)[name].columns) == described(f"`{name}`")


def test_calibration_json() -> None:
    assert list(Calibrated(Calibration("platt", 0.1, 100, 10)).to_dict()) == described("`calibration.json`")


@pytest.mark.parametrize("folder", PRESETS, ids=lambda folder: folder.name)
def test_preset_json(folder: Path) -> None:
    assert set(json.loads((folder / "preset.json").read_text())) == set(described("`preset.json`"))


@pytest.mark.parametrize("folder", PRESETS, ids=lambda folder: folder.name)
def test_aucs_of_a_preset(folder: Path) -> None:
    with (folder / "aucs.csv").open() as file:
        assert next(csv.reader(file)) == described("`aucs.csv`")


@pytest.mark.parametrize("folder", PRESETS, ids=lambda folder: folder.name)
def test_log_of_a_preset(folder: Path) -> None:
    """The shipped presets were trained before the log's later columns; test_command.py checks what a run writes."""
    columns = described("`log.csv`")
    with (folder / "log.csv").open() as file:
        found = next(csv.reader(file))
    assert found == columns[: len(found)]


@pytest.mark.parametrize("folder", PRESETS, ids=lambda folder: folder.name)
def test_preds_of_a_preset(folder: Path) -> None:
    labels = json.loads((folder / "preset.json").read_text())["labels"]
    with (folder / "preds.csv").open() as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["image", *labels]
    assert all(0 <= float(cell) <= 1 for row in rows[1:] for cell in row[1:])
