"""Is there a picture in it? Near-black and constant images are refused: a score for them would mean nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tchexnet.errors import ImageError
from tchexnet.images.radiograph import Radiograph

BLACK_LEVEL = 0.05
CONTRAST = 0.02
_TAIL = 0.005
_SAMPLES_A_SIDE = 256


def check_content(radiograph: Radiograph) -> None:
    """Refuse an image without content, judged on a grid of at most 256 x 256 of its pixels.

    Near-black: 99.5 % of the pixels are below 0.05 (13 of 255). Constant: 99 % of the pixels, from the darkest
    0.5 % to the brightest 0.5 %, span less than 0.02 (5 of 255).

    Raises:
        ImageError: `constant` or `near-black`.
    """
    low, high = _extent(radiograph.pixels)
    origin = radiograph.origin
    if high - low < CONTRAST:
        raise ImageError(
            "constant",
            f"{origin} shows one grey value, {(low + high) / 2:.2f} of 0 to 1, nearly everywhere: "
            "check how it was exported, and its window.",
        )
    if high < BLACK_LEVEL:
        raise ImageError(
            "near-black",
            f"{origin} is almost black (99.5 % of it lies below {high:.3f} of 0 to 1): "
            "check how it was exported, its window and its bit depth.",
        )


def _extent(pixels: NDArray[np.float32]) -> tuple[float, float]:
    rows, columns = (-(-side // _SAMPLES_A_SIDE) for side in pixels.shape)
    sample = pixels[::rows, ::columns].ravel()
    tail = int(_TAIL * (sample.size - 1))
    ends = np.partition(sample, (tail, sample.size - 1 - tail))
    return float(ends[tail]), float(ends[sample.size - 1 - tail])
