"""Average precision, always beside the prevalence that it must be read against."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score

from tchexnet.evaluation.inputs import labelled


@dataclass(frozen=True)
class AveragePrecision:
    """Average precision; scores without information reach about the prevalence, not 0.5.

    Args:
        value: in (0, 1], or NaN without a positive.
        prevalence: positives / n in [0, 1], or NaN without images.
        n: labelled images.
        positives: positive images among them.
        reason: why the value is NaN; None where it is not.
    """

    value: float
    prevalence: float
    n: int
    positives: int
    reason: str | None = None


def average_precision(y: ArrayLike, scores: ArrayLike) -> AveragePrecision:
    """Average precision without interpolation, as scikit-learn's `average_precision_score`.

    Args:
        y: (n,) of 1, 0 or NaN; rows with NaN are dropped.
        scores: (n,), any range, higher means more likely positive.

    Raises:
        DataError: as `auc` does.
    """
    truth, (kept,) = labelled(y, scores)
    n, positives = len(truth), int(truth.sum())
    prevalence = positives / n if n else nan
    if not positives:
        reason = f"no positive among {n} image{'s' * (n > 1)}" if n else "no labelled image"
        return AveragePrecision(nan, prevalence, n, positives, reason)
    return AveragePrecision(float(average_precision_score(truth, kept)), prevalence, n, positives)
