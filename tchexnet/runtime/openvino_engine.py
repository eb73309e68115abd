"""Inference by OpenVINO: the engine for CPUs. Loads neither Keras nor TensorFlow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import EngineError
from tchexnet.runtime.engine import Outputs, Precision
from tchexnet.runtime.pooling import read_network
from tchexnet.runtime.quiet import openvino
from tchexnet.runtime.stem import read_one_channel

_HINTS = {"fp32": "f32", "bf16": "bf16", "int8": "f32"}


class OpenVINOEngine:
    """An exported network on this machine's processor. Any number of threads may call `run` at once.

    Args:
        network: the `.xml` file; its `.bin` stands beside it.
        precision: `fp32`; `bf16` where the processor computes in bfloat16; `int8` for a network that was quantised, the
            rest of which is computed in float32. Always set: left alone, OpenVINO picks bf16 wherever it can.
        streams: how many batches are computed at once, each on one thread; fastest where many threads wait for answers,
            and an answer then does not depend on how many cores there are. None: one at a time, on all cores.
        size: height and width of the input, where it is not to be the exported one; None leaves that.
        batch: how many inputs every call brings, which is a little faster than any number; None: any number.
        grey: (mean, std), a number a channel, by which one grey image was normalised into the channels of an input;
            all but the first are then left alone, which is a little faster. None: channels may hold anything.

    Raises:
        EngineError: the processor has no bfloat16, or the file is no network with three outputs.
    """

    name = "openvino"

    def __init__(
        self,
        network: Path,
        precision: Precision = "fp32",
        streams: int | None = None,
        size: int | None = None,
        batch: int | None = None,
        grey: tuple[Sequence[float], Sequence[float]] | None = None,
    ) -> None:
        core = openvino.Core()
        if precision not in _HINTS:
            raise EngineError(f"{precision!r} is no precision of this engine; use one of {', '.join(_HINTS)}.")
        if precision == "bf16" and not has_bf16():
            raise EngineError("This processor does not compute in bfloat16; leave --precision at fp32.")
        self.precision: Precision = precision
        settings = {"INFERENCE_PRECISION_HINT": _HINTS[precision], **_parallel(streams)}
        model = read_network(network)
        if size is not None:
            model.reshape([batch or -1, size, size, model.input(0).partial_shape[3].get_length()])
        if grey is not None:
            read_one_channel(model, *grey)
        self._compiled = core.compile_model(model, "CPU", settings)
        if len(self._compiled.outputs) != 3:
            raise EngineError(
                f"{network} has {len(self._compiled.outputs)} outputs; scores, features and feature map are needed."
            )
        self._infer = _by_thread(self._compiled)

    def run(self, batch: NDArray[np.float32]) -> Outputs:
        """See `Engine.run`."""
        results = self._infer(batch)
        return Outputs(*(np.array(results[i], np.float32) for i in range(3)))


def _by_thread(compiled: Any) -> Callable[[NDArray[np.float32]], Any]:
    """Computes a batch with a request of the calling thread's own."""
    requests = threading.local()

    def infer(batch: NDArray[np.float32]) -> Any:
        if not hasattr(requests, "one"):
            requests.one = compiled.create_infer_request()
        return requests.one.infer(np.ascontiguousarray(batch, np.float32), share_inputs=True)

    return infer


def _parallel(streams: int | None) -> dict[str, object]:
    if streams is None:
        return {"PERFORMANCE_HINT": "LATENCY"}
    # Not pinned: the threads that decode images share the cores, and the system places all of them better.
    return {"NUM_STREAMS": streams, "INFERENCE_NUM_THREADS": streams, "ENABLE_CPU_PINNING": False}


def has_bf16() -> bool:
    """Whether this machine's processor computes in bfloat16."""
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class Mapping:
    """Any exported network with one input and one output, such as the frozen part of a network in training.

    Any number of threads may call `run` at once.

    Args:
        network, precision, streams: as for `OpenVINOEngine`.

    Raises:
        EngineError: the processor has no bfloat16.
    """

    def __init__(self, network: Path, precision: Precision = "fp32", streams: int | None = None) -> None:
        if precision == "bf16" and not has_bf16():
            raise EngineError("This processor does not compute in bfloat16; use the precision fp32.")
        core = openvino.Core()
        settings = {"INFERENCE_PRECISION_HINT": _HINTS[precision], **_parallel(streams)}
        self._infer = _by_thread(core.compile_model(read_network(network), "CPU", settings))

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output for a batch, float32."""
        return np.array(self._infer(batch)[0], np.float32)
