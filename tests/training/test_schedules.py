"""Rates and endings, by hand."""

import numpy as np
import pytest

from tchexnet.training import schedules
from tchexnet.training.resume import Progress
from tchexnet.training.schedules import learning_rate
from tchexnet.training.stages import Stage


def test_one_cycle_rises_to_the_peak_and_falls_to_nothing() -> None:
    rates = [learning_rate(Stage("a", "all", 1, 2e-3), step, 100) for step in range(100)]
    assert np.argmax(rates) == 25 and rates[25] == 2e-3
    assert rates[0] == pytest.approx(2e-3 / 25) and rates[-1] < 2e-6
    assert all(np.diff(rates[:26]) > 0) and all(np.diff(rates[25:]) < 0)


def test_constant_is_constant() -> None:
    stage = Stage("a", "all", 1, 2e-3, schedule="constant")
    assert {learning_rate(stage, step, 10) for step in range(10)} == {2e-3}


def test_a_plateau_lowers_the_rate_after_so_many_flat_epochs() -> None:
    stage = Stage("a", "all", 9, 1e-2, schedule="plateau", factor=0.1, patience=2)
    progress = Progress()
    rates = []
    for loss in (1.0, 0.9, 0.9, 0.95, 0.8, 0.8, float("nan")):
        schedules.count(progress, stage, loss, better=True)
        rates.append(learning_rate(stage, 0, 1, progress.drops))
    assert rates == pytest.approx([1e-2, 1e-2, 1e-2, 1e-3, 1e-3, 1e-3, 1e-4])


def test_a_stage_ends_after_its_epochs_or_when_it_is_stale() -> None:
    stage = Stage("a", "all", 5, 1e-2, stop_after=2)
    progress = Progress()
    for better, over in ((True, False), (False, False), (True, False), (False, False), (False, True)):
        schedules.count(progress, stage, 1.0, better)
        assert schedules.ends(progress, stage) is over
    schedules.reset(progress)
    assert not schedules.ends(progress, stage)
    progress.epoch = 5
    assert schedules.ends(progress, stage)
