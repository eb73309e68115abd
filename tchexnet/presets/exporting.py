"""Export a preset's network for another tool, and measure how far its scores are from those of the preset."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from tchexnet.errors import PresetError
from tchexnet.presets import preset as presets
from tchexnet.presets.importers.network import torch_named
from tchexnet.presets.preset import Preset
from tchexnet.presets.verifying import inputs
from tchexnet.runtime.openvino_engine import OpenVINOEngine

Scores = NDArray[np.float32]


def export(preset: Preset, form: str, out: Path) -> float:
    """Write `preset`'s network to `out`.

    Args:
        form: `keras`, `openvino`, `onnx`, `litert`, or `safetensors` under torchvision's names.

    Returns:
        The largest difference between a score of the written network and one of the preset, on synthetic input;
        for safetensors, between two weights.

    Raises:
        PresetError: the form is unknown, or the library that it needs is not installed.
    """
    if form not in FORMS:
        raise PresetError(f"{form!r} is no format; use {', '.join(FORMS)}.")
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        return FORMS[form](preset, out)
    except ImportError as error:
        raise PresetError(f"The format {form!r} needs a library ({error}): pip install 'tchexnet[export]'.") from error


def torch_state(preset: Preset) -> dict[str, NDArray[np.float32]]:
    """The weights under torchvision's names and with its order of axes, in float32."""
    ours = load_file(preset.path(presets.WEIGHTS))
    return torch_named({name: values.astype(np.float32) for name, values in ours.items()})


def _safetensors(preset: Preset, out: Path) -> float:
    from tchexnet.presets.importers import reading

    notes = {"format": "pt", "labels": ",".join(preset.labels), "batch_norm_epsilon": repr(preset.epsilon)}
    save_file(torch_state(preset), out, notes)
    ours = load_file(preset.path(presets.WEIGHTS))
    with reading.opened(out) as checkpoint:
        again = checkpoint.weights()
    return max(float(abs(again[name] - ours[name].astype(np.float32)).max()) for name in again)


def _keras(preset: Preset, out: Path) -> float:
    from tchexnet.presets import keras_weights

    if out.suffix != ".keras":
        raise PresetError(f"Keras wants a file name that ends with .keras, not {out.name!r}.")
    keras_weights.build(preset).save(out)
    return _parity(preset, lambda batch: np.asarray(keras_weights.load(out).predict_on_batch(batch)))


def _openvino(preset: Preset, out: Path) -> float:
    if out.suffix != ".xml":
        raise PresetError(f"OpenVINO wants a file name that ends with .xml, not {out.name!r}.")
    shutil.copyfile(preset.path(presets.NETWORK), out)
    shutil.copyfile(preset.path(presets.NETWORK_DATA), out.with_suffix(".bin"))
    return _parity(preset, lambda batch: OpenVINOEngine(out).run(batch).scores)


def _onnx(preset: Preset, out: Path) -> float:
    import onnxruntime

    _model(preset).export(str(out), format="onnx", verbose=False)

    def run(batch: Scores) -> Scores:
        session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
        return session.run(None, {session.get_inputs()[0].name: batch})[0]

    return _parity(preset, run)


def _litert(preset: Preset, out: Path) -> float:
    from ai_edge_litert.interpreter import Interpreter

    _model(preset).export(str(out), format="litert", verbose=False)

    def run(batch: Scores) -> Scores:
        interpreter = Interpreter(str(out))
        entry, end = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
        interpreter.resize_tensor_input(entry, batch.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(entry, batch)
        interpreter.invoke()
        return interpreter.get_tensor(end)

    return _parity(preset, run)


def _model(preset: Preset) -> Any:
    from tchexnet.presets import keras_weights

    return keras_weights.build(preset)


def _parity(preset: Preset, run: Callable[[Scores], Scores]) -> float:
    batch = inputs(preset, 2)
    ours = OpenVINOEngine(preset.path(presets.NETWORK)).run(batch).scores
    return float(abs(run(batch) - ours).max())


FORMS: dict[str, Callable[[Preset, Path], float]] = {
    "keras": _keras,
    "openvino": _openvino,
    "onnx": _onnx,
    "litert": _litert,
    "safetensors": _safetensors,
}
