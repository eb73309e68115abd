"""Where the network's square lies on the radiograph: the way back from the recipe's fit."""

from __future__ import annotations

from dataclasses import dataclass

from tchexnet.images.recipe import Recipe


@dataclass(frozen=True)
class Frame:
    """A rectangle in the radiograph's pixels; with the fit `pad` it reaches beyond them.

    Args:
        top, left: its corner; pixel (0, 0) spans 0 to 1.
        height, width: its sides.
    """

    top: float
    left: float
    height: float
    width: float


def frame(recipe: Recipe, height: int, width: int) -> Frame:
    """What the network sees of a radiograph of (height, width) pixels in one view; of ten crops, the central one."""
    if recipe.fit == "stretch":
        return Frame(0.0, 0.0, height, width)
    if recipe.fit == "pad":
        side = max(height, width)
        return Frame(-float((side - height) // 2), -float((side - width) // 2), side, side)
    tall, wide = recipe.resized(height, width)
    rows, columns = height / tall, width / wide
    top, left = (tall - recipe.size) // 2, (wide - recipe.size) // 2
    return Frame(top * rows, left * columns, recipe.size * rows, recipe.size * columns)
