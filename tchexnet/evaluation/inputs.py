"""What every measure here checks first: labels of 1, 0 or NaN, finite scores, matching lengths."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tchexnet.errors import DataError

Floats = NDArray[np.float64]
Positions = NDArray[np.intp]


def labelled(y: ArrayLike, *scores: ArrayLike) -> tuple[NDArray[np.bool_], list[Floats]]:
    """(truth, scores) of the rows whose label is known.

    Args:
        y: (n,) of 1, 0 or NaN; NaN means "not labelled" and its row is dropped.
        scores: each (n,), any range, higher means more likely positive.

    Returns:
        truth (m,) bool and as many (m,) float64 score arrays as were given, m <= n.

    Raises:
        DataError: y holds another value, the lengths differ, or a score of a labelled row is NaN or infinite.
    """
    labels = _vector(y, "labels")
    given = [_vector(score, "scores") for score in scores]
    for score in given:
        if len(score) != len(labels):
            raise DataError(f"There are {len(labels)} labels and {len(score)} scores; give one score for each label.")
    known = ~np.isnan(labels)
    kept = labels[known]
    strange = kept[(kept != 0) & (kept != 1)]
    if len(strange):
        raise DataError(
            f"{len(strange)} of {len(labels)} labels are not 1, 0 or NaN, for example {strange[0]:g}; "
            "apply a label policy first."
        )
    return kept == 1, [_finite(score[known]) for score in given]


def table(y: ArrayLike, *scores: ArrayLike) -> tuple[Floats, list[Floats]]:
    """y and scores as (n, L) float64 arrays of one shape; their values are checked later, a label at a time.

    Raises:
        DataError: an array does not have two axes, or the shapes differ.
    """
    labels, *given = (_numbers(values) for values in (y, *scores))
    for values in (labels, *given):
        if values.ndim != 2 or values.shape != labels.shape or not values.shape[1]:
            shapes = f"{labels.shape} and {values.shape}"
            raise DataError(f"Labels and scores must both be (images, findings), one finding at least, not {shapes}.")
    return labels, given


def named_table(labels: Sequence[str], y: ArrayLike, *scores: ArrayLike) -> tuple[Floats, list[Floats]]:
    """As `table`, whose columns are named by labels.

    Raises:
        DataError: as `table`, or the names do not fit the columns, or one comes twice.
    """
    truth, given = table(y, *scores)
    if len(labels) != truth.shape[1] or len(set(labels)) != len(labels):
        raise DataError(f"{truth.shape[1]} columns need as many different names; given were {', '.join(labels)}.")
    return truth, given


def patient_codes(patients: Iterable[Any], n: int) -> tuple[Positions, int]:
    """(codes, how many patients): codes (n,) in 0..count-1, by sorted name so that row order does not matter.

    Raises:
        DataError: there are not n patients, or one is missing.
    """
    names = pd.Series(patients if isinstance(patients, np.ndarray) else list(patients))
    if len(names) != n:
        raise DataError(f"There are {n} images and {len(names)} patients; give one patient for each image.")
    codes, found = pd.factorize(names, sort=True)
    if missing := int(np.sum(codes < 0)):
        raise DataError(f"{missing} of {n} images name no patient; give each its own name if the patient is unknown.")
    return codes.astype(np.intp), len(found)


def check_level(level: float) -> None:
    """Raise DataError unless 0 < level < 1."""
    if not 0 < level < 1:
        raise DataError(f"The level of an interval lies between 0 and 1, for example 0.95; {level} was given.")


def why_undefined(truth: NDArray[np.bool_]) -> str | None:
    """The reason why no ranking can be measured on these labels, or None where it can."""
    n, positives = len(truth), int(truth.sum())
    if n == 0:
        return "no labelled image"
    if positives == 0:
        return f"no positive among {n} image{'s' * (n > 1)}"
    if positives == n:
        return f"no negative among {n} image{'s' * (n > 1)}"
    return None


def _vector(values: ArrayLike, name: str) -> Floats:
    array = _numbers(values)
    if array.ndim != 1:
        raise DataError(f"The {name} must be one column, not an array of shape {array.shape}.")
    return array


def _numbers(values: ArrayLike) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"Labels and scores must be numbers: {error}.") from error


def _finite(scores: Floats) -> Floats:
    if bad := int(np.sum(~np.isfinite(scores))):
        raise DataError(f"{bad} of {len(scores)} scores are NaN or infinite; score those images again or drop them.")
    return scores
