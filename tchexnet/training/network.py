"""A configuration's network: built, cut in two for the prefix cache, and brought into the form that is published."""

from __future__ import annotations

import keras
import numpy as np

from tchexnet.errors import ConfigError
from tchexnet.models import chexnet, densenet, tchexnet
from tchexnet.training.config import Config
from tchexnet.training.stages import SHORT_NAMES

CLASSES = 3
"""Absent, present, uncertain."""


def build(config: Config, size: int) -> keras.Model:
    """The configuration's network with random weights, for inputs of (size, size, channels).

    It gives (n, L) scores, or (n, L, 3) probabilities with a three-way head.
    """
    model = plain(config, size)
    if config.head == "sigmoid":
        return model
    under = model.get_layer(densenet.SCORES).input
    logits = keras.layers.Dense(CLASSES * len(config.labels), dtype="float32", name=densenet.SCORES)(under)
    rows = keras.layers.Reshape((len(config.labels), CLASSES), dtype="float32", name="rows")(logits)
    classes = keras.layers.Softmax(dtype="float32", name="classes")(rows)
    return keras.Model(model.inputs, classes, name=config.name)


def plain(config: Config, size: int) -> keras.Model:
    """The same with a sigmoid head, whatever the configuration's: what a preset holds."""
    architecture = chexnet if config.architecture == "chexnet" else tchexnet
    model = architecture.build((size, size, config.recipe.channels), outputs=len(config.labels), name=config.name)
    densenet.set_epsilon(model, config.epsilon)
    return model


def published(model: keras.Model, config: Config) -> keras.Model:
    """The network with a sigmoid head. A three-way head is folded: p1 / (p0 + p1) = sigmoid(z1 - z0), exactly."""
    if config.head == "sigmoid":
        return model
    folded = plain(config, model.input_shape[1])
    for layer in folded.layers:
        if layer.weights and layer.name != densenet.SCORES:
            layer.set_weights(model.get_layer(layer.name).get_weights())
    kernel, bias = (np.asarray(array) for array in model.get_layer(densenet.SCORES).get_weights())
    kernel = kernel.reshape(kernel.shape[0], -1, CLASSES)
    bias = bias.reshape(-1, CLASSES)
    folded.get_layer(densenet.SCORES).set_weights([kernel[..., 1] - kernel[..., 0], bias[..., 1] - bias[..., 0]])
    return folded


def cut(model: keras.Model, first: str) -> tuple[keras.Model, keras.Model]:
    """(frozen part, learning part): two models over the same layers, which together are `model`.

    Args:
        first: what a stage calls its first layer; `head` cuts behind the pooled features.

    Raises:
        ConfigError: something after the cut needs something before it, as within a dense block.
    """
    name = SHORT_NAMES.get(first, first)
    layer = model.get_layer(name)
    tap = layer.output if name == densenet.FEATURES else layer.input
    try:
        suffix = keras.Model(tap, model.output, name=f"{model.name}_suffix")
    except ValueError as error:
        raise ConfigError(
            f"The network cannot be cut in two at {first!r}, so nothing can be cached there; begin the stage at one of "
            f"{', '.join(set(SHORT_NAMES) - {'all'})}, or leave cache out."
        ) from error
    return keras.Model(model.inputs, tap, name=f"{model.name}_prefix"), suffix


def frozen(config: Config, model: keras.Model, first: str) -> keras.Model:
    """The part of `model` below the cut, in float32 and with its weights, whatever the precision of training."""
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        twin = build(config, model.input_shape[1])
    finally:
        keras.config.set_dtype_policy(policy)
    twin.set_weights(model.get_weights())
    return cut(twin, first)[0]
