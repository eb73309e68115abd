"""Placements: the values whose mean is an AUC and whose variance is its uncertainty.

Source: DeLong, DeLong & Clarke-Pearson 1988; computed from midranks in O(n log n) after Sun & Xu 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from tchexnet.evaluation.inputs import Floats


@dataclass(frozen=True)
class Placements:
    """How one score vector places its images.

    Args:
        positives: (p,) in [0, 1]: share of the negatives that stand below each positive, ties counting half.
        negatives: (q,) in [0, 1]: share of the positives that stand above each negative, ties counting half.
    """

    positives: Floats
    negatives: Floats

    @property
    def auc(self) -> float:
        """The AUC: the mean placement of the positives, and of the negatives too."""
        return float(self.positives.mean())


def placements(truth: NDArray[np.bool_], scores: Floats) -> Placements:
    """Placements of scores (n,) by truth (n,), which holds at least one positive and one negative."""
    ranks = rankdata(scores)
    p, q = int(truth.sum()), int((~truth).sum())
    below = (ranks[truth] - rankdata(scores[truth])) / q
    above = 1 - (ranks[~truth] - rankdata(scores[~truth])) / p
    return Placements(below, above)


def variance(placed: Placements) -> float:
    """DeLong's variance of the AUC; NaN where one positive or one negative stands alone."""
    total = _variance_of_mean(placed.positives) + _variance_of_mean(placed.negatives)
    # One differing placement among 1e5 x 1e5 gives 1e-21, rounding gives 1e-32: what lies below is 0.
    return 0.0 if total < 1e-28 else total


def normal_interval(value: float, spread: float, level: float, lowest: float) -> tuple[float, float]:
    """The normal interval around value for a variance of spread, clipped to [lowest, 1] as pROC does."""
    reach = float(norm.ppf((1 + level) / 2)) * float(np.sqrt(spread))
    return float(np.clip(value - reach, lowest, 1)), float(np.clip(value + reach, lowest, 1))


def _variance_of_mean(sample: Floats) -> float:
    return float(np.var(sample, ddof=1) / len(sample)) if len(sample) > 1 else float("nan")
