"""What a run starts from: random weights, or those of a preset with a new head where the heads differ."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from tchexnet.models.tchexnet import adopt_backbone
from tchexnet.presets import keras_weights
from tchexnet.presets.preset import Preset
from tchexnet.training.config import Config
from tchexnet.training.network import build


def initial_weights(config: Config, parent: Preset | None) -> list[NDArray[np.float32]] | None:
    """Weights in the order of `model.get_weights()`; None where there is no parent.

    A parent with the same sigmoid head (architecture and labels) gives everything, another one its backbone.
    """
    if parent is None:
        return None
    keras.utils.set_random_seed(config.seed)
    source = keras_weights.build(parent)
    units = (512,) if config.architecture == "tchexnet" else ()
    same = (parent.architecture, parent.labels, parent.units) == (config.architecture, config.labels, units)
    if same and config.head == "sigmoid":
        return source.get_weights()
    model = build(config, config.recipe.size)
    adopt_backbone(model, source)
    return model.get_weights()
