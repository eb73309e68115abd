"""`--set key=value`: one setting of a configuration, changed from the command line."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Sequence
from typing import Any

from tchexnet.errors import ConfigError


def put(fields: dict[str, Any], changes: Sequence[str]) -> dict[str, Any]:
    """A copy of a configuration's plain data with the changes put over it, in their order.

    Args:
        changes: `key=value`; a dotted key goes down (`recipe.size=320`), and into a stage by its name or by its
            position from 0 (`stages.head.epochs=2`, `stages.0.epochs=2`). A value is TOML, or else a string.

    Raises:
        ConfigError: a change has no `=`, or its key leads nowhere.

    Example:
        >>> put({"stages": [{"name": "head", "epochs": 5}]}, ["stages.head.epochs=2", "precision=float32"])
        {'stages': [{'name': 'head', 'epochs': 2}], 'precision': 'float32'}
    """
    fields = copy.deepcopy(fields)
    for change in changes:
        key, equals, value = change.partition("=")
        if not equals or not key.strip():
            raise ConfigError(f"{change!r} is no setting; write key=value, for example batch_size=16.")
        *path, last = key.strip().split(".")
        place: Any = fields
        for step in path:
            place = _down(place, step, key)
        if not isinstance(place, dict):
            raise ConfigError(f"{key!r} leads nowhere; a stage's setting is stages.NAME.SETTING.")
        place[last] = _value(value.strip())
    return fields


def _down(place: Any, step: str, key: str) -> Any:
    if isinstance(place, list):
        return _stage(place, step)
    if not isinstance(place, dict):
        raise ConfigError(f"{key!r} leads nowhere: there is nothing below {step!r}.")
    return place.setdefault(step, {})


def _stage(stages: list[dict[str, Any]], step: str) -> dict[str, Any]:
    names = [stage.get("name", "") for stage in stages]
    if step in names:
        return stages[names.index(step)]
    if step.isdigit() and int(step) < len(stages):
        return stages[int(step)]
    raise ConfigError(f"There is no stage {step!r}; there are: {', '.join(map(repr, names))}.")


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
