"""The synthetic radiograph that reading is tested on."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def chest(height: int = 96, width: int = 80) -> NDArray[np.float64]:
    """A cartoon chest, (height, width) in [0, 1], using 0 and 1 themselves: bright spine and abdomen, dark lungs."""
    y, x = np.mgrid[0 : 1 : height * 1j, -1 : 1 : width * 1j]
    lungs = np.exp(-(((np.abs(x) - 0.45) / 0.25) ** 2) - ((y - 0.45) / 0.3) ** 2)
    image = 0.55 + 0.25 * np.exp(-((x / 0.12) ** 2)) + 0.25 * y - 0.6 * lungs - 0.5 * (np.abs(x) > 0.92)
    return (image - image.min()) / np.ptp(image)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The file that Pillow writes, as bytes."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
