"""Binary cross-entropy that leaves out what nobody knows, and its weighted, smoothed and three-way forms."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from tchexnet.training.config import Config

Loss = Callable[[keras.KerasTensor, keras.KerasTensor], keras.KerasTensor]
EPSILON = 1e-7


def for_config(config: Config, y: NDArray[np.float32]) -> Loss:
    """The configuration's loss.

    Args:
        y: (n, L) training labels, which `weighting = "balanced"` counts.
    """
    if config.head == "three-way":
        return three_way
    if config.weighting == "none" and not config.label_smoothing:
        return masked_bce
    negative, positive = balance(y) if config.weighting == "balanced" else (np.ones(y.shape[1], np.float32),) * 2
    return weighted(negative, positive, config.label_smoothing)


@keras.saving.register_keras_serializable("tchexnet")
def masked_bce(y: keras.KerasTensor, scores: keras.KerasTensor) -> keras.KerasTensor:
    """Mean binary cross-entropy over the labels that are 0 to 1; NaN labels neither count nor carry a gradient.

    Args:
        y: (n, labels), 1 present, 0 absent, NaN not known.
        scores: (n, labels) in [0, 1].
    """
    known = ops.cast(ops.logical_not(ops.isnan(y)), "float32")
    target = ops.where(ops.isnan(y), 0.0, y)
    scores = ops.clip(ops.cast(scores, "float32"), EPSILON, 1 - EPSILON)
    entropy = -(target * ops.log(scores) + (1 - target) * ops.log(1 - scores))
    return ops.sum(entropy * known) / ops.maximum(ops.sum(known), 1.0)


def weighted(negative: NDArray[np.float32], positive: NDArray[np.float32], smoothing: float = 0.0) -> Loss:
    """`masked_bce` with a weight for the absent and the present half of each label.

    Args:
        negative, positive: (L,) weights; see `balance`.
        smoothing: targets move from 0 and 1 to s/2 and 1 - s/2.
    """

    def loss(y: keras.KerasTensor, scores: keras.KerasTensor) -> keras.KerasTensor:
        known = ops.cast(ops.logical_not(ops.isnan(y)), "float32")
        target = ops.where(ops.isnan(y), 0.0, y) * (1 - smoothing) + smoothing / 2
        scores = ops.clip(ops.cast(scores, "float32"), EPSILON, 1 - EPSILON)
        entropy = -(positive * target * ops.log(scores) + negative * (1 - target) * ops.log(1 - scores))
        return ops.sum(entropy * known) / ops.maximum(ops.sum(known), 1.0)

    return loss


def balance(y: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights of absent and present, (L,) each: n / (2 n0) and n / (2 n1), so that the rarer class weighs more and the
    mean weight is 1. A label that lacks one of them keeps the weights 1.

    The tCheXNet paper's code weighted class k by its own frequency: the wrong way round.
    """
    present = np.nansum(y, axis=0)
    known = np.sum(~np.isnan(y), axis=0)
    absent = known - present
    both = (present > 0) & (absent > 0)
    weights = [np.where(both, known / (2 * np.maximum(part, 1e-9)), 1.0) for part in (absent, present)]
    return weights[0].astype(np.float32), weights[1].astype(np.float32)


@keras.saving.register_keras_serializable("tchexnet")
def three_way(y: keras.KerasTensor, classes: keras.KerasTensor) -> keras.KerasTensor:
    """Mean cross-entropy of three classes over the labels that are known.

    Args:
        y: (n, labels): a target in [0, 1] as in `masked_bce`, 2 for uncertain, NaN not known.
        classes: (n, labels, 3) probabilities of absent, present and uncertain. Source: Irvin et al. 2019, U-MultiClass.
    """
    known = ops.cast(ops.logical_not(ops.isnan(y)), "float32")
    unsure = ops.cast(ops.equal(y, 2.0), "float32")
    present = ops.where(ops.isnan(y), 0.0, y) * (1 - unsure)
    target = ops.stack([(1 - present) * (1 - unsure), present, unsure], axis=-1)
    entropy = -ops.sum(target * ops.log(ops.clip(ops.cast(classes, "float32"), EPSILON, 1.0)), axis=-1)
    return ops.sum(entropy * known) / ops.maximum(ops.sum(known), 1.0)


def masked_bce_value(y: NDArray[np.float32], scores: NDArray[np.float32]) -> float:
    """`masked_bce` of arrays, in NumPy, where uncertain labels (2) count as not known; NaN where nothing is known."""
    known = (y >= 0) & (y <= 1)
    if not known.any():
        return float("nan")
    p, target = np.clip(scores[known].astype(np.float64), EPSILON, 1 - EPSILON), y[known]
    return float(-np.mean(target * np.log(p) + (1 - target) * np.log(1 - p)))
