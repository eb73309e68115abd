"""Class activation maps in closed form, from the feature map and the head that stands on its mean.

The network ends in a mean over the grid and one or more dense layers with ReLU between them. The gradient of a logit by
the feature map is therefore the same in every cell: the gradient by the pooled features, over the number of cells. For
CheXNet's one dense layer it is the column of weights, and the map is CAM (Zhou et al. 2016, section 2); for tCheXNet's
two it depends on which hidden units are active, and the map is Grad-CAM before its ReLU (Selvaraju et al. 2017,
equations 1 and 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Head: TypeAlias = Sequence[tuple[Floats, Floats]]
"""Dense layers as (kernel (inputs, units), bias (units,)), lowest first; ReLU after each but the last."""


def logits(head: Head, features: Floats) -> Floats:
    """What the head says before the sigmoid: (..., channels) to (..., labels)."""
    *hidden, (kernel, bias) = head
    for weights, offsets in hidden:
        features = np.maximum(features @ weights + offsets, 0)
    return np.asarray(features @ kernel + bias, np.float32)


def gradient(head: Head, features: Floats, output: int) -> Floats:
    """The gradient of one logit by the pooled features (channels,), at these features: (channels,) float32."""
    masks = []
    for kernel, bias in head[:-1]:
        features = features @ kernel + bias
        masks.append(features > 0)
        features = np.maximum(features, 0)
    slope = head[-1][0][:, output]
    for (kernel, _), active in zip(reversed(head[:-1]), reversed(masks), strict=True):
        slope = kernel @ (slope * active)
    return np.asarray(slope, np.float32)


def cam(feature_map: Floats, head: Head, output: int) -> Floats:
    """What each cell adds to a logit, with its sign: (g, g, channels) to (g, g) float32.

    For one dense layer the sum over the grid and the bias are the logit. With hidden layers the bias is that of the
    linear function which the head is around these features (`offset`).
    """
    cells = feature_map.shape[0] * feature_map.shape[1]
    return np.asarray(feature_map @ gradient(head, feature_map.mean((0, 1)), output) / cells, np.float32)


def offset(feature_map: Floats, head: Head, output: int) -> float:
    """What the logit has beside the sum of `cam`: the bias, seen through the active hidden units."""
    features = feature_map.mean((0, 1))
    return float(logits(head, features)[output] - features @ gradient(head, features, output))


def odds(feature_map: Floats, head: Head, output: int, prevalence: float) -> Floats:
    """How the odds of a radiograph made of one cell alone compare with the training images': (g, g) float32.

    The logit that the head gives to the cell's own features, less the logit of the prevalence in (0, 1). Above 0, the
    cell speaks for the finding more than an unseen training image would.
    """
    return logits(head, feature_map)[..., output] - np.float32(log(prevalence / (1 - prevalence)))
