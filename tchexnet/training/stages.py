"""Stages: which layers learn, for how long, and how fast.

A plan is a tuple of stages: plain data that can be printed, stored with a preset, and compared when a run resumes.
Only `open_layers` touches a model.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import keras

from tchexnet.datasets.pipeline import Augmentation
from tchexnet.errors import ConfigError

SHORT_NAMES = {
    "all": "conv1_conv",
    "conv2": "conv2_block1_0_bn",
    "conv3": "conv3_block1_0_bn",
    "conv4": "conv4_block1_0_bn",
    "conv5": "conv5_block1_0_bn",
    "head": "avg_pool",
}
"""What a stage may call its first layer, beside any layer's own name. The head follows `avg_pool`."""


@dataclass(frozen=True)
class Stage:
    """Train layer `first` and all after it for `epochs` at `learning_rate`.

    Args:
        name: shown in logs; unique in a plan.
        first: a layer's name, or `all`, `conv2` ... `conv5`, `head`.
        epochs: passes over the training images.
        learning_rate: the peak of the one-cycle schedule, or the constant rate.
        size: side of the input in pixels; None means the recipe's.
        schedule: `one-cycle` (a cosine up over the first `warm_up` of the steps, a cosine down to 0) or `constant`.
        warm_up: share of the steps.
        batch_norm: `train` updates the statistics of the layers that learn; `inference` keeps them as they are.
        augmentation: None shows each image as it is.
    """

    name: str
    first: str
    epochs: int
    learning_rate: float
    size: int | None = None
    schedule: Literal["one-cycle", "constant"] = "one-cycle"
    warm_up: float = 0.25
    batch_norm: Literal["train", "inference"] = "inference"
    augmentation: Augmentation | None = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if not isinstance(self.epochs, int) or self.epochs < 1:
            raise ConfigError(f"Stage {self.name!r}: epochs must be a whole number from 1, not {self.epochs!r}.")
        if not self.learning_rate > 0:
            raise ConfigError(f"Stage {self.name!r}: learning_rate must be above 0, not {self.learning_rate!r}.")
        if self.schedule not in ("one-cycle", "constant"):
            raise ConfigError(f"Stage {self.name!r}: schedule must be one-cycle or constant, not {self.schedule!r}.")
        if self.batch_norm not in ("train", "inference"):
            raise ConfigError(f"Stage {self.name!r}: batch_norm must be train or inference, not {self.batch_norm!r}.")


def learning_rate(stage: Stage, step: int, steps: int) -> float:
    """The rate of a stage at step 0 ... steps - 1. One-cycle after Smith & Topin 2018, with cosines."""
    if stage.schedule == "constant":
        return stage.learning_rate
    peak = max(1, round(stage.warm_up * steps))
    if step < peak:
        share, low = step / peak, 1 / 25
        return stage.learning_rate * (low + (1 - low) * (1 - math.cos(math.pi * share)) / 2)
    share = (step - peak) / max(1, steps - peak)
    return stage.learning_rate * (1 + math.cos(math.pi * share)) / 2


def open_layers(model: keras.Model, first: str, batch_norm: str = "inference") -> None:
    """Let `first` and every later layer learn, and freeze the rest. Compile the model again afterwards.

    Frozen batch normalisation runs in inference mode, so the source statistics are kept; with `batch_norm`
    `inference`, so does that of the layers that learn.

    Raises:
        ConfigError: the model has no layer named `first`.
    """
    names = [layer.name for layer in model.layers]
    start = SHORT_NAMES.get(first, first)
    if start not in names:
        raise ConfigError(
            f"{first!r} is no layer of {model.name}; use one of {', '.join(SHORT_NAMES)}, or a layer's name."
        )
    for position, layer in enumerate(model.layers):
        learns = position >= names.index(start)
        if isinstance(layer, keras.layers.BatchNormalization) and batch_norm == "inference":
            learns = False
        layer.trainable = learns
