"""Is it the right way up, and bone white? Two linear scores over an 8 x 8 thumbnail, to warn and never to refuse.

A frontal chest has a bright middle and a bright abdomen below dark lungs. Each score is positive for such an image and
changes sign when grey values, or rows, are reversed. The weights are a logistic regression without intercept, fitted on
NIH training images by `benchmarks/reading_checks.py --fit`; docs/reliability.md has the rates measured.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from tchexnet.images.radiograph import Radiograph
from tchexnet.images.views import is_lateral

SIDE = 8
_SAMPLES_A_CELL = 8
_FLAT = 1e-6

# Rows from the top of the image down.
POLARITY = np.array(
    [
        [-1.08, -0.59, -0.10, 0.36, 0.75, 0.34, -0.41, -1.18],
        [-0.11, 0.17, -0.17, 0.47, 0.86, 0.28, -0.03, -0.25],
        [0.03, -0.00, -0.62, 0.35, 0.24, -0.42, -0.28, 0.07],
        [0.31, -0.27, -0.55, 0.62, 0.25, -0.47, -0.38, 0.24],
        [0.12, -0.45, -0.33, 0.98, 0.41, -0.19, -0.41, -0.09],
        [0.02, -0.51, -0.06, 1.00, 0.23, 0.23, -0.07, -0.18],
        [-0.13, -0.56, -0.25, 0.51, 0.19, 0.17, 0.11, -0.13],
        [-0.23, -0.39, 0.05, 0.74, 0.62, 0.31, 0.03, -0.18],
    ],
    np.float32,
)
UPRIGHT = np.array(
    [
        [0.34, -0.45, -0.69, 0.17, 0.47, -0.75, -0.82, 0.19],
        [0.10, 0.40, -0.10, 0.07, -0.08, 0.02, 0.20, -0.02],
        [0.20, 0.19, -0.35, -0.89, -1.26, -0.29, 0.05, 0.28],
        [0.22, 0.29, 0.16, -0.36, -0.92, -0.19, 0.18, 0.24],
        [-0.22, -0.29, -0.16, 0.36, 0.92, 0.19, -0.18, -0.24],
        [-0.20, -0.19, 0.35, 0.89, 1.26, 0.29, -0.05, -0.28],
        [-0.10, -0.40, 0.10, -0.07, 0.08, -0.02, -0.20, 0.02],
        [-0.34, 0.45, 0.69, -0.17, -0.47, 0.75, 0.82, -0.19],
    ],
    np.float32,
)
# Chosen on training patients that were not fitted: below them a false alarm is rarer than 1 in 500.
POLARITY_LIMIT, UPRIGHT_LIMIT = -1.0, -2.0


def thumbnail(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(8, 8) float32 of mean 0 and mean square 1, from 64 x 64 evenly spaced pixels of (height, width) `pixels`."""
    samples = SIDE * _SAMPLES_A_CELL
    rows, columns = ((np.arange(samples) * side) // samples for side in pixels.shape)
    cells = pixels[np.ix_(rows, columns)].reshape(SIDE, _SAMPLES_A_CELL, SIDE, _SAMPLES_A_CELL).mean((1, 3))
    cells -= cells.mean()
    return cells / max(float(np.sqrt(np.square(cells).mean())), _FLAT)


def polarity(pixels: NDArray[np.float32]) -> float:
    """Positive for white bone, negative for black; its size has no unit."""
    return float(np.vdot(POLARITY, thumbnail(pixels)))


def uprightness(pixels: NDArray[np.float32]) -> float:
    """Positive for a frontal chest with the head up, negative with the head down; its size has no unit."""
    return float(np.vdot(UPRIGHT, thumbnail(pixels)))


def with_orientation_warnings(radiograph: Radiograph) -> Radiograph:
    """The same image, with a warning where it looks inverted or upside down. Lateral views are left alone."""
    if is_lateral(radiograph.view_position):
        return radiograph
    cells, origin = thumbnail(radiograph.pixels), radiograph.origin
    inverted = float(np.vdot(POLARITY, cells)) < POLARITY_LIMIT
    warnings = radiograph.warnings
    if inverted:
        warnings += (f"{origin} looks inverted, bone dark and air bright: check how it was exported.",)
    if float(np.vdot(UPRIGHT, -cells if inverted else cells)) < UPRIGHT_LIMIT:
        warnings += (f"{origin} looks upside down, or is no frontal chest radiograph: look at it.",)
    return radiograph if warnings is radiograph.warnings else dataclasses.replace(radiograph, warnings=warnings)
