"""From what a Keras file holds to our network's variables: `save_weights` and `save` of Keras 2, and both of Keras 3.

Keras 2   attributes `layer_names` and `weight_names`; layers `conv1/conv`, heads of any name, in order
Keras 3   `layers/conv2d_7/vars/0`: classes and numbers in the order of the layers; `.keras` adds config.json
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tchexnet.errors import PresetError
from tchexnet.presets.importers import hdf5, keras_config
from tchexnet.presets.importers.checkpoint import Checkpoint, Lazy
from tchexnet.presets.importers.network import backbone, hidden_name

_ORDER = {
    "conv2d": ("kernel",),
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "dense": ("kernel", "bias"),
}
_BACKBONE = list(dict.fromkeys(variable.keras.split("/")[0] for variable in backbone(3)))
_DENSE = "dense"


def understand(file: Any, config: dict[str, Any] | None = None) -> Checkpoint:
    """The checkpoint that an open HDF5 file is.

    Args:
        file: what `hdf5.opened` gave; it must stay open until the weights are read.
        config: the configuration that stands beside it in a `.keras` archive.

    Raises:
        PresetError: it is not laid out as Keras lays out weights.
    """
    if "layers" in file or "_layer_checkpoint_dependencies" in file:
        form = "Keras 3 whole model (.keras)" if config else "Keras 3 weights"
        named = _keras3(file, config)
    elif "model_weights" in file or hdf5.texts(file, "layer_names"):
        whole = "model_weights" in file
        form = f"Keras 2 HDF5, {'whole model (save)' if whole else 'weights (save_weights)'}"
        config = hdf5.configuration(file) if whole else None
        named = _keras2(file["model_weights"] if whole else file)
    else:
        raise PresetError("The HDF5 file is not laid out as Keras does it: it has no layer_names and no layers.")
    facts = keras_config.facts(config)
    return Checkpoint(
        form,
        _with_head(named),
        epsilon=facts.epsilon,
        ignored=("optimizer_weights",) if "optimizer_weights" in file or "optimizer" in file else (),
        size=facts.size,
    )


def _keras2(group: Any) -> dict[tuple[str, str], Lazy]:
    """(layer, variable) to tensor, in the order of the layers. A nested model's layers stand in its weights' names."""
    found: dict[tuple[str, str], Lazy] = {}
    for layer in hdf5.texts(group, "layer_names"):
        names = hdf5.texts(group[layer], "weight_names")
        nested = len(names) > 4
        for name in names:
            path, _, variable = name.rpartition("/")
            owner = _layer(path if nested else layer)
            _add(found, (owner, variable.split(":")[0]), hdf5.lazy(group[layer][name], name))
    return found


def _layer(path: str) -> str:
    """Our name of a Keras 2 layer: `conv1/conv` is `conv1_conv`; a nested model's own name goes."""
    name = path.replace("/", "_")
    return next((known for known in _BACKBONE if name == known or name.endswith(f"densenet121_{known}")), name)


def _keras3(file: Any, config: dict[str, Any] | None) -> dict[tuple[str, str], Lazy]:
    layers = file["layers"] if "layers" in file else file["_layer_checkpoint_dependencies"]
    names = keras_config.names_by_slot(config) if config else {}
    found: dict[tuple[str, str], Lazy] = {}
    for slot in sorted(layers, key=_natural):
        values = layers[slot].get("vars", {})
        if not len(values):
            continue
        kind, number = _slot(slot)
        if kind not in _ORDER or len(values) > len(_ORDER[kind]):
            raise PresetError(f"The layer {slot!r} of the file is of no kind that a DenseNet has.")
        owner = names.get(slot) or _by_number(kind, number)
        for place in sorted(values, key=int):
            _add(found, (owner, _ORDER[kind][int(place)]), hdf5.lazy(values[place], f"{slot}/vars/{place}"))
    return found


def _slot(slot: str) -> tuple[str, int]:
    match = re.fullmatch(r"([a-z0-9_]*?[a-z2]d?)(?:_(\d+))?", slot)
    return (match[1], int(match[2] or 0)) if match else (slot, 0)


def _natural(slot: str) -> tuple[str, int]:
    return _slot(slot)


def _by_number(kind: str, number: int) -> str:
    """The name of the layer that is number `number` of its kind, from 0."""
    if kind == _DENSE:
        return f"{_DENSE}_{number}"
    kinds = [name for name in _BACKBONE if name.endswith("conv") == (kind == "conv2d")]
    return kinds[number] if number < len(kinds) else f"{kind}_{number}"


def _add(found: dict[tuple[str, str], Lazy], name: tuple[str, str], tensor: Lazy) -> None:
    if name in found:
        raise PresetError(f"The file holds {name[0]}/{name[1]} twice: {found[name].origin!r} and {tensor.origin!r}.")
    found[name] = tensor


def _with_head(named: dict[tuple[str, str], Lazy]) -> dict[str, Lazy]:
    """Our names for all: dense layers above the backbone are hidden layers in their order, the last one the scores."""
    heads = list(dict.fromkeys(_heads(named)))
    ours = {name: hidden_name(place) for place, name in enumerate(heads[:-1])}
    ours |= {heads[-1]: "predictions"} if heads else {}
    return {f"{ours.get(layer, layer)}/{variable}": tensor for (layer, variable), tensor in named.items()}


def _heads(named: dict[tuple[str, str], Lazy]) -> Iterator[str]:
    for (layer, variable), tensor in named.items():
        if layer not in _BACKBONE and variable == "kernel" and len(tensor.shape) == 2:
            yield layer
