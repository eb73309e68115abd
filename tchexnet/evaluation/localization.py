"""How well a heatmap finds a reader's box: overlap of boxes, hits, false positives, and the pointing game.

The map becomes boxes as in Wang et al. 2017, section 4.3: it is cut at two intensities, 60 and 180 of 255, and a box is
drawn around each connected region of either cut. The two intensities are theirs; none is chosen here.
Boxes are (left, top, right, bottom) in pixels, where pixel (0, 0) spans 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, stats

CUTS = (60 / 255, 180 / 255)
OVERLAPS = (0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7)
MEASURES = ("iobb", "iou")

Boxes = NDArray[np.float64]
Floats = NDArray[np.float64]


class Share(NamedTuple):
    """A proportion with its interval; NaN where n is 0."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Found:
    """What one map does with one box.

    Args:
        best: measure to the largest overlap of a box of the map with the reader's.
        overlaps: measure to the overlap of each box of the map, (m,).
        pointed: whether the hottest pixel lies in the reader's box; NaN where the map is flat.
    """

    best: dict[str, float]
    overlaps: dict[str, Floats]
    pointed: float


def boxes(heat: NDArray[np.floating], cuts: tuple[float, ...] = CUTS) -> Boxes:
    """The boxes around the connected regions (by sides and corners) above each cut: heat (H, W) in [0, 1] to (m, 4)."""
    found = []
    for cut in cuts:
        regions, _ = ndimage.label(heat > cut, structure=np.ones((3, 3)))
        found += [(x.start, y.start, x.stop, y.stop) for y, x in ndimage.find_objects(regions)]
    return np.array(found, np.float64).reshape(-1, 4)


def iobb(found: Boxes, box: Boxes) -> Floats:
    """Intersection over the area of the map's own boxes: (m, 4) and (4,) to (m,). Source: Wang et al. 2017."""
    return _intersection(found, box) / _area(found)


def iou(found: Boxes, box: Boxes) -> Floats:
    """Intersection over union: (m, 4) and (4,) to (m,)."""
    common = _intersection(found, box)
    return common / (_area(found) + _area(box) - common)


def look(heat: NDArray[np.floating], box: Boxes, cuts: tuple[float, ...] = CUTS) -> Found:
    """Hold one map (H, W) in [0, 1] against one box (4,) in its pixels."""
    drawn = boxes(heat, cuts)
    overlaps = {"iobb": iobb(drawn, box), "iou": iou(drawn, box)}
    best = {measure: float(values.max(initial=0.0)) for measure, values in overlaps.items()}
    return Found(best, overlaps, pointing(heat, box))


def pointing(heat: NDArray[np.floating], box: Boxes) -> float:
    """1 if the hottest pixel's centre lies in the box, 0 if not, NaN where the map is flat.

    No tolerance is added around the box. Source: Zhang et al. 2016, section 4.
    """
    if np.ptp(heat) == 0:
        return nan
    y, x = np.unravel_index(np.argmax(heat), heat.shape)
    left, top, right, bottom = box
    return float(left <= x + 0.5 < right and top <= y + 0.5 < bottom)


def accuracy(found: list[Found], measure: str, overlap: float) -> Share:
    """The share of boxes that a box of the map overlaps by more than `overlap`, with Wilson's 95% interval."""
    return share([one.best[measure] > overlap for one in found])


def false_positives(found: list[Found], measure: str, overlap: float) -> float:
    """How many boxes of a map overlap by `overlap` or less, on average over maps."""
    return float(np.mean([np.sum(one.overlaps[measure] <= overlap) for one in found])) if found else nan


def pointing_game(found: list[Found]) -> Share:
    """The share of boxes that hold the hottest pixel; a flat map points nowhere and misses."""
    return share([one.pointed == 1 for one in found])


def share(hits: list[bool]) -> Share:
    """Hits over n with Wilson's 95% interval, which stays honest near 0 and 1. Source: Wilson 1927."""
    if not hits:
        return Share(nan, nan, nan, 0)
    interval = stats.binomtest(int(sum(hits)), len(hits)).proportion_ci(method="wilson")
    return Share(float(np.mean(hits)), float(interval.low), float(interval.high), len(hits))


def _intersection(found: Boxes, box: Boxes) -> Floats:
    sides = np.minimum(found[:, 2:], box[2:]) - np.maximum(found[:, :2], box[:2])
    return np.asarray(np.prod(np.maximum(sides, 0), axis=-1), np.float64)


def _area(box: Boxes) -> Floats:
    return np.asarray(np.prod(box[..., 2:] - box[..., :2], axis=-1), np.float64)
