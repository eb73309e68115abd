"""The variance of an AUC whose images come in patients, in closed form: for subgroups, where a bootstrap would be slow.

DeLong's placements, summed by patient before they are squared; DeLong's variance where each patient has one image.

Source: Obuchowski 1997, Nonparametric analysis of clustered ROC curve data, Biometrics 53.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tchexnet.evaluation.delong import placements
from tchexnet.evaluation.inputs import Floats, Positions


@dataclass(frozen=True)
class Clustered:
    """An AUC and what each patient adds to its doubt.

    Args:
        value: the AUC in [0, 1].
        positives: (patients,) sum of the deviations of a patient's positive placements, over all positives.
        negatives: the same of the negatives.
        counts: patients with a positive, with a negative, with either.
    """

    value: float
    positives: Floats
    negatives: Floats
    counts: tuple[int, int, int]

    @property
    def variance(self) -> float:
        """Of the AUC; NaN where fewer than two patients have a positive, or a negative."""
        of_positives, of_negatives, of_all = self.counts
        if min(of_positives, of_negatives) < 2:
            return float("nan")
        return (
            _unbiased(of_positives) * float(np.sum(self.positives**2))
            + _unbiased(of_negatives) * float(np.sum(self.negatives**2))
            + 2 * _unbiased(of_all) * float(np.sum(self.positives * self.negatives))
        )

    def covariance(self, other: Clustered) -> float:
        """With the AUC of other images of the same patients."""
        mine, theirs = self.positives + self.negatives, other.positives + other.negatives
        both = int(np.sum((mine != 0) | (theirs != 0)))
        return _unbiased(both) * float(np.sum(mine * theirs)) if both > 1 else 0.0


def clustered(truth: NDArray[np.bool_], scores: Floats, patients: Positions, count: int) -> Clustered:
    """The AUC of scores (n,) by truth (n,), which holds both kinds; patients (n,) are codes from 0 to count - 1."""
    placed = placements(truth, scores)
    value = placed.auc
    of_positives, of_negatives = patients[truth], patients[~truth]
    return Clustered(
        value,
        _summed(of_positives, placed.positives - value, count),
        _summed(of_negatives, placed.negatives - value, count),
        (_different(of_positives, count), _different(of_negatives, count), _different(patients, count)),
    )


def _summed(patients: Positions, deviations: Floats, count: int) -> Floats:
    return np.bincount(patients, deviations / len(patients), count).astype(np.float64)


def _different(patients: Positions, count: int) -> int:
    return int(np.count_nonzero(np.bincount(patients, minlength=count)))


def _unbiased(count: int) -> float:
    return count / (count - 1)
