"""Patient-cluster bootstrap: intervals that know that a patient's images resemble each other.

A round draws as many patients as there are, with replacement; each brings all its images. The draws depend on the seed
and the patients alone, so two models in the same round see the same patients and their difference is paired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tchexnet.errors import DataError
from tchexnet.evaluation.inputs import Floats, check_level, patient_codes, table
from tchexnet.evaluation.rounds import Ranking, patient_counts

BOOTSTRAP = "patient bootstrap"


@dataclass(frozen=True, eq=False)
class Draws:
    """What every round gave; NaN where it had no positive or no negative.

    Args:
        aucs: (rounds, labels).
        precisions: (rounds, labels), average precision.
    """

    aucs: Floats
    precisions: Floats


@dataclass(frozen=True)
class Interval:
    """A percentile interval.

    Args:
        low: its lower end, or NaN.
        high: its upper end, or NaN.
        rounds_used: rounds that it stands on.
        rounds_dropped: rounds without a positive or without a negative of the label (of any label, for a mean).
        reason: why it is NaN or must not be trusted; None where all is well.
    """

    low: float
    high: float
    rounds_used: int
    rounds_dropped: int
    reason: str | None = None


@dataclass(frozen=True)
class Bootstrap:
    """Intervals of one run: one for each label, and one for the mean over all of them."""

    labels: tuple[Interval, ...]
    macro: Interval


def cluster_bootstrap(
    y: ArrayLike,
    scores: ArrayLike,
    patients: Iterable[Any],
    *,
    rounds: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    threads: int = 2,
) -> Bootstrap:
    """Intervals of the AUC of each label and of their mean.

    Args:
        y: (n, L) of 1, 0 or NaN; NaN drops the row for that label only.
        scores: (n, L), higher means more likely positive.
        patients: n names; images of one name are drawn together.
        rounds: bootstrap rounds.
        seed: the same seed and patients give the same draws, whatever the threads.
        level: of the intervals, in (0, 1).
        threads: workers; NumPy releases the interpreter lock, so they add up.

    Raises:
        DataError: shapes, labels, scores or patients cannot be used.

    Source: Efron & Tibshirani 1993, chapter 13 (percentile); Field & Welsh 2007 (clusters).
    """
    return intervals(draw(y, scores, patients, rounds=rounds, seed=seed, threads=threads).aucs, level)


def cluster_bootstrap_difference(
    y: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    patients: Iterable[Any],
    *,
    rounds: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    threads: int = 2,
) -> Bootstrap:
    """Intervals of AUC of b minus AUC of a, by label and for the mean; a and b are (n, L). See `cluster_bootstrap`."""
    names = list(patients)
    of_a, of_b = (draw(y, each, names, rounds=rounds, seed=seed, threads=threads).aucs for each in (a, b))
    return intervals(of_b - of_a, level)


def draw(
    y: ArrayLike,
    scores: ArrayLike,
    patients: Iterable[Any],
    *,
    rounds: int = 2000,
    seed: int = 0,
    threads: int = 2,
    tell: Callable[[], None] = lambda: None,
) -> Draws:
    """AUC and average precision by round and label. As `cluster_bootstrap`.

    `tell` is called after each round, from any thread.
    """
    if rounds < 1 or threads < 1:
        raise DataError(f"A bootstrap needs at least 1 round and 1 thread; {rounds} and {threads} were given.")
    labels, (kept,) = table(y, scores)
    codes, count = patient_codes(patients, len(labels))
    rankings = [Ranking.of(labels[:, k], kept[:, k], codes) for k in range(labels.shape[1])]
    if count < 2:
        # One patient comes up alike in every round: that is no evidence of certainty.
        return Draws(*np.full((2, rounds, len(rankings)), nan))

    def one_round(number: int) -> list[tuple[float, float]]:
        times = patient_counts(count, seed, number)
        found = [ranking.measures(times) for ranking in rankings]
        tell()
        return found

    with ThreadPoolExecutor(threads) as workers:
        found = np.array(list(workers.map(one_round, range(rounds))), dtype=np.float64)
    return Draws(found[:, :, 0], found[:, :, 1])


def intervals(draws: Floats, level: float = 0.95) -> Bootstrap:
    """Percentile intervals of draws (rounds, L), by label and of the mean over labels."""
    check_level(level)
    return Bootstrap(tuple(_interval(column, level) for column in draws.T), _interval(draws.mean(axis=1), level))


def _interval(draws: Floats, level: float) -> Interval:
    used = draws[~np.isnan(draws)]
    dropped = len(draws) - len(used)
    if not len(used):
        return Interval(nan, nan, 0, dropped, "no round had two patients, a positive and a negative")
    low, high = np.quantile(used, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), len(used), dropped, _caveat(used, dropped))


def _caveat(used: Floats, dropped: int) -> str | None:
    """Why an interval says less than it seems to."""
    if np.ptp(used) == 0:
        return "every round gave the same value, so the interval states no doubt"
    if dropped:
        return f"{dropped} of {dropped + len(used)} rounds had no positive or no negative and were dropped"
    return None
