"""A calibration curve: from scores to probabilities. NumPy alone: each prediction of a calibrated preset needs it.

A curve that was fitted on one hospital's images carries that hospital's prevalence; `at` moves it to another, on the
assumption that the positives and the negatives look alike in both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tchexnet.errors import DataError

Floats: TypeAlias = NDArray[np.float64]
Method = Literal["platt", "temperature", "isotonic"]
METHODS: tuple[Method, ...] = get_args(Method)
_EDGE = 1e-7
"""Scores are float32 sigmoids: nearer to 0 and 1 than this their log odds are noise."""


@dataclass(frozen=True)
class Calibration:
    """One label's curve from score to probability.

    Args:
        method: `platt` or `temperature`: a line in the log odds; `isotonic`: steps.
        prevalence: of the images that it was fitted on, in (0, 1).
        n: how many those were.
        positives: how many of them were positive.
        slope: of the line; 1 / temperature.
        intercept: of the line; 0 for a temperature.
        x: knots of the steps, rising scores.
        y: their probabilities.
        target: the prevalence that the probabilities are for, if it is another one.
    """

    method: Method
    prevalence: float
    n: int
    positives: int
    slope: float = 1.0
    intercept: float = 0.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    target: float | None = None

    def probabilities(self, scores: ArrayLike) -> Floats:
        """Probabilities of scores of any shape, float64 in [0, 1]."""
        values = np.asarray(scores, np.float64)
        if self.method == "isotonic":
            found = np.interp(values, self.x, self.y)
        else:
            found = _sigmoid(self.slope * log_odds(values) + self.intercept)
        return found if self.target is None else shifted(found, self.prevalence, self.target)

    def at(self, prevalence: float) -> Calibration:
        """The same curve for images of another prevalence in (0, 1)."""
        if not 0 < prevalence < 1:
            raise DataError(f"A prevalence lies between 0 and 1, for example 0.05; {prevalence:g} was given.")
        return replace(self, target=prevalence)


def shifted(probabilities: ArrayLike, old: float, new: float) -> Floats:
    """Probabilities for prevalence `new` from those for prevalence `old`: the prior odds exchanged, the evidence kept.

    Source: Saerens et al. 2002, equation 2.4.
    """
    values = np.asarray(probabilities, np.float64)
    yes, no = values * new / old, (1 - values) * (1 - new) / (1 - old)
    return yes / (yes + no)


def log_odds(scores: ArrayLike) -> Floats:
    """log(s / (1 - s)) of scores in [0, 1], kept finite."""
    kept = np.clip(np.asarray(scores, np.float64), _EDGE, 1 - _EDGE)
    return np.asarray(np.log(kept) - np.log1p(-kept))


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -values)))
