"""One evaluation: every label, their mean, all of them pooled, and another model beside, from arrays alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tchexnet.evaluation.auc import auc
from tchexnet.evaluation.bootstrap import Draws, Interval, draw, intervals
from tchexnet.evaluation.curve import Calibration
from tchexnet.evaluation.inputs import Floats, named_table, patient_codes
from tchexnet.evaluation.macro import MIN_POSITIVES, Macro, enough, macro_of
from tchexnet.evaluation.precision import average_precision
from tchexnet.evaluation.reliability import Reliability, reliability

Tell = Callable[[], None]


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Args:
        rounds: bootstrap rounds.
        seed: of the bootstrap.
        level: of every interval, in (0, 1).
        min_positives: a label with fewer positives, or fewer negatives, stays out of the mean.
        tell: called after each bootstrap round, from any thread.
    """

    rounds: int = 2000
    seed: int = 0
    level: float = 0.95
    min_positives: int = MIN_POSITIVES
    tell: Tell = lambda: None


@dataclass(frozen=True)
class Finding:
    """One label.

    Args:
        label: its name.
        n: labelled images.
        positives: positive images among them.
        prevalence: positives / n.
        auc: in [0, 1], or NaN.
        auc_low, auc_high: DeLong's interval, which takes images as independent.
        bootstrap_low, bootstrap_high: the interval from drawing patients.
        average_precision: in (0, 1], or NaN; to be read against the prevalence.
        precision_low, precision_high: its interval from drawing patients.
        score: how the score does as if it were a probability.
        probability: how the calibrated score does; None where there is no calibration.
        reason: why a number is NaN or must not be trusted; None where all is well.
    """

    label: str
    n: int
    positives: int
    prevalence: float
    auc: float
    auc_low: float
    auc_high: float
    bootstrap_low: float
    bootstrap_high: float
    average_precision: float
    precision_low: float
    precision_high: float
    score: Reliability
    probability: Reliability | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Micro:
    """The AUC of all (image, label) pairs in one pool: it rewards scores that also rank the labels' prevalences.

    Args:
        value: in [0, 1], or NaN.
        low: lower end of its patient-bootstrap interval.
        high: upper end.
        n: pairs.
        positives: positive pairs.
        reason: why a number is NaN; None where none is.
    """

    value: float
    low: float
    high: float
    n: int
    positives: int
    reason: str | None = None


@dataclass(frozen=True, eq=False)
class Measured:
    """The numbers of one model, and the draws that a comparison pairs with.

    Args:
        findings: one a label.
        macro: the mean over labels with enough positives.
        micro: the pool.
        draws: (rounds, labels) AUC by bootstrap round.
    """

    findings: tuple[Finding, ...]
    macro: Macro
    micro: Micro
    draws: Floats


def measure(
    y: ArrayLike,
    scores: ArrayLike,
    labels: Sequence[str],
    patients: Iterable[Any],
    calibrations: Mapping[str, Calibration] | None = None,
    settings: Settings | None = None,
) -> Measured:
    """Every number of one model.

    Args:
        y: (n, L) of 1, 0 or NaN.
        scores: (n, L), higher means more likely positive.
        labels: L names, in the order of the columns.
        patients: n names; images of one name are drawn together.
        calibrations: label to its curve, for the labels that have one.
        settings: how to measure.

    Raises:
        DataError: shapes, names, labels, scores or patients cannot be used.
    """
    chosen = settings or Settings()
    truth, (kept,) = named_table(labels, y, scores)
    codes, _ = patient_codes(patients, len(truth))
    draws = draws_of(truth, kept, codes, chosen)
    drawn, precise = (intervals(of, chosen.level).labels for of in (draws.aucs, draws.precisions))
    curves = calibrations or {}
    findings = tuple(
        _finding(label, truth[:, k], kept[:, k], (drawn[k], precise[k]), curves.get(label), chosen.level)
        for k, label in enumerate(labels)
    )
    values = [one.auc for one in findings]
    counted = enough(truth, chosen.min_positives)
    mean = macro_of(labels, values, counted, draws.aucs, chosen.level)
    return Measured(findings, mean, _micro(truth, kept, codes, findings, chosen), draws.aucs)


def draws_of(truth: Floats, scores: Floats, codes: ArrayLike, settings: Settings) -> Draws:
    names = np.asarray(codes)
    return draw(truth, scores, names, rounds=settings.rounds, seed=settings.seed, tell=settings.tell)


def _finding(
    label: str,
    truth: Floats,
    scores: Floats,
    drawn_of: tuple[Interval, Interval],
    curve: Calibration | None,
    level: float,
) -> Finding:
    drawn, of_precision = drawn_of
    found = auc(truth, scores, level=level)
    precise = average_precision(truth, scores)
    calibrated = None if curve is None else reliability(truth, curve.probabilities(scores), level=level)
    return Finding(
        label,
        found.n,
        found.positives,
        found.prevalence,
        found.value,
        found.low,
        found.high,
        drawn.low,
        drawn.high,
        precise.value,
        of_precision.low,
        of_precision.high,
        reliability(truth, scores, level=level),
        calibrated,
        found.reason or drawn.reason,
    )


def _micro(truth: Floats, scores: Floats, codes: ArrayLike, findings: Sequence[Finding], settings: Settings) -> Micro:
    """One label is its own pool; of several, the pool's draws are those of the patients, as everywhere."""
    if len(findings) == 1:
        (one,) = findings
        return Micro(one.auc, one.bootstrap_low, one.bootstrap_high, one.n, one.positives, one.reason)
    pool = auc(truth.ravel(), scores.ravel())
    if pool.reason and not pool.positives:
        return Micro(nan, nan, nan, pool.n, pool.positives, pool.reason)
    owners = np.repeat(np.asarray(codes), truth.shape[1])
    draws = draws_of(truth.reshape(-1, 1), scores.reshape(-1, 1), owners, settings)
    drawn = intervals(draws.aucs, settings.level).labels[0]
    return Micro(pool.value, drawn.low, drawn.high, pool.n, pool.positives, pool.reason or drawn.reason)
