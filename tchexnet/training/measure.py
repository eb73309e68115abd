"""How good an epoch is: one number from the validation scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tchexnet.evaluation.auc import auc

MIN_POSITIVES = 10


def macro_auc(y: NDArray[np.float32], scores: NDArray[np.float32]) -> float:
    """Mean AUC over the labels with at least `MIN_POSITIVES` positives, or over all that are defined if none has.

    NaN where none is defined. Uncertain labels (2) count as not known.
    """
    y = np.where(y > 1, np.nan, y)
    common = [i for i in range(y.shape[1]) if np.nansum(y[:, i]) >= MIN_POSITIVES]
    values = [auc(y[:, i], scores[:, i]).value for i in common or range(y.shape[1])]
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
