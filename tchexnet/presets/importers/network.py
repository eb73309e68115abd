"""The variables of DenseNet-121 with a head: what Keras calls them, what torchvision calls them, and their shapes.

One table for both worlds, without Keras or torch. Source: Huang et al. 2017, table 1; the names are those of
`keras.applications.DenseNet121` and `torchvision.models.densenet121`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCKS = (6, 12, 24, 16)
GROWTH = 32
FEATURES = 1024


class Variable(NamedTuple):
    """One variable: `layer/variable` in Keras, torchvision's key, and its shape in Keras's order of axes."""

    keras: str
    torch: str
    shape: tuple[int, ...]


def variables(channels: int, hidden: tuple[int, ...], outputs: int) -> list[Variable]:
    """Every variable of the network, from the image to the scores."""
    return [*backbone(channels), *head(hidden, outputs)]


def backbone(channels: int) -> Iterator[Variable]:
    """The 120 convolutions and 121 normalisations below the pooled features."""
    yield _kernel("conv1_conv", "features.conv0", (7, 7, channels, 64))
    yield from _norm("conv1_bn", "features.norm0", 64)
    width = 64
    for block, layers in enumerate(BLOCKS, 1):
        for layer in range(1, layers + 1):
            yield from _dense_layer(block, layer, width)
            width += GROWTH
        if block < len(BLOCKS):
            torch = f"features.transition{block}"
            yield from _norm(f"pool{block + 1}_bn", f"{torch}.norm", width)
            yield _kernel(f"pool{block + 1}_conv", f"{torch}.conv", (1, 1, width, width // 2))
            width //= 2
    yield from _norm("bn", "features.norm5", width)


def head(hidden: tuple[int, ...], outputs: int) -> Iterator[Variable]:
    """The dense layers above the pooled features; torchvision has one, `classifier`."""
    width = FEATURES
    for place, units in enumerate((*hidden, outputs)):
        last = place == len(hidden)
        keras = "predictions" if last else hidden_name(place)
        torch = f"classifier.{2 * place}" if hidden else "classifier"
        yield Variable(f"{keras}/kernel", f"{torch}.weight", (width, units))
        yield Variable(f"{keras}/bias", f"{torch}.bias", (units,))
        width = units


def hidden_name(place: int) -> str:
    """What the network calls its hidden layer number `place`, from 0."""
    return "hidden" if place == 0 else f"hidden_{place + 1}"


def in_head(name: str) -> bool:
    """Whether a variable belongs to a dense layer above the pooled features."""
    return name.startswith(("hidden", "predictions/"))


def torch_named(weights: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Weights under torchvision's names and with its order of axes."""
    hidden = tuple(0 for name in weights if name.startswith("hidden") and name.endswith("/kernel"))
    theirs = {variable.keras: variable.torch for variable in variables(3, hidden, 0)}
    return {theirs[name]: _torch_axes(values) for name, values in weights.items()}


def _torch_axes(values: NDArray[np.float32]) -> NDArray[np.float32]:
    axes = {4: (3, 2, 0, 1), 2: (1, 0)}.get(values.ndim)
    return np.ascontiguousarray(values.transpose(axes)) if axes else values


def _dense_layer(block: int, layer: int, width: int) -> Iterator[Variable]:
    keras, torch = f"conv{block + 1}_block{layer}", f"features.denseblock{block}.denselayer{layer}"
    yield from _norm(f"{keras}_0_bn", f"{torch}.norm1", width)
    yield _kernel(f"{keras}_1_conv", f"{torch}.conv1", (1, 1, width, 4 * GROWTH))
    yield from _norm(f"{keras}_1_bn", f"{torch}.norm2", 4 * GROWTH)
    yield _kernel(f"{keras}_2_conv", f"{torch}.conv2", (3, 3, 4 * GROWTH, GROWTH))


def _kernel(keras: str, torch: str, shape: tuple[int, ...]) -> Variable:
    return Variable(f"{keras}/kernel", f"{torch}.weight", shape)


def _norm(keras: str, torch: str, width: int) -> Iterator[Variable]:
    pairs = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
    for ours, theirs in pairs.items():
        yield Variable(f"{keras}/{ours}", f"{torch}.{theirs}", (width,))
