"""Stages: which layers learn, for how long, and how fast.

A plan is a tuple of stages: plain data that can be printed, stored with a preset, and compared when a run resumes.
Only `open_layers` touches a model.
"""

from __future__ import annotations

from collections.abc import Mapping
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
"""What a stage may call its first layer, beside any layer's own name. `avg_pool` has no weights; the head follows."""

BLOCKS = ("conv1", "conv2", "conv3", "conv4", "conv5", "head")
"""What a stage may give a learning rate of its own."""


@dataclass(frozen=True)
class Cache:
    """Run the frozen layers once and train from their kept output; see `tchexnet.training.cache`.

    Args:
        dtype: of the kept activations; float16 halves the disk space and keeps 11 bits.
        copies: how many augmented copies of each training image, where the stage augments: epoch e sees copy
            e modulo `copies`. A stage without augmentation keeps one.
        engine: `openvino` (processors) or `keras` (GPUs).
        precision: of the engine: `fp32`, or `bf16` for OpenVINO on processors that have it.
    """

    dtype: Literal["float32", "float16"] = "float32"
    copies: int = 1
    engine: Literal["openvino", "keras"] = "openvino"
    precision: Literal["fp32", "bf16"] = "fp32"

    def __post_init__(self) -> None:
        _one_of("cache: dtype", self.dtype, "float32", "float16")
        _one_of("cache: engine", self.engine, "openvino", "keras")
        _one_of("cache: precision", self.precision, "fp32", "bf16")
        _whole("cache: copies", self.copies)
        if self.engine == "keras" and self.precision != "fp32":
            raise ConfigError("cache: the Keras engine computes in fp32; leave precision out, or use openvino.")


@dataclass(frozen=True)
class Stage:
    """Train layer `first` and all after it for `epochs` at `learning_rate`.

    Args:
        name: shown in logs; unique in a plan.
        first: a layer's name, or `all`, `conv2` ... `conv5`, `head`.
        epochs: passes over the training images, at most.
        learning_rate: the peak of the one-cycle schedule, the constant rate, or the rate that `plateau` starts from.
        size: side of the input in pixels; None means the recipe's.
        schedule: `one-cycle` (a cosine up over the first `warm_up` of the steps, a cosine down to 0), `constant`, or
            `plateau` (times `factor` after every `patience` epochs without a lower validation loss).
        warm_up: share of the steps.
        factor, patience: of the plateau schedule.
        stop_after: end the stage after so many epochs without a better validation AUC; None never does.
        batch_norm: `train` updates the statistics of the layers that learn; `inference` keeps them as they are.
        augmentation: None shows each image as it is.
        rates: block (`conv1` ... `conv5`, `head`) to the factor that its learning rate is multiplied by; 1 elsewhere.
        cache: keep the output of the frozen layers; None runs them at every step.
    """

    name: str
    first: str
    epochs: int
    learning_rate: float
    size: int | None = None
    schedule: Literal["one-cycle", "constant", "plateau"] = "one-cycle"
    warm_up: float = 0.25
    factor: float = 0.1
    patience: int = 1
    stop_after: int | None = None
    batch_norm: Literal["train", "inference"] = "inference"
    augmentation: Augmentation | None = field(default_factory=Augmentation)
    rates: Mapping[str, float] = field(default_factory=dict)
    cache: Cache | None = None

    def __post_init__(self) -> None:
        where = f"Stage {self.name!r}:"
        _whole(f"{where} epochs", self.epochs)
        _whole(f"{where} patience", self.patience)
        if self.stop_after is not None:
            _whole(f"{where} stop_after", self.stop_after)
        _one_of(f"{where} schedule", self.schedule, "one-cycle", "constant", "plateau")
        _one_of(f"{where} batch_norm", self.batch_norm, "train", "inference")
        if not self.learning_rate > 0:
            raise ConfigError(f"{where} learning_rate must be above 0, not {self.learning_rate!r}.")
        if not 0 < self.factor < 1:
            raise ConfigError(f"{where} factor must lie between 0 and 1, not {self.factor!r}.")
        for block, rate in self.rates.items():
            _one_of(f"{where} a block of rates", block, *BLOCKS)
            if not rate > 0:
                raise ConfigError(f"{where} the rate of {block} must be above 0, not {rate!r}; freeze by `first`.")
        if self.cache is not None and self.first in ("all", SHORT_NAMES["all"]):
            raise ConfigError(f"{where} there is nothing to cache where all layers learn; leave cache out.")


def block(layer: str) -> str:
    """The block of `BLOCKS` that a layer belongs to: a transition to the dense block before it, the last
    normalisation to conv5.

    Example:
        >>> block("pool3_conv"), block("conv4_block2_1_bn"), block("bn"), block("predictions")
        ('conv3', 'conv4', 'conv5', 'head')
    """
    if layer.startswith("pool") and layer[4:5].isdigit():
        return f"conv{layer[4]}"
    if layer in ("bn", "relu"):
        return "conv5"
    return layer[:5] if layer[:5] in BLOCKS else "head"


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


def _whole(what: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{what} must be a whole number from 1, not {value!r}.")


def _one_of(what: str, value: object, *allowed: str) -> None:
    if value not in allowed:
        raise ConfigError(f"{what} must be {', '.join(allowed[:-1])} or {allowed[-1]}, not {value!r}.")
