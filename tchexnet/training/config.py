"""A training run as plain data, read from TOML. The file's header holds the command and the result to expect."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tchexnet.datasets.pipeline import Augmentation
from tchexnet.errors import ConfigError
from tchexnet.images.recipe import Recipe
from tchexnet.labels import NIH14
from tchexnet.training.stages import Stage


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
        weight_decay: AdamW's, on kernels only.
        precision: `float32` or `mixed_bfloat16`.
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
    weight_decay: float = 0.0
    precision: str = "float32"

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        twice = sorted({name for name in names if names.count(name) > 1})
        if self.architecture not in ("chexnet", "tchexnet"):
            raise ConfigError(f"architecture must be chexnet or tchexnet, not {self.architecture!r}.")
        if twice:
            raise ConfigError(f"There are two stages named {twice[0]!r}; a log could not tell them apart.")

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for the run folder and the preset."""
        return dataclasses.asdict(self)


def read(path: str | Path) -> Config:
    """The configuration in a TOML file.

    Raises:
        ConfigError: the file is missing, is no TOML, or names something unknown.
    """
    try:
        return from_dict(tomllib.loads(Path(path).read_text()))
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
    return _make(Stage, {**fields, "augmentation": changes}, where)


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
