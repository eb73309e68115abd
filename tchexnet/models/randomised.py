"""Draw a network's weights anew, block by block from the top: what the randomisation test of heatmaps looks at.

Source: Adebayo et al. 2018, section 3.1 (cascading randomisation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import keras
import numpy as np

BLOCKS = ("conv5", "pool4", "conv4", "pool3", "conv3", "pool2", "conv2", "conv1")
"""Of the backbone, from its last dense block down to the first convolution."""


def stages(model: keras.Model, seed: int = 0) -> Iterator[tuple[str, Callable[[], None]]]:
    """A name and what randomises that part, for good: the dense layers from the last on, then `BLOCKS`.

    Every weight of a CheXNet or tCheXNet is in one stage. The same seed draws the same weights.
    """
    random = np.random.default_rng(seed)
    for layer in reversed(dense(model)):
        yield layer.name, partial(redraw, [layer], random)
    for block in BLOCKS:
        names = (block, "bn") if block == "conv5" else (block,)  # `bn` normalises what conv5 puts out
        layers = [layer for layer in model.layers if layer.name.startswith(names)]
        if layers:
            yield block, partial(redraw, layers, random)


def dense(model: keras.Model) -> list[keras.layers.Dense]:
    """The dense layers, lowest first."""
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]


def redraw(layers: list[keras.Layer], random: np.random.Generator) -> None:
    """Kernels from He's normal distribution, everything else as a fresh layer has it."""
    for weight in (weight for layer in layers for weight in layer.weights):
        if weight.name == "kernel":
            weight.assign(random.normal(0, np.sqrt(2 / np.prod(weight.shape[:-1])), weight.shape).astype(np.float32))
        else:
            weight.assign(np.full(weight.shape, float(weight.name in ("gamma", "moving_variance")), np.float32))
