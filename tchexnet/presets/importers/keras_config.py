"""What a Keras model's configuration says, as plain data: no class of it is made, and unknown ones are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tchexnet.errors import PresetError
from tchexnet.presets.importers.checkpoint import KERAS_EPSILON

KNOWN = frozenset(
    "Functional Model Sequential InputLayer ZeroPadding2D Conv2D BatchNormalization Activation ReLU MaxPooling2D "
    "AveragePooling2D Concatenate GlobalAveragePooling2D Dense Dropout".split()
)
_MODELS = ("Functional", "Model", "Sequential")


@dataclass(frozen=True)
class Facts:
    """What the weights alone do not say: epsilon of the normalisations, and the input's size where it is fixed."""

    epsilon: float = KERAS_EPSILON
    size: int | None = None


def facts(config: dict[str, Any] | None) -> Facts:
    """The facts of a whole model; the defaults of `keras.applications` where only weights were saved.

    Raises:
        PresetError: the network is another one: unknown layers, another activation, several epsilons.
    """
    if config is None:
        return Facts()
    try:
        layers = list(_layers(config))
        _check(layers)
        epsilons = {float(c["epsilon"]) for kind, c in layers if kind == "BatchNormalization"}
        shapes = [c.get("batch_input_shape") or c.get("batch_shape") for kind, c in layers if kind == "InputLayer"]
    except (KeyError, TypeError, AttributeError, RecursionError, ValueError) as error:
        if isinstance(error, PresetError):
            raise
        raise PresetError(f"The model's configuration cannot be understood ({error}).") from error
    if len(epsilons) != 1:
        raise PresetError(f"The model's normalisations have these epsilons: {sorted(epsilons)}; one is needed.")
    sizes = {shape[1] for shape in shapes if shape and len(shape) == 4 and isinstance(shape[1], int)}
    return Facts(epsilons.pop(), sizes.pop() if len(sizes) == 1 else None)


def names_by_slot(config: dict[str, Any]) -> dict[str, str]:
    """Keras 3 numbers layers by class: `conv2d_7` to the name that the configuration gives the eighth Conv2D."""
    counts: dict[str, int] = {}
    found = {}
    for kind, layer in _layers(config):
        slot = _snake(kind)
        number = counts.get(slot, 0)
        counts[slot] = number + 1
        found[f"{slot}_{number}" if number else slot] = str(layer.get("name", slot))
    return found


def _layers(config: dict[str, Any], depth: int = 4) -> Iterator[tuple[str, dict[str, Any]]]:
    """(class name, configuration) of every layer, in order, through nested models."""
    inner = config.get("config")
    listed = inner.get("layers", []) if isinstance(inner, dict) else inner
    for layer in listed if isinstance(listed, list) else []:
        kind = layer["class_name"]
        if kind not in KNOWN:
            raise PresetError(
                f"The model has a layer of the class {kind!r}, which a CheXNet does not have; it is refused."
            )
        if kind in _MODELS and depth:
            yield from _layers(layer, depth - 1)
        else:
            yield kind, layer["config"]


def _check(layers: list[tuple[str, dict[str, Any]]]) -> None:
    heads = [layer for kind, layer in layers if kind == "Dense"]
    for place, layer in enumerate(heads):
        wanted = "sigmoid" if place == len(heads) - 1 else "relu"
        if layer["activation"] != wanted:
            raise PresetError(
                f"Layer {layer.get('name')!r} has the activation {layer['activation']!r}; "
                f"the network has {wanted!r} there."
            )


def _snake(name: str) -> str:
    """Keras's own rule: `Conv2D` is `conv2d`, `BatchNormalization` is `batch_normalization`."""
    spaced = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spaced).lower()
