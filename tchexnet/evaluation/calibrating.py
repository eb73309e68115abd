"""Curves and thresholds for many labels at once, and how good they are on patients that the curve has not seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tchexnet.errors import DataError
from tchexnet.evaluation.calibration import crossed, fit
from tchexnet.evaluation.curve import Method
from tchexnet.evaluation.decisions import Calibrated
from tchexnet.evaluation.inputs import Floats, named_table
from tchexnet.evaluation.operating_points import Goal, OperatingPoint, choose
from tchexnet.evaluation.reliability import Reliability, reliability


@dataclass(frozen=True)
class Outcome:
    """What became of one label.

    Args:
        label: the finding.
        calibrated: its curve and threshold; None where there is no curve.
        score: how the score does as if it were a probability.
        probability: how probabilities do on patients that their curve has not seen (five folds).
        point: the decisions of the threshold, on the images that it was chosen on.
        reason: why there is no curve; None where there is one.
    """

    label: str
    calibrated: Calibrated | None
    score: Reliability
    probability: Reliability | None = None
    point: OperatingPoint | None = None
    reason: str | None = None


def calibrate(
    y: ArrayLike,
    scores: ArrayLike,
    labels: Sequence[str],
    patients: Iterable[Any],
    *,
    method: Method = "platt",
    goals: Mapping[str, Goal] | None = None,
    prevalence: Mapping[str, float] | None = None,
) -> list[Outcome]:
    """A curve and a threshold for each label that has enough images for one.

    Args:
        y: (n, L) of 1, 0 or NaN.
        scores: (n, L) in [0, 1].
        labels: L names.
        patients: n names.
        method: see `fit`.
        goals: label to what its threshold is for; a label that is not there gets no threshold.
        prevalence: label to the prevalence where the probabilities will be used.

    Raises:
        DataError: shapes, names or patients cannot be used, or a prevalence is none.
    """
    truth, (kept,) = named_table(labels, y, scores)
    names = list(patients)
    asked, shares = goals or {}, prevalence or {}
    return [
        _outcome(label, truth[:, k], kept[:, k], names, method, asked.get(label), shares.get(label))
        for k, label in enumerate(labels)
    ]


def _outcome(
    label: str, y: Floats, scores: Floats, patients: list[Any], method: Method, goal: Goal | None, share: float | None
) -> Outcome:
    plain = reliability(y, scores)
    try:
        curve = fit(y, scores, method)
        unseen = reliability(y, crossed(y, scores, patients, method))
    except DataError as error:
        return Outcome(label, None, plain, reason=str(error))
    if share is not None:
        curve = curve.at(share)
    if goal is None:
        return Outcome(label, Calibrated(curve), plain, unseen)
    point = choose(y, curve.probabilities(scores), goal, prevalence=share)
    threshold = None if np.isnan(point.threshold) else point.threshold
    return Outcome(label, Calibrated(curve, threshold, point.point if threshold else ""), plain, unseen, point)
