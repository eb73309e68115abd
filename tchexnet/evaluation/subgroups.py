"""How good a score is for some: by sex, age band, view position, or any column; and the gap to everybody else.

Intervals know that a patient's images resemble each other (`clustered.py`). A group is shown however small it is, with
its n, since the smallest ones are the ones that an overall AUC hides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan, nan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tchexnet.errors import DataError
from tchexnet.evaluation.clustered import Clustered, clustered
from tchexnet.evaluation.delong import normal_interval
from tchexnet.evaluation.inputs import Floats, Positions, check_level, labelled, patient_codes, why_undefined

AGES = (18, 40, 60, 80)
"""Where one age band ends and the next begins, in years."""
UNKNOWN = "not known"
_MOST = 20


@dataclass(frozen=True)
class Group:
    """One label in one group.

    Args:
        column: what the images were grouped by.
        group: the group's name.
        label: the finding.
        n: labelled images of the group.
        positives: positive images among them.
        auc: in [0, 1], or NaN.
        low: lower end of its interval.
        high: upper end.
        rest: AUC of all images outside the group.
        gap: auc - rest: below 0, the score ranks worse in this group.
        gap_low: lower end of the gap's interval.
        gap_high: upper end.
        reason: why a number is NaN or must not be trusted; None where all is well.
    """

    column: str
    group: str
    label: str
    n: int
    positives: int
    auc: float
    low: float
    high: float
    rest: float
    gap: float
    gap_low: float
    gap_high: float
    reason: str | None = None


def age_bands(years: ArrayLike) -> list[str]:
    """`0-17`, `18-39`, ..., `80+`, or `not known` for NaN."""
    names = [f"{low}-{high - 1}" for low, high in zip((0, *AGES), AGES, strict=False)] + [f"{AGES[-1]}+"]
    ages = np.asarray(years, np.float64)
    places = np.searchsorted(AGES, np.nan_to_num(ages), side="right")
    return [UNKNOWN if isnan(age) else names[place] for age, place in zip(ages, places, strict=True)]


def bands(values: pd.Series, column: str) -> list[str]:
    """The group of each value: ages in bands, many different numbers in quarters, anything else as it is.

    Raises:
        DataError: the column holds more than 20 different words.
    """
    numbers = pd.to_numeric(values, errors="coerce")
    if column == "age":
        return age_bands(numbers)
    text = values.astype(object).where(values.notna(), "").map(str).str.strip()
    text = text.where(text != "", UNKNOWN)
    if text.nunique() <= _MOST:
        return list(text)
    if numbers.notna().mean() > 0.5:
        quarters = pd.qcut(numbers, 4, duplicates="drop").astype(object)
        return [UNKNOWN if pd.isna(quarter) else f"{quarter.left:g} to {quarter.right:g}" for quarter in quarters]
    raise DataError(
        f"The column {column!r} holds {text.nunique()} different values; group by one with at most {_MOST}."
    )


def subgroups(
    y: ArrayLike,
    scores: ArrayLike,
    label: str,
    groups: Sequence[str],
    column: str,
    patients: Iterable[Any],
    *,
    level: float = 0.95,
) -> list[Group]:
    """Every group of one column, for one label, by name.

    Args:
        y: (n,) of 1, 0 or NaN.
        scores: (n,), higher means more likely positive.
        label: the finding's name.
        groups: n names.
        column: what the groups are of.
        patients: n names; images of one name count as one source of chance.
        level: of the intervals, in (0, 1).

    Raises:
        DataError: as `auc` does.
    """
    check_level(level)
    known = ~np.isnan(np.asarray(y, np.float64))
    truth, (kept,) = labelled(y, scores)
    codes, count = patient_codes(patients, len(known))
    places, names = pd.factorize(np.asarray(groups, dtype=object))
    return [
        _group(truth, kept, codes[known], count, places[known] == place, (column, str(names[place]), label), level)
        for place in sorted(range(len(names)), key=lambda place: _order(str(names[place])))
    ]


def _order(name: str) -> tuple[float, str]:
    """By the number that a name begins with, then by name; what is not known comes last."""
    digits = name.replace("+", "-").split("-")[0].split(" ")[0]
    number = float(digits) if digits.isdigit() else 1e9
    return (1e10 if name == UNKNOWN else number, name)


def _group(
    truth: NDArray[np.bool_],
    scores: Floats,
    codes: Positions,
    count: int,
    inside: NDArray[np.bool_],
    title: tuple[str, str, str],
    level: float,
) -> Group:
    n, positives = int(inside.sum()), int(truth[inside].sum())
    if reason := why_undefined(truth[inside]):
        return Group(*title, n, positives, *(nan,) * 7, reason=reason)
    mine = clustered(truth[inside], scores[inside], codes[inside], count)
    low, high = normal_interval(mine.value, mine.variance, level, lowest=0.0)
    caveat = _caveat(mine.variance)
    if outside := why_undefined(truth[~inside]):
        return Group(*title, n, positives, mine.value, low, high, *(nan,) * 4, reason=caveat or f"the rest: {outside}")
    rest = clustered(truth[~inside], scores[~inside], codes[~inside], count)
    return Group(*title, n, positives, mine.value, low, high, rest.value, *_gap(mine, rest, level), reason=caveat)


def _gap(mine: Clustered, rest: Clustered, level: float) -> tuple[float, float, float]:
    spread = mine.variance + rest.variance - 2 * mine.covariance(rest)
    gap = mine.value - rest.value
    return gap, *normal_interval(gap, max(spread, 0.0) if not isnan(spread) else spread, level, lowest=-1.0)


def _caveat(variance: float) -> str | None:
    if isnan(variance):
        return "one patient alone has all the positives, or all the negatives: no interval"
    return "perfect separation or equal scores: the interval states no doubt" if variance < 1e-28 else None
