"""Checkpoints: everything a run needs to go on, in one file that is whole or not there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from tchexnet.errors import TrainingError
from tchexnet.training import config as configs
from tchexnet.training.config import Config


@dataclass
class Progress:
    """Where a run stands.

    Args:
        stage: position in the plan.
        epoch: finished epochs of the stage.
        step: finished steps of the epoch.
        loss_sum: sum of the losses of these steps, as Python float.
        best: the highest validation AUC so far.
        stale: epochs of the stage since it was reached.
        lowest_loss: the stage's lowest validation loss.
        flat: epochs without a lower one since it or the last drop.
        drops: how often a plateau has lowered the learning rate.
        rows: the log, one dictionary an epoch: `log.csv` is written from it, so the log goes on where the weights do.
        seconds: time spent training, over all sittings.
    """

    stage: int = 0
    epoch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    best: float = float("-inf")
    stale: int = 0
    lowest_loss: float = float("inf")
    flat: int = 0
    drops: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0


class Saved(NamedTuple):
    """The progress in a checkpoint, and the fingerprint of the machine that wrote it."""

    progress: Progress
    machine: dict[str, Any]


def save(
    path: Path,
    config: Config,
    progress: Progress,
    model: keras.Model,
    optimizer: keras.optimizers.Optimizer,
    machine: dict[str, Any],
) -> None:
    """Write a checkpoint: weights, optimizer state, the states of the seed generators, and progress.

    Args:
        model: the whole network, even where a stage trains its suffix alone.
        machine: `backend.fingerprint`.
    """
    arrays = {f"w{i}": w for i, w in enumerate(model.get_weights())}
    arrays |= {f"o{i}": np.asarray(v) for i, v in enumerate(optimizer.variables)}
    arrays |= {f"s{i}": np.asarray(v) for i, v in enumerate(_seeds(model))}
    state = json.dumps({"config": config.to_dict(), "progress": asdict(progress), "machine": machine})
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            np.savez(file, state=np.array(state), **arrays)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    partial.replace(path)


def peek(path: Path, config: Config) -> Saved:
    """What a checkpoint says beside its arrays.

    Raises:
        TrainingError: the checkpoint belongs to another configuration.
    """
    with np.load(path, allow_pickle=False) as file:
        state = json.loads(str(file["state"]))
    if configs.from_dict(state["config"]) != config:
        raise TrainingError(
            f"{path} was made with another configuration; use the one it was made with, or a new --out."
        )
    return Saved(Progress(**state["progress"]), state.get("machine", {}))


def restore(path: Path, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
    """Put everything back into a model and an optimizer that were built for the checkpoint's stage."""
    with np.load(path, allow_pickle=False) as file:
        model.set_weights([file[f"w{i}"] for i in range(len(model.get_weights()))])
        for kind, variables in (("o", optimizer.variables), ("s", _seeds(model))):
            for i, variable in enumerate(variables):
                variable.assign(file[f"{kind}{i}"])


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Sentences: why a resumed run will not be the same to the bit. Empty where it will."""
    return [
        f"resuming is not exact: {name} was {then.get(name)}, it is {now[name]} now"
        for name in now
        if then.get(name) != json.loads(json.dumps(now[name]))
    ]


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Within, a file that cannot be written, as on a full disk, is a TrainingError that says what is kept."""
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"{folder} cannot be written ({error.strerror or error}); make room and go on with --resume. The last "
            "checkpoint and the best weights so far are kept there."
        ) from error


def _seeds(model: keras.Model) -> list[keras.Variable]:
    return [v for v in model.non_trainable_variables if "seed_generator" in v.path and v not in model.weights]
