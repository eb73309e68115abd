"""The heat over the radiograph: plain, or as a figure with colour bar, label and grid.

Colour and opacity both grow with heat, so that the radiograph is untouched where the map says nothing.
"""

from __future__ import annotations

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tchexnet.explain.explanation import ODDS, Explanation

COLOURS = "plasma"
SMALLEST = 512
"""Shorter side, in pixels, to which a smaller radiograph is enlarged in a figure, so that its text can be read."""

Pixels = NDArray[np.uint8]


def overlay(explanation: Explanation, alpha: float = 0.4) -> Image.Image:
    """RGB, on the radiograph's own pixels.

    Args:
        alpha: opacity of the hottest colour, in [0, 1]; cooler ones are fainter in proportion.
    """
    return Image.fromarray(_blend(explanation.radiograph.pixels, explanation.heat(), alpha))


def figure(explanation: Explanation, alpha: float = 0.4, source: str = "") -> Image.Image:
    """The overlay with label, score, method, grid and a colour bar in the map's own units.

    Args:
        source: what made it, for example the preset's name.
    """
    picture = overlay(explanation, alpha)
    times = max(1.0, SMALLEST / min(picture.size))
    picture = picture.resize((round(picture.width * times), round(picture.height * times)), Image.Resampling.BICUBIC)
    unit = max(12, min(picture.size) // 40)
    page = Image.new("RGB", (picture.width + 8 * unit, picture.height + 5 * unit), "white")
    page.paste(picture, (0, 2 * unit))
    draw = ImageDraw.Draw(page)
    title, footer = _words(explanation, source)
    _write(draw, (unit // 2, unit // 2), title, unit)
    _write(draw, (unit // 2, picture.height + 5 * unit // 2), footer, round(0.75 * unit))
    _bar(page, draw, explanation, (picture.width + unit, 2 * unit, picture.height), unit, alpha)
    return page


def _blend(grey: NDArray[np.float32], heat: NDArray[np.float32], alpha: float) -> Pixels:
    colours = matplotlib.colormaps[COLOURS](heat)[..., :3]
    opacity = (alpha * heat)[..., None]
    return np.asarray(np.rint(255 * ((1 - opacity) * grey[..., None] + opacity * colours)), np.uint8)


def _words(explanation: Explanation, source: str) -> tuple[str, str]:
    """Title and footer."""
    unit = "log-odds over prevalence" if explanation.method == ODDS else "share of the logit"
    cells = len(explanation.grid)
    made = f"{source}, {explanation.method}" if source else explanation.method
    title = f"{explanation.label.replace('_', ' ')}: score {explanation.score:.3f}"
    caveat = "Shows what moved the score, not where disease is."
    if explanation.high <= explanation.low:
        caveat = "The map is flat, or below the prevalence everywhere, so there is no colour."
    return title, f"{made}; grid {cells} x {cells}, smoothed; bar: {unit}.\n{caveat}"


def _bar(
    page: Image.Image,
    draw: ImageDraw.ImageDraw,
    explanation: Explanation,
    place: tuple[int, int, int],
    unit: int,
    alpha: float,
) -> None:
    """The colours as they look over mid grey, with the values at both ends."""
    left, top, height = place
    heat = np.linspace(1, 0, height, dtype=np.float32)[:, None].repeat(unit, 1)
    page.paste(Image.fromarray(_blend(np.full_like(heat, 0.5), heat, alpha)), (left, top))
    size = round(0.75 * unit)
    _write(draw, (left + 3 * unit // 2, top), f"{explanation.high:.3g}", size)
    _write(draw, (left + 3 * unit // 2, top + height - size - size // 3), f"{explanation.low:.3g}", size)


def _write(draw: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int) -> None:
    draw.text(place, text, fill="black", font=ImageFont.load_default(size))
