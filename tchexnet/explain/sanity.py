"""Do maps depend on what the network has learned? Randomise it from the top, layer by layer, and watch them change.

A map that looks the same over random weights draws edges of the radiograph, not reasons of the network.
Source: Adebayo et al. 2018, section 3.1 (cascading randomisation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from math import nan

import numpy as np
from scipy import ndimage, stats

from tchexnet.explain.cam import Floats

WINDOW = 7
"""Pixels on a side of SSIM's window."""

Maps = tuple[Floats, Floats]
"""Grids (n, g, g), and heat (n, h, w) in [0, 1], of the same n radiographs."""


@dataclass(frozen=True)
class Similarity:
    """How alike the maps of the same radiographs are, before and after.

    Args:
        stage: what was randomised last, with all above it.
        n: radiographs.
        spearman: mean rank correlation of the cells, in [-1, 1]; NaN if every pair has a flat grid.
        ssim: mean structural similarity of the heat, in [-1, 1].
        undefined: pairs with a flat grid, which have no rank correlation and are left out of it.
    """

    stage: str
    n: int
    spearman: float
    ssim: float
    undefined: int


def cascade(maps: Callable[[], Maps], stages: Iterable[tuple[str, Callable[[], None]]]) -> Iterator[Similarity]:
    """The maps after each randomisation against those before any.

    Args:
        maps: runs the network as it is now.
        stages: from the top; each randomises one more part of the network, for good.

    The first two lines are yardsticks: each map against the next radiograph's, with the trained weights, and against
    noise.
    """
    grids, heat = maps()
    yield similarity("none; against the next radiograph", (grids, heat), (np.roll(grids, 1, 0), np.roll(heat, 1, 0)))
    noise = np.random.default_rng(0).random(grids.shape, np.float32)
    yield similarity("none; against noise", (grids, heat), (noise, _enlarged(noise, heat.shape[1:])))
    for stage, randomise in stages:
        randomise()
        yield similarity(stage, (grids, heat), maps())


def similarity(stage: str, one: Maps, other: Maps) -> Similarity:
    """One line of the table."""
    ranks = np.array([_spearman(*pair) for pair in zip(one[0], other[0], strict=True)])
    alike = [ssim(*pair) for pair in zip(one[1], other[1], strict=True)]
    known = ranks[~np.isnan(ranks)]
    rank = float(known.mean()) if len(known) else nan
    return Similarity(stage, len(ranks), rank, float(np.mean(alike)), len(ranks) - len(known))


def ssim(one: Floats, other: Floats) -> float:
    """Structural similarity of two heats (h, w) in [0, 1]. Source: Wang et al. 2004."""
    from skimage.metrics import structural_similarity

    return float(structural_similarity(one, other, win_size=WINDOW, data_range=1.0))  # type: ignore[no-untyped-call]


def _spearman(one: Floats, other: Floats) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return nan
    return float(stats.spearmanr(one.ravel(), other.ravel()).statistic)


def _enlarged(grids: Floats, shape: tuple[int, ...]) -> Floats:
    """Each grid (g, g) on (h, w) pixels, bilinear between the cells."""
    zoom = [1, *(side / cells for side, cells in zip(shape, grids.shape[1:], strict=True))]
    return np.asarray(ndimage.zoom(grids, zoom, order=1, mode="nearest", grid_mode=True), np.float32)
