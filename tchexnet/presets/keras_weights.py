"""Between a Keras model and a preset's files. Whoever only predicts on a CPU never imports this module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from tchexnet.errors import PresetError
from tchexnet.models import chexnet, densenet, tchexnet
from tchexnet.presets import preset as presets
from tchexnet.presets.preset import Preset
from tchexnet.runtime.quiet import openvino, opset15


def build(preset: Preset) -> keras.Model:
    """The preset's network in Keras, with its weights."""
    model = empty(preset)
    assign(model, load_file(preset.path(presets.WEIGHTS)))
    return model


def empty(preset: Preset) -> keras.Model:
    """The preset's network in Keras, with random weights."""
    model = _empty(preset)
    densenet.set_epsilon(model, preset.epsilon)
    return model


def export(model: keras.Model, preset: Preset, half: bool = True) -> None:
    """Write weights and OpenVINO network into the preset's folder, and seal nothing yet.

    With `half`, kernels are rounded to float16 first, in `model` too, so that every engine reads the same numbers.
    """
    stored = {key: _rounded(value, half) for key, value in tensors(model).items()}
    assign(model, stored)
    preset.folder.mkdir(parents=True, exist_ok=True)
    save_file(stored, preset.folder / presets.WEIGHTS)
    (preset.folder / presets.WEIGHTS).chmod(0o644)  # safetensors writes it for its owner alone
    _export_openvino(model, preset.folder / presets.NETWORK)


def tensors(model: keras.Model) -> dict[str, NDArray[np.float32]]:
    """Every variable of `model`, by `layer/variable`."""
    return {_key(layer, weight): np.asarray(weight) for layer in model.layers for weight in layer.weights}


def framework() -> Any:
    """Keras itself, for whoever compares with it."""
    return keras


def load(path: Path) -> keras.Model:
    """A `.keras` file that `presets export` wrote."""
    return keras.saving.load_model(path, compile=False)


def assign(model: keras.Model, given: dict[str, NDArray[Any]]) -> None:
    """Give every variable of `model` its tensor, by name.

    Raises:
        PresetError: a tensor is missing, left over, or of another shape; nothing is assigned then.
    """
    variables = {_key(layer, weight): weight for layer in model.layers for weight in layer.weights}
    missing, extra = sorted(set(variables) - set(given)), sorted(set(given) - set(variables))
    if missing or extra:
        raise PresetError(f"The weights do not fit {model.name}: missing {missing[:3]}, left over {extra[:3]}.")
    for key, variable in variables.items():
        if tuple(variable.shape) != given[key].shape:
            raise PresetError(f"{key} expects {tuple(variable.shape)}; the file holds {given[key].shape}.")
    for key, variable in variables.items():
        variable.assign(given[key].astype(np.float32))


def _empty(preset: Preset) -> keras.Model:
    shape, outputs = preset.recipe.input_shape, len(preset.labels)
    if not preset.units:
        return chexnet.build(shape, outputs, preset.name)
    return tchexnet.build(shape, outputs, preset.units, preset.name)


def _key(layer: keras.Layer, weight: keras.Variable) -> str:
    return f"{layer.name}/{weight.name}"


def _rounded(value: NDArray[np.float32], half: bool) -> NDArray[Any]:
    return np.ascontiguousarray(value.astype(np.float16) if half and value.ndim > 1 else value.astype(np.float32))


def _export_openvino(model: keras.Model, path: Path) -> None:
    whole = path.with_name("whole.xml")
    densenet.tapped(model).export(str(whole), format="openvino", verbose=False)
    network = openvino.Core().read_model(whole)
    _halve(network)
    openvino.save_model(network, path, compress_to_fp16=False)
    del network
    for leftover in (whole, whole.with_suffix(".bin")):
        leftover.unlink()


def _halve(network: openvino.Model) -> None:
    """Store each constant that float16 holds exactly as float16, with a conversion that compiling folds away."""
    for node in network.get_ops():
        if node.get_type_name() != "Constant" or node.get_element_type() != openvino.Type.f32:
            continue
        values = node.get_data()
        half = values.astype(np.float16)
        if values.size < 1000 or not np.array_equal(half.astype(np.float32), values):
            continue
        targets = list(node.output(0).get_target_inputs())
        wide = opset15.convert(opset15.constant(half), "f32")
        for target in targets:
            target.replace_source_output(wide.output(0))


def export_network(model: keras.Model, path: Path) -> None:
    """Write any Keras model as an OpenVINO network in float32: `path` ends in `.xml`, its `.bin` stands beside it."""
    model.export(str(path), format="openvino", verbose=False)
