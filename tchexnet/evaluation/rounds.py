"""One bootstrap round, quickly: whole-number weights by patient, and an AUC of weighted images.

Sorting depends on the scores alone, so it is done once. A round then adds up weights along the sorted negatives and
reads the sum at each positive: about 0.3 ms for 100,000 images, and exact, since every weight is a whole number.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from tchexnet.evaluation.inputs import Floats, Positions, labelled

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Ranking:
    """Who stands below whom for one label.

    Args:
        positives: (p,) patient of each positive image, by rising score.
        negatives: (q,) patient of each negative image, by rising score.
        below: (p,) how many negatives score below each positive.
        through: (p,) how many negatives score below or level with it.
    """

    positives: Positions
    negatives: Positions
    below: Positions
    through: Positions

    @classmethod
    def of(cls, y: Floats, scores: Floats, patients: Positions) -> Ranking:
        """Rank scores (n,) by y (n,) of 1, 0 or NaN; patients (n,) holds codes from 0.

        Raises:
            DataError: as `labelled` does.
        """
        truth, (kept,) = labelled(y, scores)
        order = np.argsort(kept, kind="stable")
        truth, kept, codes = truth[order], kept[order], patients[~np.isnan(y)][order]
        low, high = kept[~truth], kept[truth]
        below, through = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
        return cls(codes[truth], codes[~truth], below, through)

    def auc(self, times: Counts) -> float:
        """AUC when each image of patient k counts times[k] times; NaN if no positive or no negative is left."""
        lower = np.zeros(len(self.negatives) + 1, dtype=np.int64)
        np.cumsum(times[self.negatives], out=lower[1:])
        weights = times[self.positives]
        pairs = int(weights.sum()) * int(lower[-1])
        if not pairs:
            return nan
        # Negatives below count twice, level ones once: whole numbers until the one division.
        return int(np.dot(weights, lower[self.below] + lower[self.through])) / (2 * pairs)


def patient_counts(patients: int, seed: int, number: int) -> Counts:
    """How often each patient is drawn in round `number`: (patients,), summing to patients."""
    # A generator for each round lets threads take rounds in any order without changing the result.
    drawn = np.random.default_rng([seed, number]).integers(0, patients, patients)
    return np.bincount(drawn, minlength=patients)
