"""Checkpoints: everything a run needs to go on, in one file that is whole or not there."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tchexnet.errors import TrainingError


@dataclass
class Progress:
    """Where a run stands.

    Args:
        stage: position in the plan.
        epoch: finished epochs of the stage.
        step: finished steps of the epoch.
        loss_sum: sum of the losses of these steps, as Python float.
        best: the highest validation AUC so far.
        rows: the log, one dictionary an epoch.
        seconds: time spent training, over all sittings.
    """

    stage: int = 0
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    best: float = float("-inf")
    rows: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


def save(path: Path, config: dict[str, Any], progress: Progress, model: keras.Model) -> None:
    """Write a checkpoint: weights, optimizer state and progress."""
    arrays = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    arrays |= {f"o{i}": np.asarray(v) for i, v in enumerate(model.optimizer.variables)}
    state = json.dumps({"config": config, "progress": asdict(progress)})
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(file, state=np.array(state), **arrays)
    partial.replace(path)


def peek(path: Path, config: dict[str, Any]) -> Progress:
    """The progress in a checkpoint.

    Raises:
        TrainingError: the checkpoint belongs to another configuration.
    """
    with np.load(path, allow_pickle=False) as file:
        state = json.loads(str(file["state"]))
    if state["config"] != json.loads(json.dumps(config)):
        raise TrainingError(
            f"{path} was made with another configuration; use the one it was made with, or a new --out."
        )
    return Progress(**state["progress"])


def restore(path: Path, model: keras.Model) -> None:
    """Put weights and optimizer state back into a model that was compiled for the checkpoint's stage."""
    with np.load(path, allow_pickle=False) as file:
        weights = [file[f"w{i}"] for i in range(len(model.get_weights()))]
        model.set_weights(weights)
        model.optimizer.build(model.trainable_variables)
        for i, variable in enumerate(model.optimizer.variables):
            variable.assign(file[f"o{i}"])
