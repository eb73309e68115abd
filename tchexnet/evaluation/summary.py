"""The table of a model card: one row for each finding, and the mean over those with enough positives.

Plain data: `dataclasses.asdict` of a row is a line of CSV.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan
from typing import Any

from numpy.typing import ArrayLike

from tchexnet.evaluation.auc import AUC, auc
from tchexnet.evaluation.bootstrap import BOOTSTRAP, Interval, draw, intervals
from tchexnet.evaluation.inputs import named_table
from tchexnet.evaluation.macro import MIN_POSITIVES, Macro, enough, macro_of
from tchexnet.evaluation.precision import average_precision


@dataclass(frozen=True)
class Row:
    """One finding.

    Args:
        label: its name.
        n: labelled images.
        positives: positive images among them.
        prevalence: positives / n.
        auc: in [0, 1], or NaN where undefined.
        low: lower end of its interval.
        high: upper end.
        method: of the interval, `DeLong` or `patient bootstrap`.
        average_precision: in (0, 1], or NaN; to be read against the prevalence.
        reason: why a number is NaN or must not be trusted; None where all is well.
    """

    label: str
    n: int
    positives: int
    prevalence: float
    auc: float
    low: float
    high: float
    method: str
    average_precision: float
    reason: str | None = None


@dataclass(frozen=True)
class Summary:
    """Rows and their mean, of one evaluation."""

    rows: list[Row]
    macro: Macro


def summarise(
    y: ArrayLike,
    scores: ArrayLike,
    labels: Sequence[str],
    patients: Iterable[Any] | None = None,
    *,
    min_positives: int = MIN_POSITIVES,
    rounds: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Summary:
    """Rows and macro mean.

    Args:
        y: (n, L) of 1, 0 or NaN.
        scores: (n, L), higher means more likely positive.
        labels: L names, in the order of the columns.
        patients: n names. With them all intervals come from a patient-cluster bootstrap; without, the rows carry
            DeLong's, which takes images as independent, and the mean carries none.
        min_positives: a label with fewer positives, or fewer negatives, stays out of the mean.
        rounds: bootstrap rounds.
        seed: of the bootstrap.
        level: of the intervals, in (0, 1).

    Raises:
        DataError: shapes, names, labels, scores or patients cannot be used.
    """
    truth, (kept,) = named_table(labels, y, scores)
    measured = [auc(truth[:, k], kept[:, k], level=level) for k in range(len(labels))]
    draws = None if patients is None else draw(truth, kept, patients, rounds=rounds, seed=seed).aucs
    precise = [average_precision(truth[:, k], kept[:, k]).value for k in range(len(labels))]
    found = [None] * len(labels) if draws is None else intervals(draws, level).labels
    rows = [_row(*parts) for parts in zip(labels, measured, precise, found, strict=True)]
    values = [one.value for one in measured]
    return Summary(rows, macro_of(labels, values, enough(truth, min_positives), draws, level))


def per_label(
    y: ArrayLike,
    scores: ArrayLike,
    labels: Sequence[str],
    patients: Iterable[Any] | None = None,
    *,
    rounds: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> list[Row]:
    """The rows alone. See `summarise`."""
    return summarise(y, scores, labels, patients, rounds=rounds, seed=seed, level=level).rows


def _row(label: str, measured: AUC, precision: float, drawn: Interval | None) -> Row:
    """A row whose interval is the drawn one, or DeLong's where none was drawn."""
    chosen: AUC | Interval = measured if drawn is None or isnan(measured.value) else drawn
    return Row(
        label,
        measured.n,
        measured.positives,
        measured.prevalence,
        measured.value,
        chosen.low,
        chosen.high,
        "DeLong" if drawn is None else BOOTSTRAP,
        precision,
        chosen.reason,
    )
