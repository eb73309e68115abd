"""Inference by Keras: the reference, and the engine for GPUs."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import EngineError
from tchexnet.runtime.engine import Outputs, Precision


class KerasEngine:
    """A Keras model with the outputs scores, features and feature map.

    Args:
        model: what `tchexnet.models.densenet.tapped` returns.
        precision: `fp32`; anything else is refused, since a Keras model's precision is fixed when it is built.
    """

    name = "keras"

    def __init__(self, model: keras.Model, precision: Precision = "fp32") -> None:
        if precision != "fp32":
            raise EngineError(
                f"The Keras engine computes in fp32, not {precision!r}; use the OpenVINO engine for that."
            )
        self.precision: Precision = precision
        self.model = model

    def run(self, batch: NDArray[np.float32]) -> Outputs:
        """See `Engine.run`."""
        return Outputs(*(np.asarray(output, np.float32) for output in self.model.predict_on_batch(batch)))
