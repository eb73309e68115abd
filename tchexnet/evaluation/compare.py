"""Is one score better than another on the same images?"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, nan, sqrt

from numpy.typing import ArrayLike
from scipy.stats import norm

from tchexnet.evaluation.delong import Placements, normal_interval, placements, variance
from tchexnet.evaluation.inputs import check_level, labelled, why_undefined


@dataclass(frozen=True)
class Difference:
    """AUC of b minus AUC of a: above 0, b ranks better.

    Args:
        value: in [-1, 1], or NaN where undefined.
        low: lower end of the interval, in [-1, 1] or NaN.
        high: upper end of the interval, in [-1, 1] or NaN.
        p: two-sided p-value; None where the method has none (the bootstrap).
        z: the statistic behind p; None where the method has none.
        a: AUC of a.
        b: AUC of b.
        method: `DeLong` or `patient bootstrap`.
        level: of the interval, in (0, 1).
        reason: why a number is NaN or must not be trusted; None where all is well.
    """

    value: float
    low: float
    high: float
    p: float | None
    z: float | None
    a: float
    b: float
    method: str
    level: float
    reason: str | None = None

    def sentence(self, a_name: str, b_name: str) -> str:
        """The finding in words, for a card or a report."""
        if not self.low <= self.high:
            return f"{a_name} and {b_name} cannot be compared: {self.reason}."
        return f"{self._verdict(a_name, b_name)}: {self._figures(a_name, b_name)}."

    def _verdict(self, a_name: str, b_name: str) -> str:
        if self.low <= 0 <= self.high:
            return f"The interval of the difference includes 0, no evidence that {b_name} or {a_name} is better"
        better, worse = (b_name, a_name) if self.value > 0 else (a_name, b_name)
        return f"{better} is better than {worse}"

    def _figures(self, a_name: str, b_name: str) -> str:
        ends = f"[{self.low:+.3f}, {self.high:+.3f}]"
        chance = "" if self.p is None else ", p < 0.001" if self.p < 0.001 else f", p = {self.p:.3f}"
        note = f"; {self.reason}" if self.reason else ""
        return (
            f"AUC {self.b:.3f} ({b_name}) less {self.a:.3f} ({a_name}) is {self.value:+.3f}, "
            f"{100 * self.level:g}% interval {ends}{chance} ({self.method}{note})"
        )


def compare(y: ArrayLike, a: ArrayLike, b: ArrayLike, *, level: float = 0.95) -> Difference:
    """DeLong's paired test of two scores on the same images, as pROC's `roc.test(paired=TRUE, method="delong")`.

    Images count as independent; where patients have several, prefer `bootstrap.py`. The interval is clipped to [-1, 1],
    which pROC does not do.

    Args:
        y: (n,) of 1, 0 or NaN; rows with NaN are dropped.
        a: (n,) scores of one model.
        b: (n,) scores of the other.
        level: of the interval, in (0, 1).

    Raises:
        DataError: as `auc` does.

    Source: DeLong et al. 1988, section 3; Sun & Xu 2014.
    """
    check_level(level)
    truth, (of_a, of_b) = labelled(y, a, b)
    if reason := why_undefined(truth):
        return Difference(nan, nan, nan, nan, nan, nan, nan, "DeLong", level, reason)
    return _difference(placements(truth, of_a), placements(truth, of_b), level)


def _difference(a: Placements, b: Placements, level: float) -> Difference:
    # The variance of the gaps is DeLong's two variances less twice the covariance, and exactly 0 for equal scores.
    gap = Placements(b.positives - a.positives, b.negatives - a.negatives)
    spread = variance(gap)
    low, high = normal_interval(gap.auc, spread, level, lowest=-1.0)
    z, p, reason = _test(gap.auc, spread)
    return Difference(gap.auc, low, high, p, z, a.auc, b.auc, "DeLong", level, reason)


def _test(value: float, spread: float) -> tuple[float, float, str | None]:
    """(z, p, reason)."""
    if isnan(spread):
        return nan, nan, "one positive or one negative alone: no DeLong interval"
    if spread > 0:
        z = value / sqrt(spread)
        return z, float(2 * norm.sf(abs(z))), None
    if value == 0:
        return 0.0, 1.0, "both scores rank the images alike"
    return (inf if value > 0 else -inf), 0.0, "DeLong's variance is 0, so the interval states no doubt"
