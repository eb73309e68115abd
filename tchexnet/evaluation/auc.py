"""Area under the ROC curve with its interval.

The chance that a positive image scores above a negative one, ties counting half. The interval takes images as
independent; where patients have several images, `bootstrap.py` gives the honest, wider one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from numpy.typing import ArrayLike

from tchexnet.evaluation.delong import normal_interval, placements, variance
from tchexnet.evaluation.inputs import check_level, labelled, why_undefined


@dataclass(frozen=True)
class AUC:
    """An AUC, its interval, and what it was measured on.

    Args:
        value: in [0, 1], or NaN where undefined.
        low: lower end of the interval, in [0, 1] or NaN.
        high: upper end of the interval, in [0, 1] or NaN.
        n: labelled images.
        positives: positive images among them.
        reason: why a number is NaN or must not be trusted; None where all is well.
    """

    value: float
    low: float
    high: float
    n: int
    positives: int
    reason: str | None = None

    @property
    def prevalence(self) -> float:
        """positives / n, NaN without images."""
        return self.positives / self.n if self.n else nan


def auc(y: ArrayLike, scores: ArrayLike, *, level: float = 0.95) -> AUC:
    """Mann-Whitney AUC with DeLong's interval on the plain scale, as pROC's `ci.auc(method="delong")`.

    Args:
        y: (n,) of 1, 0 or NaN; rows with NaN are dropped.
        scores: (n,), any range, higher means more likely positive.
        level: of the interval, in (0, 1).

    Raises:
        DataError: y holds another value, the lengths differ, or a score of a labelled row is NaN or infinite.

    Source: DeLong et al. 1988; Sun & Xu 2014.
    """
    check_level(level)
    truth, (kept,) = labelled(y, scores)
    n, positives = len(truth), int(truth.sum())
    if reason := why_undefined(truth):
        return AUC(nan, nan, nan, n, positives, reason)
    placed = placements(truth, kept)
    spread = variance(placed)
    low, high = normal_interval(placed.auc, spread, level, lowest=0.0)
    return AUC(placed.auc, low, high, n, positives, _caveat(positives, n - positives, spread))


def _caveat(positives: int, negatives: int, spread: float) -> str | None:
    """Why the interval is missing (one image on a side) or empty (zero variance, where DeLong cannot see any doubt)."""
    if min(positives, negatives) == 1:
        return f"one {'positive' if positives == 1 else 'negative'} alone: no DeLong interval"
    if spread == 0:
        return "perfect separation or equal scores: DeLong's variance is 0, so the interval states no doubt"
    return None
