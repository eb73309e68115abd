"""A training run as plain data, read from TOML. The file's header holds the command and the result to expect."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tchexnet.datasets.pipeline import Augmentation
from tchexnet.errors import ConfigError
from tchexnet.images.recipe import Recipe
from tchexnet.labels import NIH14
from tchexnet.presets.preset import EPSILON
from tchexnet.training import overrides
from tchexnet.training.stages import Cache, Stage


@dataclass(frozen=True)
class Config:
    """Everything that decides what a run computes.

    Args:
        name: the preset's name.
        architecture: `chexnet`, or `tchexnet` with its hidden layer.
        stages: trained one after the other.
        labels: the findings to learn; their records' columns.
        recipe: how radiographs become input; its `size` is the finished preset's.
        seed: for weights, order and augmentation.
        split_seed: for the validation patients; runs that are compared share it.
        validation: share of the patients that is split off.
        batch_size: images a step.
        optimizer: `adamw` (Adam where `weight_decay` is 0), or `sgd` with Nesterov-free `momentum`.
        momentum: SGD's.
        weight_decay: decoupled from the gradient, on kernels only.
        ema: momentum of an exponential moving average of the weights, which is then what is validated and kept; 0 for
            none.
        weighting: `none`, or `balanced`: the positives of each label weigh as much in the loss as its negatives.
        label_smoothing: s turns the targets 0 and 1 into s/2 and 1 - s/2.
        head: `sigmoid`; or `three-way` (absent, present, uncertain) for the label policy `multiclass`, folded into
            p1 / (p0 + p1), a sigmoid again, when the run is finished.
        precision: `float32` or `mixed_bfloat16`.
        epsilon: what batch normalisation adds to variances. Left alone, a run takes that of the weights it starts from.
    """

    name: str
    architecture: Literal["chexnet", "tchexnet"]
    stages: tuple[Stage, ...]
    labels: tuple[str, ...] = NIH14.labels
    recipe: Recipe = dataclasses.field(default_factory=Recipe)
    seed: int = 0
    split_seed: int = 0
    validation: float = 0.1
    batch_size: int = 32
    optimizer: Literal["adamw", "sgd"] = "adamw"
    momentum: float = 0.9
    weight_decay: float = 0.0
    ema: float = 0.0
    weighting: Literal["none", "balanced"] = "none"
    label_smoothing: float = 0.0
    head: Literal["sigmoid", "three-way"] = "sigmoid"
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    epsilon: float = EPSILON

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"There are two stages named {twice[0]!r}; a log could not tell them apart.")
        for name, allowed in _WORDS.items():
            if getattr(self, name) not in allowed:
                raise ConfigError(f"{name} must be {' or '.join(allowed)}, not {getattr(self, name)!r}.")
        for name in ("momentum", "ema", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 0 and below 1, not {getattr(self, name)!r}.")
        if not (isinstance(self.epsilon, float) and 0 < self.epsilon < 1):
            raise ConfigError(f"epsilon must be above 0 and below 1, not {self.epsilon!r}.")
        if not isinstance(self.batch_size, int) or self.batch_size < 1:
            raise ConfigError(f"batch_size must be a whole number from 1, not {self.batch_size!r}.")

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the run folder and the preset."""
        return dataclasses.asdict(self)


_WORDS = {
    "architecture": ("chexnet", "tchexnet"),
    "optimizer": ("adamw", "sgd"),
    "weighting": ("none", "balanced"),
    "head": ("sigmoid", "three-way"),
    "precision": ("float32", "mixed_bfloat16"),
}


def read(path: str | Path, changes: Sequence[str] = ()) -> Config:
    """The configuration in a TOML file.

    Args:
        changes: `key=value` each, put over the file; see `overrides.put`.

    Raises:
        ConfigError: the file is missing, is no TOML, or names something unknown.
    """
    try:
        return from_dict(overrides.put(tomllib.loads(Path(path).read_text("utf-8")), changes))
    except FileNotFoundError:
        raise ConfigError(f"There is no configuration {path}; the shipped ones are in configs/.") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is no TOML: {error}.") from error


def from_dict(fields: dict[str, Any]) -> Config:
    """A configuration from plain data; `[augmentation]` is the default of every stage."""
    fields = dict(fields)
    common = fields.pop("augmentation", {})
    stages = tuple(_stage(stage, common) for stage in fields.pop("stages", []))
    if not stages:
        raise ConfigError("The configuration has no [[stages]]; one is needed at least.")
    recipe = Recipe.from_dict(fields.pop("recipe", {}))
    if "labels" in fields:
        fields["labels"] = tuple(fields["labels"])
    return _make(Config, {**fields, "stages": stages, "recipe": recipe}, "the configuration")


def _stage(fields: dict[str, Any], common: dict[str, Any]) -> Stage:
    own = fields.get("augmentation", {})
    where = f"stage {fields.get('name', '?')!r}"
    changes = None if own in (False, None) else _make(Augmentation, {**common, **own}, f"the augmentation of {where}")
    kept = fields.get("cache", False)
    cache = None if kept in (False, None) else _make(Cache, {} if kept is True else kept, f"the cache of {where}")
    return _make(Stage, {**fields, "augmentation": changes, "cache": cache}, where)


def _make(kind: type, fields: dict[str, Any], where: str) -> Any:
    known = {field.name: field for field in dataclasses.fields(kind)}
    unknown = sorted(set(fields) - set(known))
    if unknown:
        raise ConfigError(f"{where} has no setting {unknown[0]!r}; it has: {', '.join(known)}.")
    absent = [
        name
        for name, field in known.items()
        if name not in fields and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    if absent:
        raise ConfigError(f"{where} lacks the setting {absent[0]!r}.")
    return kind(**fields)
