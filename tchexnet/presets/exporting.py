"""Export a preset's network for another tool, and measure how far its scores are from those of the preset."""

from __future__ import annotations

import importlib.util
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

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


class Parity(NamedTuple):
    """How far the written network is from the preset: the largest difference, and of what."""

    difference: float
    of: str = "a score"


def export(preset: Preset, form: str, out: Path) -> Parity:
    """Write `preset`'s network to `out`.

    Args:
        form: `keras`, `openvino`, `onnx`, `litert`, or `safetensors` under torchvision's names.

    Returns:
        The largest difference between a score of the written network and one of the preset, on synthetic input; for
        safetensors, of a score that torchvision computes where it is installed, else of a weight.

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


def _safetensors(preset: Preset, out: Path) -> Parity:
    from tchexnet.presets import frameworks
    from tchexnet.presets.importers import reading

    notes = {"format": "pt", "labels": ",".join(preset.labels), "batch_norm_epsilon": repr(preset.epsilon)}
    save_file(torch_state(preset), out, notes)
    if importlib.util.find_spec("torchvision") is not None:
        parity = _parity(preset, lambda batch: frameworks.torchvision(load_file(out), batch)[0])
        return parity._replace(of="a score in torchvision")
    ours = load_file(preset.path(presets.WEIGHTS))
    with reading.opened(out) as checkpoint:
        again = checkpoint.weights()
    return Parity(max(float(abs(again[name] - ours[name].astype(np.float32)).max()) for name in again), "a weight")


def _keras(preset: Preset, out: Path) -> Parity:
    from tchexnet.presets import keras_weights

    _named(out, ".keras", "Keras")
    keras_weights.build(preset).save(out)
    return _parity(preset, lambda batch: np.asarray(keras_weights.load(out).predict_on_batch(batch)))


def _openvino(preset: Preset, out: Path) -> Parity:
    _named(out, ".xml", "OpenVINO")
    shutil.copyfile(preset.path(presets.NETWORK), out)
    shutil.copyfile(preset.path(presets.NETWORK_DATA), out.with_suffix(".bin"))
    return _parity(preset, lambda batch: OpenVINOEngine(out).run(batch).scores)


def _onnx(preset: Preset, out: Path) -> Parity:
    import onnxruntime

    _named(out, ".onnx", "ONNX")
    with warnings.catch_warnings():
        # keras 3.15 asks for `np.object` before it lets tf2onnx convert; numpy warns of every such question.
        warnings.filterwarnings("ignore", "In the future `np.object`", FutureWarning)
        _model(preset).export(str(out), format="onnx", verbose=False)

    def run(batch: Scores) -> Scores:
        session = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
        return session.run(None, {session.get_inputs()[0].name: batch})[0]

    return _parity(preset, run)


def _litert(preset: Preset, out: Path) -> Parity:
    from ai_edge_litert.interpreter import Interpreter

    _named(out, ".tflite", "LiteRT")
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


def _named(out: Path, suffix: str, library: str) -> None:
    if out.suffix != suffix:
        raise PresetError(f"{library} wants a file name that ends with {suffix}, not {out.name!r}.")


def _model(preset: Preset) -> Any:
    """The network after its first call: Keras's ONNX exporter refuses one that was never called."""
    from tchexnet.presets import keras_weights

    model = keras_weights.build(preset)
    model.predict_on_batch(inputs(preset, 1))
    return model


def _parity(preset: Preset, run: Callable[[Scores], Scores]) -> Parity:
    batch = inputs(preset, 2)
    ours = OpenVINOEngine(preset.path(presets.NETWORK)).run(batch).scores
    return Parity(float(abs(run(batch) - ours).max()))


FORMS: dict[str, Callable[[Preset, Path], Parity]] = {
    "keras": _keras,
    "openvino": _openvino,
    "onnx": _onnx,
    "litert": _litert,
    "safetensors": _safetensors,
}
