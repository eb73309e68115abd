"""The protocol of inference: a batch of network input in; scores, features and feature map out, of one forward pass."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Precision = Literal["fp32", "bf16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "int8")


class Outputs(NamedTuple):
    """What one forward pass gives.

    Args:
        scores: (n, labels) float32 in [0, 1], the sigmoid outputs.
        features: (n, 1024) float32, after ReLU and average pooling.
        feature_map: (n, size/32, size/32, 1024) float32, after ReLU, before pooling.
    """

    scores: NDArray[np.float32]
    features: NDArray[np.float32]
    feature_map: NDArray[np.float32]


class Engine(Protocol):
    """Runs one network. Engines differ in speed, not in meaning: a test compares their values."""

    name: str
    precision: Precision

    def run(self, batch: NDArray[np.float32]) -> Outputs:
        """One forward pass over (n, size, size, channels) float32, normalised by the preset's recipe."""
        ...
