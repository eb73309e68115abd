"""Fitting a curve from scores to probabilities: a rising one for one label, on a calibration part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from tchexnet.errors import DataError
from tchexnet.evaluation.curve import METHODS, Calibration, Method, log_odds
from tchexnet.evaluation.inputs import Floats, labelled, patient_codes

MIN_EACH = 10
"""Positives, and negatives, without which no curve is fitted."""


def fit(y: ArrayLike, scores: ArrayLike, method: Method = "platt", *, least: int = MIN_EACH) -> Calibration:
    """The curve of one label.

    Args:
        y: (n,) of 1, 0 or NaN; rows with NaN are dropped.
        scores: (n,) in [0, 1].
        method: `platt` (two numbers, the choice for few positives), `temperature` (one), `isotonic` (any rising curve;
            wants hundreds of positives).
        least: positives, and negatives, that are needed.

    Raises:
        DataError: fewer than `least` positives or negatives, scores outside [0, 1], or scores that do not
            rise with the finding.

    Source: Platt 1999 (with its smoothed targets); Guo et al. 2017 (temperature); Zadrozny & Elkan 2002 (isotonic).
    """
    if method not in METHODS:
        raise DataError(f"{method!r} is no method of calibration; use {', '.join(METHODS)}.")
    truth, (kept,) = labelled(y, scores)
    n, positives = len(truth), int(truth.sum())
    if min(positives, n - positives) < least:
        raise DataError(
            f"{positives} positives and {n - positives} negatives are too few to calibrate; {least} of each are needed."
        )
    if kept.min() < 0 or kept.max() > 1:
        raise DataError(f"Scores to calibrate lie in [0, 1]; these run from {kept.min():g} to {kept.max():g}.")
    start = Calibration(method, positives / n, n, positives)
    if method == "isotonic":
        return _isotonic(start, truth, kept)
    slope, intercept = (_platt if method == "platt" else _temperature)(truth, log_odds(kept))
    if slope <= 0:
        raise DataError("The scores do not rise with the finding: positives score no higher than negatives.")
    return replace(start, slope=slope, intercept=intercept)


def crossed(
    y: ArrayLike, scores: ArrayLike, patients: Iterable[Any], method: Method = "platt", *, folds: int = 5, seed: int = 0
) -> Floats:
    """Probabilities of images that their curve has not seen: (n,), NaN where y is NaN.

    The patients are dealt into folds; each fold's probabilities come from a curve fitted on the others.

    Raises:
        DataError: fewer than `folds` patients, or a fold's others cannot be fitted.
    """
    labels, values = np.asarray(y, np.float64), np.asarray(scores, np.float64)
    codes, count = patient_codes(patients, len(labels))
    if count < folds:
        raise DataError(f"{count} patients cannot be dealt into {folds} folds.")
    known = np.flatnonzero(~np.isnan(labels))
    found = np.full(len(labels), np.nan)
    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for learn, hold in dealer.split(known, labels[known], codes[known]):
        curve = fit(labels[known[learn]], values[known[learn]], method, least=1)
        found[known[hold]] = curve.probabilities(values[known[hold]])
    return found


def _platt(truth: NDArray[np.bool_], odds: Floats) -> tuple[float, float]:
    positives, n = int(truth.sum()), len(truth)
    high, low = (positives + 1) / (positives + 2), 1 / (n - positives + 2)
    targets = np.where(truth, high, low)
    # A target of 0.9 is nine tenths of a positive and one tenth of a negative.
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000)
    both = np.concatenate([odds, odds])[:, None]
    model.fit(both, np.repeat([1, 0], n), sample_weight=np.concatenate([targets, 1 - targets]))
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def _temperature(truth: NDArray[np.bool_], odds: Floats) -> tuple[float, float]:
    sign = np.where(truth, odds, -odds)
    if sign.mean() <= 0:
        return 0.0, 0.0
    if sign.min() > 0:
        raise DataError("No temperature fits: 0.5 parts the labels without an error; use platt.")
    # The mean log loss of expit(slope * odds), by the logarithm of the slope.
    best = minimize_scalar(
        lambda power: float(np.logaddexp(0, -np.exp(power) * sign).mean()),
        bounds=(-10, 10),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(np.exp(best.x)), 0.0


def _isotonic(start: Calibration, truth: NDArray[np.bool_], scores: Floats) -> Calibration:
    model = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, truth.astype(np.float64))
    return replace(start, x=tuple(map(float, model.X_thresholds_)), y=tuple(map(float, model.y_thresholds_)))
