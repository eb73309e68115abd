"""Keras 2 files written with h5py alone."""

import json
from pathlib import Path

import h5py


def keras2(path: Path, ours: dict, whole: bool = False, heads: tuple[str, ...] = ("predictions",)) -> Path:
    """A Keras 2 file, with `conv1/conv` for the stem and `heads` for the dense layers, if there are any."""
    layers: dict[str, dict] = {}
    dense = [name for name in dict.fromkeys(key.split("/")[0] for key in ours) if name.startswith(("hidden", "pred"))]
    renamed = dict(zip(dense, heads if dense else (), strict=True))
    for key, values in ours.items():
        layer, variable = key.split("/")
        layer = renamed.get(layer, layer).replace("conv1_", "conv1/", layer[:6] == "conv1_")
        layers.setdefault(layer, {})[f"{layer}/{variable}:0"] = values
    with h5py.File(path, "w") as file:
        group = file.create_group("model_weights") if whole else file
        group.attrs["layer_names"] = [layer.encode() for layer in layers]
        for layer, held in layers.items():
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = [name.encode() for name in held]
            for name, values in held.items():
                inner[name] = values
        if whole:
            file.create_group("optimizer_weights")
            file.attrs["model_config"] = json.dumps(config(heads)).encode()
    return path


def config(heads: tuple[str, ...], **other) -> dict:
    dense = [{"class_name": "Dense", "config": {"name": h, "activation": "relu"}} for h in heads]
    dense[-1]["config"]["activation"] = "sigmoid"
    norm = {"class_name": "BatchNormalization", "config": {"name": "bn", "epsilon": 0.002}}
    start = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 96, 96, 3]}}
    return {"class_name": "Model", "config": {"layers": [start, norm, *dense, *other.values()]}}
