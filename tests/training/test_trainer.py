"""A run on real files: it learns, it resumes to the bit, and it ends in a preset that every engine reads alike."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import tchexnet
from tchexnet.datasets.splits import split_by_patient
from tchexnet.errors import TrainingError
from tchexnet.training import finish, trainer
from tchexnet.training.trainer import Hooks, Trainer


@pytest.fixture(scope="module")
def parts(records):
    return split_by_patient(records, 0.25, seed=1)


class KilledError(Exception):
    """Stands for a killed process: nothing of the run's own code handles it."""


def test_a_killed_run_resumes_to_the_same_weights(plan, parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "CHECKPOINT_SECONDS", 0)
    whole = Trainer(plan, *parts, tmp_path / "whole").run()

    def kill(stage, epoch: int, step: int, *_: object) -> None:
        if (epoch, step) == (1, 3):
            raise KilledError

    with pytest.raises(KilledError):
        Trainer(plan, *parts, tmp_path / "killed", hooks=Hooks(on_step=kill)).run()
    again = Trainer(plan, *parts, tmp_path / "killed").run(go_on=True)
    for one, other in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    columns = ["stage", "epoch", "loss", "valid_auc"]
    logs = [pd.read_csv(tmp_path / run / "log.csv")[columns] for run in ("whole", "killed")]
    pd.testing.assert_frame_equal(*logs)


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


def test_a_loss_that_is_no_number_stops_with_a_sentence(plan, parts, tmp_path: Path) -> None:
    broken = [np.full_like(w, np.nan) for w in trainer.build(plan, 32).get_weights()]
    with pytest.raises(TrainingError, match="The loss became nan in stage 'all', epoch 1, step 1; lower learning_rate"):
        Trainer(plan, *parts, tmp_path, broken).run()


def test_another_configuration_does_not_resume(plan, parts, tmp_path: Path) -> None:
    def kill(*_: object) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        Trainer(plan, *parts, tmp_path, hooks=Hooks(on_step=kill)).run()
    with pytest.raises(TrainingError, match="made with another configuration"):
        Trainer(replace(plan, seed=1), *parts, tmp_path).run(go_on=True)
