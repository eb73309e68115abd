"""Rows of two tables that speak of the same image, whatever their order and whatever folders stand before the names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tchexnet.errors import DataError

_DEEPEST = 6


@dataclass(frozen=True, eq=False)
class Match:
    """Which rows belong together.

    Args:
        left: m rows of the left table, rising.
        right: the m rows of the right table that speak of the same images.
        only_left: images of the left table that the right one lacks.
        only_right: the same the other way round.
    """

    left: NDArray[np.intp]
    right: NDArray[np.intp]
    only_left: tuple[str, ...]
    only_right: tuple[str, ...]


def match(left: Sequence[str], right: Sequence[str], left_name: str, right_name: str) -> Match:
    """Match images by their paths, or by as many last parts of the paths as both tables share.

    Among the ways that name every image of either table once, the one that matches most is taken: `/mnt/nih/a.png`,
    `images/a.png` and `a.png` are one image, and CheXpert's `patient1/study1/view1_frontal.jpg` stays apart from
    `patient2/study1/view1_frontal.jpg`.

    Raises:
        DataError: no image stands in both tables.
    """
    best = Match(*(np.empty(0, np.intp),) * 2, tuple(left), tuple(right))
    for depth in (None, *range(_DEEPEST, 0, -1)):
        keys = [pd.Index([_last(image, depth) for image in images]) for images in (left, right)]
        if all(index.is_unique for index in keys):
            found = _matched(keys[0], keys[1], left, right)
            best = found if len(found.left) > len(best.left) else best
    if not len(best.left):
        raise DataError(
            f"No image of {left_name} is in {right_name}: the one begins with {left[0]!r}, the other with "
            f"{right[0]!r}. They are matched by path or by image name."
        )
    return best


def _last(image: str, depth: int | None) -> str:
    """The last `depth` parts of a path, or all of it."""
    parts = [part for part in image.replace("\\", "/").split("/") if part not in ("", ".")]
    return "/".join(parts if depth is None else parts[-depth:])


def _matched(keys: pd.Index, others: pd.Index, left: Sequence[str], right: Sequence[str]) -> Match:
    places = others.get_indexer(keys)
    rows = np.flatnonzero(places >= 0)
    absent = np.setdiff1d(np.arange(len(right)), places[rows])
    return Match(rows, places[rows], _taken(left, np.flatnonzero(places < 0)), _taken(right, absent))


def _taken(images: Sequence[str], rows: NDArray[np.intp]) -> tuple[str, ...]:
    return tuple(images[int(row)] for row in rows)
