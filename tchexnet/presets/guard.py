"""The guard: does this input look like what the preset was trained on? Two measures on the 1024 features.

*Distance*: Mahalanobis from the training images, with the covariance of probabilistic PCA, which shrinks everything
beyond its largest axes to one variance (Tipping & Bishop 1999; for networks' features, Lee et al. 2018). It sees what
is unlike any radiograph.
*Turn*: a logistic regression between training images and their turned and inverted copies. Distance sees few of those,
since a turned chest has much of a chest.
Each limit is a quantile of validation images, so that together they flag no more than a stated share of those.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from tchexnet.errors import DataError, PresetError
from tchexnet.presets.preset import WEIGHTS, Preset, sha256

FILE = "guard.safetensors"
AXES = 128
SOFTNESS = 0.1
"""scikit-learn's C for the logistic regression on standardised features."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Guard:
    """What guard.safetensors holds.

    Args:
        mean: (1024,) of the training features.
        axes: (1024, k) orthonormal, the largest axes of their covariance, float16.
        variances: (k,) along the axes.
        rest: (1,) the one variance of all other directions.
        slope, intercept: (1024,) and (1,): how turned or inverted an input looks, as a logit.
        limits: (2,) of distance and turn; beyond one, the guard warns.
        counts: (3,) training images, copies of them, validation images behind it.
        rate: (1,) the share of validation images that the two limits may flag together.
    """

    mean: Floats
    axes: NDArray[np.float16]
    variances: Floats
    rest: Floats
    slope: Floats
    intercept: Floats
    limits: Floats
    counts: Floats
    rate: Floats

    def measures(self, features: Floats) -> Floats:
        """(n, 1024) features to (n, 2) float32: distance (root of the mean square per feature) and turn."""
        centred = features - self.mean
        along = centred @ self._wide_axes
        beyond = np.maximum((centred**2).sum(1) - (along**2).sum(1), 0)
        distance = np.sqrt(((along**2 / self.variances).sum(1) + beyond / self.rest) / features.shape[1])
        return np.stack([distance, features @ self.slope + self.intercept], axis=1)

    @cached_property
    def _wide_axes(self) -> Floats:
        """Converted once, not for every radiograph, which would cost more than the measures."""
        return self.axes.astype(np.float32)

    def flags(self, features: Floats) -> NDArray[np.bool_]:
        """(n, 2): whether distance and turn are beyond their limits."""
        return self.measures(features) > self.limits

    def sentences(self, features: Floats) -> tuple[str, ...]:
        """What a reader of the scores should know about one row of features (1024,)."""
        far, turned = self.flags(features[None])[0]
        share = f"so are {100 * float(self.rate[0]):.2g}% of validation images"
        if turned:
            return (f"Flagged as turned, inverted or no frontal chest radiograph ({share}): its scores mean little.",)
        if far:
            return (f"Flagged as unlike the training images ({share}): its scores mean little.",)
        return ()


def fit(train: Floats, copies: Floats, valid: Floats, rate: float = 0.01) -> Guard:
    """A guard from features (n, 1024).

    Args:
        train: of training images.
        copies: of turned and inverted training images.
        valid: of validation images; their quantiles are the limits.
        rate: the share of validation images that may be flagged, half of it by each measure.

    Raises:
        DataError: there are too few images for that rate, or the rate lies outside (0, 0.5).
    """
    if not 0 < rate < 0.5 or len(valid) * rate < 2 or len(train) < 2 * AXES:
        raise DataError(
            f"A guard with {rate:g} false alarms needs {2 * AXES} training images or more, and 2 / {rate:g} validation "
            f"images; {len(train)} and {len(valid)} were given."
        )
    mean, axes, variances, rest = _spread(train)
    slope, intercept = _turn(train, copies)
    counts = np.array([len(train), len(copies), len(valid)], np.float32)
    open_ = np.full(2, np.inf, np.float32)
    share = np.array([rate], np.float32)
    guard = Guard(mean, axes, variances, rest, slope, intercept, open_, counts, share)
    limits = np.quantile(guard.measures(valid), 1 - rate / 2, axis=0).astype(np.float32)
    return Guard(mean, axes, variances, rest, slope, intercept, limits, counts, share)


def read(preset: Preset) -> Guard | None:
    """The preset's guard, or None where it has none.

    Raises:
        PresetError: its file is missing or damaged, or was fitted to other weights.
    """
    if FILE not in preset.files:
        return None
    with safe_open(preset.path(FILE), "numpy") as file:
        fitted_to = (file.metadata() or {}).get(WEIGHTS)
        tensors = {field.name: file.get_tensor(field.name) for field in fields(Guard)}
    if fitted_to != preset.files.get(WEIGHTS):
        raise PresetError(
            f"The guard of {preset.name!r} was fitted to other weights; fit it again: tchexnet presets guard."
        )
    return Guard(**tensors)


def write(preset: Preset, guard: Guard) -> None:
    """Put guard.safetensors into the preset's folder; nothing is sealed yet."""
    tensors: dict[str, Any] = {field.name: getattr(guard, field.name) for field in fields(guard)}
    notes = {WEIGHTS: sha256(preset.folder / WEIGHTS)}
    save_file({name: np.ascontiguousarray(values) for name, values in tensors.items()}, preset.folder / FILE, notes)
    (preset.folder / FILE).chmod(0o644)  # safetensors writes it for its owner alone


def _spread(train: Floats) -> tuple[Floats, NDArray[np.float16], Floats, Floats]:
    """Mean, largest axes, variances along them, and the mean variance beyond them."""
    mean = train.mean(0, dtype=np.float64)
    values, vectors = np.linalg.eigh(np.cov(train, rowvar=False))
    rest = max(float(values[:-AXES].mean()), 1e-12)
    variances = np.maximum(values[::-1][:AXES], rest)
    return (
        mean.astype(np.float32),
        vectors[:, ::-1][:, :AXES].astype(np.float16),
        variances.astype(np.float32),
        np.array([rest], np.float32),
    )


def _turn(train: Floats, copies: Floats) -> tuple[Floats, Floats]:
    from sklearn.linear_model import LogisticRegression

    both = np.concatenate([train, copies]).astype(np.float64)
    mean, spread = both.mean(0), np.maximum(both.std(0), 1e-6)
    truth = np.repeat([0, 1], [len(train), len(copies)])
    model = LogisticRegression(C=SOFTNESS, class_weight="balanced", max_iter=2000).fit((both - mean) / spread, truth)
    slope = model.coef_[0] / spread
    return slope.astype(np.float32), np.array([model.intercept_[0] - slope @ mean], np.float32)
