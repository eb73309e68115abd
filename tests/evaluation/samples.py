"""Made labels and scores, and the definition of AUC written out."""

import numpy as np


def sample(n, seed=0, digits=2, prevalence=0.3, gain=1.0):
    """y (n,) of 0 and 1 and scores (n,) with some ties."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prevalence).astype(float)
    return y, rng.normal(gain * y, 1.0).round(digits)


def by_pairs(y, scores):
    """The share of (positive, negative) pairs in order, a tie counting half."""
    y, scores = np.asarray(y), np.asarray(scores)
    gaps = scores[y == 1][:, None] - scores[y == 0][None, :]
    return float(np.mean((gaps > 0) + 0.5 * (gaps == 0)))
