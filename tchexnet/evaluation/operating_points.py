"""Thresholds that make decisions of probabilities, and how often those decisions are right."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from tchexnet.errors import DataError
from tchexnet.evaluation.inputs import Floats, labelled, why_undefined
from tchexnet.evaluation.reliability import wilson

Kind = Literal["sensitivity", "specificity", "ppv", "youden", "f1"]
KINDS: tuple[Kind, ...] = get_args(Kind)
STATED = ("sensitivity", "specificity", "ppv")


@dataclass(frozen=True)
class Goal:
    """What a threshold is chosen for.

    Args:
        kind: at least this sensitivity, specificity or positive predictive value; or the largest Youden index or F1.
        value: the stated one in (0, 1]; None for `youden` and `f1`.
    """

    kind: Kind
    value: float | None = None

    @classmethod
    def parse(cls, text: str) -> Goal:
        """`youden`, `f1`, `sensitivity=0.9`, `specificity=0.95` or `ppv=0.5`.

        Raises:
            DataError: it is none of these.
        """
        kind, _, number = text.partition("=")
        try:
            value = float(number) if number else None
        except ValueError:
            value = nan
        if kind not in KINDS or (kind in STATED) != (value is not None) or (value is not None and not 0 < value <= 1):
            raise DataError(
                f"{text!r} is no operating point; use youden, f1, sensitivity=0.9, specificity=0.95 or ppv=0.5, with a "
                "number above 0 and at most 1."
            )
        return cls(kind, value)

    def __str__(self) -> str:
        return self.kind if self.value is None else f"{self.kind}={self.value:g}"


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and the decisions that it made: at or above it is positive.

    Args:
        point: what it was chosen for, such as `sensitivity=0.9`.
        threshold: NaN where none reaches the goal.
        tp, fp, fn, tn: the confusion table, in images.
        sensitivity, specificity, ppv, npv: share, lower and upper end of Wilson's interval.
        reason: why there is no threshold; None where there is.
    """

    point: str
    threshold: float
    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0
    sensitivity: tuple[float, float, float] = (nan, nan, nan)
    specificity: tuple[float, float, float] = (nan, nan, nan)
    ppv: tuple[float, float, float] = (nan, nan, nan)
    npv: tuple[float, float, float] = (nan, nan, nan)
    reason: str | None = None


def choose(
    y: ArrayLike, values: ArrayLike, goal: Goal, *, prevalence: float | None = None, level: float = 0.95
) -> OperatingPoint:
    """The threshold for a goal, and its confusion table on the same images.

    Among the thresholds that reach a stated sensitivity the one with the best specificity is taken; for a stated
    specificity or predictive value, the one with the best sensitivity. It stands midway between two values.

    Args:
        y: (n,) of 1, 0 or NaN.
        values: (n,) probabilities, or scores.
        goal: see `Goal`.
        prevalence: where the threshold will be used; predictive values and F1 are then those of that place. None: that
            of these images.
        level: of the intervals, in (0, 1).

    Raises:
        DataError: as `auc` does.
    """
    truth, (kept,) = labelled(y, values)
    if reason := why_undefined(truth):
        return OperatingPoint(str(goal), nan, reason=reason)
    steps, tp, fp = _steps(truth, kept)
    times = _times(truth, prevalence)
    place = _best(goal, tp, fp, int(truth.sum()), int((~truth).sum()), times)
    if place is None:
        best = float((tp / (tp + times * fp)).max())
        return OperatingPoint(str(goal), nan, reason=f"no threshold reaches it; the largest ppv is {best:.3f}")
    lower = steps[place + 1] if place + 1 < len(steps) else steps[place]
    return at(y, values, (steps[place] + lower) / 2, str(goal), prevalence=prevalence, level=level)


def at(
    y: ArrayLike,
    values: ArrayLike,
    threshold: float,
    point: str = "",
    *,
    prevalence: float | None = None,
    level: float = 0.95,
) -> OperatingPoint:
    """The confusion table of a threshold that was chosen elsewhere. See `choose`."""
    truth, (kept,) = labelled(y, values)
    said = kept >= threshold
    tp, fp = int((said & truth).sum()), int((said & ~truth).sum())
    fn, tn = int(truth.sum()) - tp, int((~truth).sum()) - fp
    return OperatingPoint(
        point,
        float(threshold),
        tp,
        fp,
        fn,
        tn,
        sensitivity=wilson(tp, tp + fn, level),
        specificity=wilson(tn, tn + fp, level),
        ppv=wilson(tp, tp + fp, level) if prevalence is None else _predictive((tp, fn), (fp, tn), prevalence, level),
        npv=wilson(tn, tn + fn, level)
        if prevalence is None
        else _predictive((tn, fp), (fn, tp), 1 - prevalence, level),
    )


def _predictive(
    right: tuple[int, int], wrong: tuple[int, int], prevalence: float, level: float
) -> tuple[float, float, float]:
    """A predictive value at another prevalence, with its interval on the logit scale. Source: Mercaldo et al. 2007.

    Args:
        right: images of the kind that is predicted: how many were, and how many were not.
        wrong: images of the other kind: how many were predicted all the same, and how many were not.
        prevalence: of the kind that is predicted.
    """
    hit, false = right[0] / max(sum(right), 1), wrong[0] / max(sum(wrong), 1)
    yes, no = hit * prevalence, false * (1 - prevalence)
    if not yes + no:
        return nan, nan, nan
    value = yes / (yes + no)
    if not 0 < value < 1:
        return value, nan, nan
    spread = (1 - hit) / right[0] + (1 - false) / wrong[0]
    reach = float(norm.ppf((1 + level) / 2)) * float(np.sqrt(spread))
    return value, float(expit(logit(value) - reach)), float(expit(logit(value) + reach))


def _times(truth: NDArray[np.bool_], prevalence: float | None) -> float:
    """How many negatives each one stands for, where positives are `prevalence` of all."""
    share = float(truth.mean())
    return 1.0 if prevalence is None else (1 - prevalence) / prevalence * share / (1 - share)


def _steps(truth: NDArray[np.bool_], values: Floats) -> tuple[Floats, Floats, Floats]:
    """(thresholds, true positives, false positives), from the strictest threshold to the one that lets all through."""
    order = np.argsort(-values, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(values[order]) != 0, True))
    hits = np.cumsum(truth[order])[ends].astype(np.float64)
    return values[order][ends], hits, ends + 1 - hits


def _best(goal: Goal, tp: Floats, fp: Floats, positives: int, negatives: int, times: float) -> int | None:
    """The place of the best threshold; among equals, the strictest."""
    sensitivity, specificity = tp / positives, 1 - fp / negatives
    if goal.value is None:
        worth = sensitivity + specificity if goal.kind == "youden" else 2 * tp / (tp + times * fp + positives)
        return int(np.argmax(worth.round(12)))
    reached, worth = {
        "sensitivity": (sensitivity, specificity),
        "specificity": (specificity, sensitivity),
        "ppv": (tp / (tp + times * fp), sensitivity),
    }[goal.kind]
    allowed = reached >= goal.value - 1e-12
    return int(np.argmax(np.where(allowed, worth, -1))) if allowed.any() else None
