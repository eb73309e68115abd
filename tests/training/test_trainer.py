"""A run on real files: it learns, it resumes to the bit, and it ends in a preset that every engine reads alike."""

import errno
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import tchexnet
from tchexnet.datasets.canvases import canvases
from tchexnet.datasets.records import Records
from tchexnet.errors import DataError, TrainingError
from tchexnet.labels import Vocabulary
from tchexnet.training import finish, network, resume, trainer
from tchexnet.training.hooks import Hooks
from tchexnet.training.trainer import Trainer

from .child import describe
from .plans import PLAN, one_stage

pytestmark = pytest.mark.usefixtures("small_network")
REPO = Path(__file__).parents[2]


class StopError(Exception):
    """Stands for a killed process: nothing of the run's own code handles it."""


def stop(*_: object) -> None:
    raise StopError


@pytest.fixture(scope="module")
def child_input(parts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan and the records, for a process of its own."""
    path = tmp_path_factory.mktemp("child") / "in.json"
    path.write_text(json.dumps({"plan": PLAN, "parts": [describe(part) for part in parts]}))
    return path


def arrays(run: Path) -> dict[str, np.ndarray]:
    with np.load(run / trainer.CHECKPOINT) as file:
        return {name: file[name] for name in file.files if name != "state"}


def test_a_killed_process_resumes_to_the_same_weights(plan, parts, child_input: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.training.child", "hang", str(child_input), str(tmp_path / "killed")]
    child = subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline() == "now\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    assert resume.peek(tmp_path / "killed" / trainer.CHECKPOINT, plan).progress.step == 2

    whole = Trainer(plan, *parts, tmp_path / "whole").run()
    notes: list[str] = []
    again = Trainer(plan, *parts, tmp_path / "killed", hooks=Hooks(on_note=notes.append)).run(go_on=True)
    assert notes == []
    for one, other in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for name, value in arrays(tmp_path / "whole").items():
        np.testing.assert_array_equal(arrays(tmp_path / "killed")[name], value)
    logs = [pd.read_csv(tmp_path / run / "log.csv").drop(columns="seconds") for run in ("whole", "killed")]
    pd.testing.assert_frame_equal(*logs)


def test_a_cached_stage_resumes_with_its_counters_and_averages(parts, tmp_path: Path) -> None:
    plan = one_stage(
        {"cache": True, "schedule": "plateau", "stop_after": 3, "epochs": 3, "rates": {"head": 0.5}}, ema=0.9
    )
    whole = Trainer(plan, *parts, tmp_path / "whole")
    whole.run()

    def kill(stage, epoch: int, step: int, *_: object) -> None:
        if (epoch, step) == (2, 2):
            raise StopError

    with pytest.raises(StopError):
        Trainer(plan, *parts, tmp_path / "killed", hooks=Hooks(on_step=kill), checkpoint_seconds=0).run()
    again = Trainer(plan, *parts, tmp_path / "killed")
    again.run(go_on=True)
    for name, value in arrays(tmp_path / "whole").items():
        np.testing.assert_array_equal(arrays(tmp_path / "killed")[name], value)
    assert replace(again.progress, seconds=0, rows=[]) == replace(whole.progress, seconds=0, rows=[])


def test_two_devices_compute_what_one_does(parts, tmp_path: Path) -> None:
    known = [replace(part, y=np.nan_to_num(part.y)) for part in parts]
    stage = {**PLAN["stages"][0], "batch_norm": "inference"}  # each device would take statistics of its own share
    given = tmp_path / "in.json"
    plan = {**PLAN, "stages": [{**stage, "learning_rate": 0.1}], "optimizer": "sgd"}  # Adam forgives a scaled loss
    given.write_text(json.dumps({"plan": plan, "parts": [describe(part) for part in known]}))
    command = [sys.executable, "-m", "tests.training.child", "devices", str(given), str(tmp_path)]
    ran = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    one, two = (json.loads(line) for line in ran.stdout.splitlines() if line.startswith("["))
    assert [row["loss"] for row in two] == pytest.approx([row["loss"] for row in one], abs=1e-4)
    assert [row["valid_loss"] for row in two] == pytest.approx([row["valid_loss"] for row in one], abs=1e-4)


def test_another_machine_is_told_apart() -> None:
    now = {"cores": 4, "devices": ["CPU:0"]}
    assert resume.differences(now, now) == []
    assert resume.differences({"cores": 2, "devices": ["CPU:0"]}, now) == [
        "resuming is not exact: cores was 2, it is 4 now"
    ]


def test_a_run_ends_in_a_preset_that_both_engines_read_alike(plan, parts, tmp_path: Path) -> None:
    model = Trainer(plan, *parts, tmp_path).run()
    preset = finish.write_preset(model, plan, *parts, tmp_path, None, "MIT")
    paths = [str(parts[1].path(row)) for row in range(4)]
    ours = tchexnet.load(preset.folder).forward([tchexnet.classifier.read(path) for path in paths])
    reference = tchexnet.load(preset.folder, engine="keras").forward([tchexnet.classifier.read(path) for path in paths])
    np.testing.assert_allclose(ours.scores, reference.scores, atol=1e-5)
    np.testing.assert_allclose(ours.features, reference.features, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(ours.feature_map, reference.feature_map, rtol=1e-3, atol=1e-4)
    assert preset.training["train"]["patients"] + preset.training["valid"]["patients"] == 24
    preds = pd.read_csv(tmp_path / "preds.csv")
    np.testing.assert_allclose(preds[["Mass", "Edema"]][:4], ours.scores, atol=1e-3)
    assert list(preds["image"]) == list(parts[1].names)
    for name in ("config.json", "versions.json", "manifest.csv", "log.csv", "curves.png", "aucs.csv", "tensorboard"):
        assert (tmp_path / name).exists(), name


def test_a_loss_that_is_no_number_stops_with_a_sentence(plan, parts, tmp_path: Path) -> None:
    broken = [np.full_like(w, np.nan) for w in network.build(plan, 32).get_weights()]
    with pytest.raises(TrainingError, match="The loss became nan in stage 'all', epoch 1, step 1; lower learning_rate"):
        Trainer(plan, *parts, tmp_path, broken).run()


def test_another_configuration_does_not_resume(plan, parts, tmp_path: Path) -> None:
    with pytest.raises(StopError):
        Trainer(plan, *parts, tmp_path, hooks=Hooks(on_step=stop)).run()
    with pytest.raises(TrainingError, match="made with another configuration"):
        Trainer(replace(plan, seed=1), *parts, tmp_path).run(go_on=True)


def test_a_full_disk_stops_with_a_sentence_and_keeps_the_best(
    parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def fill(row: dict) -> None:
        monkeypatch.setattr(np, "savez", full)

    with pytest.raises(TrainingError, match="cannot be written \\(No space left on device\\); make room and go on"):
        Trainer(one_stage({}), *parts, tmp_path, hooks=Hooks(on_epoch=fill)).run()
    monkeypatch.undo()
    assert (tmp_path / trainer.BEST).exists() and not list(tmp_path.glob("*.partial"))
    assert resume.peek(tmp_path / trainer.CHECKPOINT, one_stage({})).progress.epoch == 0


def test_too_few_images_for_a_batch(plan, parts, tmp_path: Path) -> None:
    few = parts[0].take(np.arange(3))
    with pytest.raises(TrainingError, match="3 training images make no batch of 8; lower batch_size"):
        Trainer(plan, few, parts[1], tmp_path).run()


def test_a_stage_that_is_no_better_ends_early(parts, tmp_path: Path) -> None:
    unknown = replace(parts[1], y=np.full_like(parts[1].y, 1))  # no AUC: every epoch counts as the better one
    run = Trainer(one_stage({"stop_after": 1, "learning_rate": 1e-12, "epochs": 6}), *parts, tmp_path / "early")
    run.run()
    assert 2 <= len(run.progress.rows) < 6
    run = Trainer(one_stage({"stop_after": 1, "epochs": 2}), parts[0], unknown, tmp_path / "blind")
    run.run()
    assert len(run.progress.rows) == 2


def test_a_three_way_head_trains_and_is_published_as_a_sigmoid(parts, tmp_path: Path) -> None:
    plan = one_stage({}, head="three-way")
    y = parts[0].y.copy()
    y[np.isnan(y)] = 2
    model = Trainer(plan, replace(parts[0], y=y), parts[1], tmp_path).run()
    assert model.output_shape == (None, 2)


def test_no_room_for_the_canvases(plan, records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=10_000))
    two = Records(records.root, records.images[:2], records.patients[:2], Vocabulary("two", ("a", "b")), records.y[:2])
    with pytest.raises(DataError, match="The canvases of 2 images need 0.000 GB in .* make room"):
        canvases(two, replace(plan.recipe, size=64), tmp_path)
