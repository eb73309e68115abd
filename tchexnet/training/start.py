"""What a run starts from: random weights, those of a preset with a new head where the heads differ, or a backbone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import ConfigError
from tchexnet.models.tchexnet import adopt_backbone
from tchexnet.presets import keras_weights
from tchexnet.presets.backbones import Backbone
from tchexnet.presets.preset import EPSILON, WEIGHTS, Preset
from tchexnet.training.config import Config
from tchexnet.training.network import build

Origin = Preset | Backbone


def settled(config: Config, origin: Origin | None) -> Config:
    """The configuration with the epsilon of the weights that the run starts from.

    Raises:
        ConfigError: the configuration sets another one.
    """
    if origin is None or config.epsilon == origin.epsilon:
        return config
    if config.epsilon != EPSILON:
        raise ConfigError(
            f"The configuration sets epsilon = {config.epsilon}, but {origin.name!r} was trained with "
            f"{origin.epsilon}; leave epsilon out."
        )
    return replace(config, epsilon=origin.epsilon)


def initial_weights(config: Config, origin: Origin | None) -> list[NDArray[np.float32]] | None:
    """Weights in the order of `model.get_weights()`; None where there is no origin.

    A preset with the same sigmoid head (architecture and labels) gives everything, another one its backbone.

    Raises:
        PresetError: the backbone takes another number of channels.
    """
    if origin is None:
        return None
    keras.utils.set_random_seed(config.seed)
    if isinstance(origin, Backbone):
        model = build(config, config.recipe.size)
        keras_weights.assign(model, {**keras_weights.tensors(model), **origin.weights})
        return model.get_weights()
    source = keras_weights.build(origin)
    units = (512,) if config.architecture == "tchexnet" else ()
    same = (origin.architecture, origin.labels, origin.units) == (config.architecture, config.labels, units)
    if same and config.head == "sigmoid":
        return source.get_weights()
    model = build(config, config.recipe.size)
    adopt_backbone(model, source)
    return model.get_weights()


def facts(origin: Origin | None) -> dict[str, Any]:
    """What a finished preset says about the weights that it started from."""
    if origin is None:
        return {}
    if isinstance(origin, Backbone):
        return {"name": origin.name, **origin.source}
    told = {
        "trained_on": origin.source.get("trained_on") or origin.training.get("data"),
        "list_sha256": origin.training.get("train", {}).get("list_sha256"),
    }
    found = {"name": origin.name, "weights_sha256": origin.files.get(WEIGHTS)}
    return found | {name: fact for name, fact in told.items() if fact}
