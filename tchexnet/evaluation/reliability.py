"""Do values in [0, 1] behave as probabilities? The reliability curve, the Brier score and the calibration error."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest
from sklearn.metrics import brier_score_loss

from tchexnet.evaluation.inputs import Floats, labelled

BINS = 10
OUTSIDE = "values outside [0, 1] cannot be read as probabilities"


@dataclass(frozen=True)
class Bin:
    """A tenth of the images, by rising value.

    Args:
        mean: their mean value.
        share: how many of them are positive, in [0, 1].
        low: lower end of the share's Wilson interval.
        high: upper end.
        n: images.
    """

    mean: float
    share: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Reliability:
    """How near values are to shares.

    Args:
        brier: mean squared difference of value and truth, or NaN.
        reference: Brier score of saying the prevalence for every image; a useful value stays below it.
        ece: expected calibration error: mean gap of value and share over the bins, by their n.
        bins: the curve.
        reason: why a number is NaN; None where none is.
    """

    brier: float
    reference: float
    ece: float
    bins: tuple[Bin, ...]
    reason: str | None = None


def reliability(y: ArrayLike, values: ArrayLike, *, bins: int = BINS, level: float = 0.95) -> Reliability:
    """Measure values (n,) in [0, 1] against y (n,) of 1, 0 or NaN.

    Bins hold about equally many images each, as scikit-learn's `calibration_curve(strategy="quantile")`: with rare
    findings, bins of equal width would put nearly all images into the first.

    Raises:
        DataError: as `auc` does.

    Source: Brier 1950; Naeini et al. 2015 (ECE), with bins of equal count as in Nixon et al. 2019.
    """
    truth, (kept,) = labelled(y, values)
    if not len(truth):
        return Reliability(nan, nan, nan, (), "no labelled image")
    if kept.min() < 0 or kept.max() > 1:
        return Reliability(nan, nan, nan, (), OUTSIDE)
    edges = np.quantile(kept, np.linspace(0, 1, bins + 1))
    places = np.searchsorted(edges[1:-1], kept)
    curve = tuple(_bin(truth[places == k], kept[places == k], level) for k in np.unique(places))
    share = float(truth.mean())
    ece = sum(one.n * abs(one.mean - one.share) for one in curve) / len(truth)
    return Reliability(float(brier_score_loss(truth, kept)), share * (1 - share), ece, curve)


def _bin(truth: NDArray[np.bool_], values: Floats, level: float) -> Bin:
    found = wilson(int(truth.sum()), len(truth), level)
    return Bin(float(values.mean()), *found, len(truth))


def wilson(hits: int, n: int, level: float = 0.95) -> tuple[float, float, float]:
    """(share, low, high): Wilson's interval of a share, NaN where n is 0. Images count as independent."""
    if not n:
        return nan, nan, nan
    ends = binomtest(hits, n).proportion_ci(level, method="wilson")
    return hits / n, float(ends.low), float(ends.high)
