"""docs/schemas.md describes every key and column that the code writes, and nothing else."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tchexnet.answers import json_object
from tchexnet.cli import explain
from tchexnet.datasets.records import Records
from tchexnet.datasets.scored import Scored
from tchexnet.evaluation.curve import Calibration
from tchexnet.evaluation.decisions import Calibrated
from tchexnet.evaluation.measure import Settings
from tchexnet.evaluation.operating_points import Goal
from tchexnet.labels import NIH14, Vocabulary
from tchexnet.presets import seen
from tchexnet.report import files
from tchexnet.report.evaluation import Evaluation, evaluate
from tchexnet.scores import Scores
from tchexnet.scoring import tables
from tchexnet.scoring.run import run
from tchexnet.scoring.settings import Settings as ScoreSettings

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
    features = np.zeros(1024, np.float32).tolist()
    found = json_object("a.png", "chexnet", Scores(NIH14, values, "a.png", ()), features)
    assert list(found) == described("`predict --json`")
    assert list(found["scores"]) == list(NIH14)
    known = {"Mass": Calibrated(Calibration("platt", 0.1, 100, 10), 0.5, "youden")}
    more = json_object("a.png", "chexnet", Scores(NIH14, values, "a.png", (), known), features)
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


def test_explain_json() -> None:
    import numpy as np

    from tchexnet.explain import Explanation
    from tchexnet.images.frame import Frame
    from tchexnet.images.radiograph import Radiograph

    radiograph = Radiograph(np.zeros((8, 8), np.float32), 8, "a.png", "PNG")
    found = Explanation("Mass", "CAM", np.zeros((4, 4), np.float32), 0.5, radiograph, Frame(0, 0, 8, 8), 0.0, 0.0)
    assert list(explain.json_object("a.png", "chexnet", found, Path("b.png"))) == described("`explain --json`")


def test_maps() -> None:
    from dataclasses import fields

    from tchexnet.explain import localising
    from tchexnet.explain.sanity import Similarity

    assert [field.name for field in fields(Similarity)] == described("`randomised.csv`")
    assert [field.name for field in fields(localising.Row)] == described("`localization.csv`")
    assert list(localising.to_dict([], [], {})) == described("`localization.json`")


@pytest.mark.parametrize("features", [False, True])
def test_score_table(features: bool) -> None:
    columns = described("Scores of `tchexnet score`")
    written = tables.schema(["one"], features).names
    assert written == ["path", "one", "preset", "warnings", *(["features"] if features else [])]
    assert columns == ["path", "preset", "warnings", "features"]
    assert tables.FEATURE_COLUMNS[0] == "f0000" and tables.FEATURE_COLUMNS[-1] == "f1023"
    assert tables.BETWEEN_WARNINGS == " | "


def test_errors_of_score() -> None:
    assert list(tables.ERROR_COLUMNS) == described("Errors of `tchexnet score`")


def test_job_json(tmp_path: Path) -> None:
    settings = ScoreSettings(REPO / "weights" / "chexnet", precision="fp32")
    out = tmp_path / "scores.csv"

    def stop(done: int, total: int | None, errors: int) -> None:
        if total is not None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(str(REPO / "hello_world_images" / "mean_chest.png"), out, settings, tell=stop)
    job = json.loads((tmp_path / "scores.csv.tchexnet-job" / "job.json").read_text())
    assert list(job) == described("An unfinished run of `tchexnet score`")


@pytest.mark.parametrize("folder", PRESETS, ids=lambda folder: folder.name)
def test_preset_json(folder: Path) -> None:
    assert set(json.loads((folder / "preset.json").read_text())) == set(described("`preset.json`"))


def test_seen() -> None:
    assert list(seen.COLUMNS) == described("`seen.csv`")


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
