"""Two models on the same images, label by label: DeLong's test, the bootstrap difference, and the verdict in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tchexnet.evaluation.bootstrap import BOOTSTRAP, Interval, intervals
from tchexnet.evaluation.compare import Difference, compare
from tchexnet.evaluation.inputs import Floats, named_table, patient_codes
from tchexnet.evaluation.macro import TOO_FEW, enough
from tchexnet.evaluation.measure import Settings, draws_of


@dataclass(frozen=True)
class Paired:
    """AUC of b minus AUC of a for one label.

    Args:
        label: the finding.
        delong: DeLong's paired test, which takes images as independent.
        bootstrap_low: lower end of the interval from drawing patients.
        bootstrap_high: upper end.
        sentence: the verdict, by the bootstrap's interval unless DeLong's alone includes 0.
    """

    label: str
    delong: Difference
    bootstrap_low: float
    bootstrap_high: float
    sentence: str


@dataclass(frozen=True)
class Comparison:
    """Every label that both models score, and the difference of the means."""

    a: str
    b: str
    labels: tuple[Paired, ...]
    macro: Difference


def paired(
    y: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    labels: Sequence[str],
    patients: Iterable[Any],
    names: tuple[str, str],
    settings: Settings | None = None,
    draws: Floats | None = None,
) -> Comparison:
    """Compare b with a.

    Args:
        y: (n, L) of 1, 0 or NaN.
        a: (n, L) scores of one model.
        b: (n, L) scores of the other.
        labels: L names.
        patients: n names; a round draws the same patients for both models.
        names: how sentences call a and b.
        settings: how to measure.
        draws: (rounds, L) of a with these settings, where `measure` made them already.

    Raises:
        DataError: shapes, names, labels, scores or patients cannot be used.
    """
    chosen = settings or Settings()
    truth, (of_a, of_b) = named_table(labels, y, a, b)
    codes, _ = patient_codes(patients, len(truth))
    known = draws_of(truth, of_a, codes, chosen).aucs if draws is None else draws
    gaps = draws_of(truth, of_b, codes, chosen).aucs - known
    drawn = intervals(gaps, chosen.level).labels
    found = tuple(
        _label(label, compare(truth[:, k], of_a[:, k], of_b[:, k], level=chosen.level), drawn[k], names)
        for k, label in enumerate(labels)
    )
    return Comparison(*names, found, _macro(found, enough(truth, chosen.min_positives), gaps, chosen.level))


def _label(label: str, delong: Difference, drawn: Interval, names: tuple[str, str]) -> Paired:
    return Paired(label, delong, drawn.low, drawn.high, _spoken(delong, drawn).sentence(*names))


def _spoken(delong: Difference, drawn: Interval) -> Difference:
    """The difference with the interval that a verdict rests on: the drawn one, unless DeLong's alone includes 0."""
    if not drawn.low <= drawn.high or (delong.low <= 0 <= delong.high and not drawn.low <= 0 <= drawn.high):
        return delong
    reason = delong.reason or drawn.reason
    return replace(delong, low=drawn.low, high=drawn.high, p=None, z=None, method=BOOTSTRAP, reason=reason)


def _macro(found: Sequence[Paired], counted: Any, gaps: Floats, level: float) -> Difference:
    kept = [one.delong for one, yes in zip(found, counted, strict=True) if yes]
    if not kept:
        nothing = float("nan")
        return Difference(*(nothing,) * 3, None, None, nothing, nothing, BOOTSTRAP, level, TOO_FEW)
    among = intervals(gaps[:, counted], level).macro
    a, b = (float(np.mean([getattr(one, side) for one in kept])) for side in "ab")
    return Difference(b - a, among.low, among.high, None, None, a, b, BOOTSTRAP, level, among.reason)
