"""An explanation: the map of one finding on one radiograph, and its way back to the radiograph's pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tchexnet.errors import ExplainError
from tchexnet.explain import cam as maps
from tchexnet.explain.cam import Floats, Head
from tchexnet.images.frame import Frame, frame
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.recipe import Recipe
from tchexnet.runtime.engine import Outputs

if TYPE_CHECKING:
    from PIL import Image

VIEWS = {"cam": "what each cell adds to the logit", "odds": "log-odds over the prevalence"}
ODDS = "log-odds over prevalence"


@dataclass(frozen=True, eq=False)
class Explanation:
    """Where a score comes from.

    Args:
        label: the finding.
        method: `CAM`, `Grad-CAM`, or `log-odds over prevalence`.
        grid: (g, g) float32, the map as the network has it: what a cell adds to the logit, or its log-odds.
        score: the sigmoid output of the one view that is explained; with several views `predict` gives their mean.
        radiograph: what was read; its warnings include those about the features.
        frame: where the network's square lies on the radiograph.
        low, high: the values of the grid that heat shows as 0 and 1.
    """

    label: str
    method: str
    grid: Floats
    score: float
    radiograph: Radiograph
    frame: Frame
    low: float
    high: float

    def heat(self) -> Floats:
        """(H, W) float32 in [0, 1], on the radiograph's pixels: the grid from `low` to `high`, bilinear between cells.

        All 0 where the map has no height: it is flat, or its log-odds lie below the prevalence everywhere. 0 where
        the network does not look.
        """
        span = self.high - self.low
        scaled = np.clip((self.grid - self.low) / span, 0, 1) if span > 0 else np.zeros_like(self.grid)
        rows = _interpolation(self.radiograph.height, self.frame.top, self.frame.height, len(self.grid))
        columns = _interpolation(self.radiograph.width, self.frame.left, self.frame.width, len(self.grid))
        return np.clip(rows @ scaled @ columns.T, 0, 1)

    def image(self, alpha: float = 0.4) -> Image.Image:
        """The heat over the radiograph, at full resolution, without decoration. See `overlay.overlay`."""
        from tchexnet.explain.overlay import overlay

        return overlay(self, alpha)


def explanation(
    radiograph: Radiograph,
    recipe: Recipe,
    outputs: Outputs,
    head: Head,
    label: tuple[int, str],
    view: str = "cam",
    prevalence: Callable[[str], float] | None = None,
) -> Explanation:
    """The explanation of one output.

    Args:
        recipe: with one view.
        outputs: of one forward pass over that view (n = 1).
        label: its position among the outputs, and its name.
        view: `cam` or `odds`.
        prevalence: of a label among the training images; asked for the view `odds` only.

    Raises:
        ExplainError: there is no such view.
    """
    position, name = label
    if view not in VIEWS or (view == "odds" and prevalence is None):
        raise ExplainError(f"{view!r} is no view of an explanation; use {' or '.join(VIEWS)}.")
    feature_map = outputs.feature_map[0]
    if view == "odds" and prevalence is not None:
        method, grid = ODDS, maps.odds(feature_map, head, position, prevalence(name))
    else:
        method = "CAM" if len(head) == 1 else "Grad-CAM"
        grid = maps.cam(feature_map, head, position)
    place = frame(recipe, radiograph.height, radiograph.width)
    score = float(outputs.scores[0, position])
    return Explanation(name, method, grid, score, radiograph, place, *_limits(method, grid))


def _limits(method: str, grid: Floats) -> tuple[float, float]:
    """The grid's values at heat 0 and 1: its own range (Zhou et al. 2016), or for log-odds from the prevalence up.

    Grad-CAM's ReLU (Selvaraju et al. 2017, equation 2) is left out. Zero means nothing in either map, since every
    feature is positive and the bias takes up the rest; where every cell lies below 0, the map would be blank.
    """
    low = 0.0 if method == ODDS else float(grid.min())
    return low, max(low, float(grid.max()))


def _interpolation(pixels: int, start: float, length: float, cells: int) -> Floats:
    """(pixels, cells) float32: how much of each cell's value each pixel takes; rows sum to 1, or to 0 outside."""
    place = (np.arange(pixels) + 0.5 - start) / length * cells - 0.5
    inside = (place >= -0.5) & (place <= cells - 0.5)
    distance = np.abs(np.clip(place, 0, cells - 1)[:, None] - np.arange(cells))
    return (np.maximum(0, 1 - distance) * inside[:, None]).astype(np.float32)
