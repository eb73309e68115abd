"""Binary cross-entropy that leaves out what nobody knows."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tchexnet")
def masked_bce(y: keras.KerasTensor, scores: keras.KerasTensor) -> keras.KerasTensor:
    """Mean binary cross-entropy over the labels that are 0 to 1; NaN labels neither count nor carry a gradient.

    Args:
        y: (n, labels), 1 present, 0 absent, NaN not known.
        scores: (n, labels) in [0, 1].
    """
    known = ops.cast(ops.logical_not(ops.isnan(y)), "float32")
    target = ops.where(ops.isnan(y), 0.0, y)
    scores = ops.clip(ops.cast(scores, "float32"), 1e-7, 1 - 1e-7)
    entropy = -(target * ops.log(scores) + (1 - target) * ops.log(1 - scores))
    return ops.sum(entropy * known) / ops.maximum(ops.sum(known), 1.0)
