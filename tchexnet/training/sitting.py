"""A stage at work: the networks and the batches that it needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from tchexnet.datasets.canvases import canvases
from tchexnet.datasets.records import Records
from tchexnet.training import backend, losses, network, optimizers, sources
from tchexnet.training.backend import Devices
from tchexnet.training.config import Config
from tchexnet.training.hooks import Hooks
from tchexnet.training.sources import Source
from tchexnet.training.stages import Stage, open_layers


@dataclass
class Sitting:
    """One stage's networks and batches.

    Args:
        stage: what is done.
        model: the whole network: what checkpoints hold and what is kept as the best.
        learner: what is trained: `model`, or its suffix over the same layers where the stage caches the rest.
        source: batches for the learner.
    """

    stage: Stage
    model: keras.Model
    learner: keras.Model
    source: Source


def networks(config: Config, stage: Stage, y: NDArray[np.float32], devices: Devices) -> tuple[keras.Model, keras.Model]:
    """(the whole network, the compiled learner), with random weights.

    Args:
        y: (n, L) training labels, for the loss.
        devices: which share the loss; the caller is within their scope.
    """
    model = network.build(config, stage.size or config.recipe.size)
    backend.fuse_batch_norm(model)
    open_layers(model, stage.first, stage.batch_norm)
    learner = network.cut(model, stage.first)[1] if stage.cache else model
    optimizer = optimizers.build(config, stage, learner)
    learner.compile(optimizer, loss=devices.loss(losses.for_config(config, y)), jit_compile=False)
    optimizer.build(learner.trainable_variables)
    return model, learner


def source(
    config: Config, position: int, model: keras.Model, parts: tuple[Records, Records], folder: Path, hooks: Hooks
) -> Source:
    """The batches of the stage at `position`; canvases and activations are computed on first use, kept in `folder`.

    Args:
        model: the whole network, with the weights that the stage starts from.
        parts: the records to train on and to validate on.
    """
    stage = config.stages[position]
    recipe = replace(config.recipe, size=stage.size or config.recipe.size, views="one")
    train, valid = (canvases(part, recipe, folder, hooks.on_read) for part in parts)
    seed = config.seed + 1000 * position
    plain = sources.Canvases(train, parts[0].y, valid, recipe, stage, config.batch_size, seed)
    if stage.cache is None:
        return plain
    return sources.cached(plain, network.frozen(config, model, stage.first), folder, hooks.on_cache)
