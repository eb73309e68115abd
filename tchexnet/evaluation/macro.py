"""The mean AUC over findings, of one model or of two compared, with patient-bootstrap intervals.

A finding with a handful of positives has an AUC that is mostly chance, and a mean takes it in at full weight. It stays
out, by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tchexnet.evaluation.auc import auc
from tchexnet.evaluation.bootstrap import BOOTSTRAP, cluster_bootstrap_difference, draw, intervals
from tchexnet.evaluation.compare import Difference
from tchexnet.evaluation.inputs import Floats, named_table

MIN_POSITIVES = 20
TOO_FEW = "no finding has enough positives and negatives to count"
Chosen = NDArray[np.bool_]


@dataclass(frozen=True)
class Macro:
    """The mean AUC over `labels`.

    Args:
        value: in [0, 1], or NaN if no label counts.
        low: lower end of its patient-bootstrap interval; NaN without patients.
        high: upper end.
        labels: the findings in the mean.
        left_out: the findings with too few positives or negatives.
        rounds_used: bootstrap rounds that the interval stands on; 0 without patients.
        rounds_dropped: rounds in which one of `labels` had no positive or no negative.
        reason: why a number is NaN or must not be trusted; None where all is well.
    """

    value: float
    low: float
    high: float
    labels: tuple[str, ...]
    left_out: tuple[str, ...]
    rounds_used: int = 0
    rounds_dropped: int = 0
    reason: str | None = None


def macro(
    y: ArrayLike,
    scores: ArrayLike,
    labels: Sequence[str],
    patients: Iterable[Any] | None = None,
    *,
    min_positives: int = MIN_POSITIVES,
    rounds: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Macro:
    """Mean AUC over the labels with at least min_positives positives, and as many negatives.

    Args:
        y: (n, L) of 1, 0 or NaN.
        scores: (n, L), higher means more likely positive.
        labels: L names, in the order of the columns.
        patients: n names; without them the mean has no interval.
        min_positives: below it a label stays out.
        rounds: bootstrap rounds.
        seed: of the bootstrap.
        level: of the interval, in (0, 1).

    Raises:
        DataError: shapes, names, labels, scores or patients cannot be used.
    """
    truth, (kept,) = named_table(labels, y, scores)
    values = [auc(truth[:, k], kept[:, k]).value for k in range(len(labels))]
    draws = None if patients is None else draw(truth, kept, patients, rounds=rounds, seed=seed).aucs
    return macro_of(labels, values, enough(truth, min_positives), draws, level)


def macro_of(
    labels: Sequence[str], values: Sequence[float], counted: Chosen, draws: Floats | None, level: float = 0.95
) -> Macro:
    """The same from what is already worked out: values (L,), counted (L,) from `enough`, draws (rounds, L) or None."""
    inside = tuple(label for label, yes in zip(labels, counted, strict=True) if yes)
    outside = tuple(label for label, yes in zip(labels, counted, strict=True) if not yes)
    if not inside:
        return Macro(nan, nan, nan, inside, outside, reason=TOO_FEW)
    value = float(np.mean(np.asarray(values)[counted]))
    if draws is None:
        return Macro(value, nan, nan, inside, outside, reason="no interval without patients to draw")
    among = intervals(draws[:, counted], level).macro
    return Macro(value, among.low, among.high, inside, outside, among.rounds_used, among.rounds_dropped, among.reason)


def macro_difference(
    y: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    labels: Sequence[str],
    patients: Iterable[Any],
    *,
    min_positives: int = MIN_POSITIVES,
    rounds: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Difference:
    """Mean AUC of b minus that of a over the labels that `macro` counts, paired: a round draws the same patients."""
    truth, scores = named_table(labels, y, a, b)
    counted = enough(truth, min_positives)
    if not counted.any():
        return Difference(nan, nan, nan, None, None, nan, nan, BOOTSTRAP, level, TOO_FEW)
    truth, (of_a, of_b) = truth[:, counted], [each[:, counted] for each in scores]
    run = cluster_bootstrap_difference(truth, of_a, of_b, patients, rounds=rounds, seed=seed, level=level)
    one, other = _mean_auc(truth, of_a), _mean_auc(truth, of_b)
    found = run.macro
    return Difference(other - one, found.low, found.high, None, None, one, other, BOOTSTRAP, level, found.reason)


def enough(truth: Floats, min_positives: int = MIN_POSITIVES) -> Chosen:
    """Which columns of truth (n, L) hold at least min_positives positives, and as many negatives: (L,)."""
    least = max(1, min_positives)
    return np.asarray(np.minimum((truth == 1).sum(axis=0), (truth == 0).sum(axis=0)) >= least)


def _mean_auc(truth: Floats, scores: Floats) -> float:
    return float(np.mean([auc(truth[:, k], scores[:, k]).value for k in range(truth.shape[1])]))
