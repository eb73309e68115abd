"""docs/schemas.md describes every key and column that the code writes, and nothing else."""

import csv
import json
import re
from pathlib import Path

import pytest

from tchexnet.classifier import Scores
from tchexnet.cli import predict
from tchexnet.labels import NIH14
from tchexnet.runtime.engine import Outputs
from tchexnet.scoring import tables
from tchexnet.scoring.run import run
from tchexnet.scoring.settings import Settings

REPO = Path(__file__).parents[1]
PRESETS = sorted(path.parent for path in (REPO / "weights").glob("*/preset.json"))


def described(heading: str) -> list[str]:
    """The first cells of the table under a heading that starts with `heading`."""
    page = (REPO / "docs" / "schemas.md").read_text()
    section = re.split(r"^## ", page, flags=re.MULTILINE)
    (text,) = [part for part in section if part.startswith(heading)]
    return re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)


def test_there_are_presets_to_check() -> None:
    assert [folder.name for folder in PRESETS] == ["chexnet", "tchexnet"]


def test_predict_json() -> None:
    import numpy as np

    values = np.zeros(14, np.float32)
    outputs = Outputs(values[None], np.zeros((1, 1024), np.float32), np.zeros((1, 4, 4, 1024), np.float32))
    found = predict.json_object("a.png", "chexnet", Scores(NIH14, values, "a.png", ()), outputs, None)
    assert list(found) == described("`predict --json`")
    assert list(found["scores"]) == list(NIH14)


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
    settings = Settings(REPO / "weights" / "chexnet", precision="fp32")
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
