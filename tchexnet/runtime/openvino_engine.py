"""Inference by OpenVINO: the engine for CPUs. Loads neither Keras nor TensorFlow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import EngineError
from tchexnet.runtime.engine import Outputs, Precision
from tchexnet.runtime.quiet import openvino

_HINTS = {"fp32": "f32", "bf16": "bf16"}


class OpenVINOEngine:
    """An exported network on this machine's processor.

    Args:
        network: the `.xml` file; its `.bin` stands beside it.
        precision: `fp32`, or `bf16` where the processor computes in bfloat16. Always set: left alone, OpenVINO picks
            bf16 wherever it can.
        threads: how many to use; None leaves it to OpenVINO.
        size: height and width of the input, where it is not to be the exported one; None leaves that.

    Raises:
        EngineError: the processor has no bfloat16, or the file is no network with three outputs.
    """

    name = "openvino"

    def __init__(
        self, network: Path, precision: Precision = "fp32", threads: int | None = None, size: int | None = None
    ) -> None:
        core = openvino.Core()
        if precision not in _HINTS:
            raise EngineError(f"{precision!r} is no precision of this engine; use one of {', '.join(_HINTS)}.")
        if precision == "bf16" and not has_bf16():
            raise EngineError("This processor does not compute in bfloat16; leave --precision at fp32.")
        settings: dict[str, object] = {"INFERENCE_PRECISION_HINT": _HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
        if threads is not None:
            settings["INFERENCE_NUM_THREADS"] = threads
        self.precision: Precision = precision
        model = core.read_model(network)
        if size is not None:
            model.reshape([-1, size, size, model.input(0).partial_shape[3].get_length()])
        self._compiled = core.compile_model(model, "CPU", settings)
        if len(self._compiled.outputs) != 3:
            raise EngineError(
                f"{network} has {len(self._compiled.outputs)} outputs; scores, features and feature map are needed."
            )

    def run(self, batch: NDArray[np.float32]) -> Outputs:
        """See `Engine.run`."""
        results = self._compiled(np.ascontiguousarray(batch, np.float32))
        return Outputs(*(np.array(results[i], np.float32) for i in range(3)))


def has_bf16() -> bool:
    """Whether this machine's processor computes in bfloat16."""
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class Mapping:
    """Any exported network with one input and one output, such as the frozen part of a network in training.

    Args:
        network, precision: as for `OpenVINOEngine`.

    Raises:
        EngineError: the processor has no bfloat16.
    """

    def __init__(self, network: Path, precision: Precision = "fp32") -> None:
        if precision == "bf16" and not has_bf16():
            raise EngineError("This processor does not compute in bfloat16; use the precision fp32.")
        core = openvino.Core()
        settings = {"INFERENCE_PRECISION_HINT": _HINTS[precision], "PERFORMANCE_HINT": "LATENCY"}
        self._compiled = core.compile_model(core.read_model(network), "CPU", settings)

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output for a batch, float32."""
        return np.array(self._compiled(np.ascontiguousarray(batch, np.float32))[0], np.float32)
