"""How the learning rate moves within a stage, and when a stage ends early. Numbers in, numbers out."""

from __future__ import annotations

import math

from tchexnet.training.resume import Progress
from tchexnet.training.stages import Stage


def learning_rate(stage: Stage, step: int, steps: int, drops: int = 0) -> float:
    """The rate of a stage at step 0 ... steps - 1. One-cycle after Smith & Topin 2018, with cosines.

    Args:
        drops: how often a plateau has lowered it so far.
    """
    if stage.schedule == "plateau":
        return stage.learning_rate * stage.factor**drops
    if stage.schedule == "constant":
        return stage.learning_rate
    peak = max(1, round(stage.warm_up * steps))
    if step < peak:
        share, low = step / peak, 1 / 25
        return stage.learning_rate * (low + (1 - low) * (1 - math.cos(math.pi * share)) / 2)
    share = (step - peak) / max(1, steps - peak)
    return stage.learning_rate * (1 + math.cos(math.pi * share)) / 2


def count(progress: Progress, stage: Stage, valid_loss: float, better: bool) -> None:
    """Move the counters at the end of an epoch.

    Args:
        valid_loss: the epoch's; NaN counts as no improvement.
        better: whether the epoch has the best validation AUC so far.
    """
    progress.stale = 0 if better else progress.stale + 1
    if valid_loss < progress.lowest_loss:
        progress.lowest_loss, progress.flat = valid_loss, 0
        return
    progress.flat += 1
    if progress.flat >= stage.patience:
        progress.drops, progress.flat = progress.drops + 1, 0


def ends(progress: Progress, stage: Stage) -> bool:
    """Whether the stage is over: all epochs done, or none of the last `stop_after` was better."""
    return progress.epoch >= stage.epochs or (stage.stop_after is not None and progress.stale >= stage.stop_after)


def reset(progress: Progress) -> None:
    """Set the counters for the first epoch of a stage."""
    progress.epoch = progress.step = progress.stale = progress.flat = progress.drops = 0
    progress.loss_sum, progress.lowest_loss = 0.0, float("inf")
