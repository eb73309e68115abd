"""NIH's BBox_List_2017.csv: where a radiologist saw a finding. Source: Wang et al., ChestX-ray8, CVPR 2017."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tchexnet.datasets.nih import SPELLINGS
from tchexnet.errors import DataError
from tchexnet.labels import NIH14

SIDE = 1024
"""Pixels on a side of the images that the boxes were drawn on."""

_COLUMNS = ("image", "label", "x", "y", "w", "h")


class Box(NamedTuple):
    """One box, its sides as shares of the image's width and height, in [0, 1].

    Args:
        image: the file's name, as in NIH's tables; its first part is the patient.
        label: the finding, in NIH-14's spelling.
    """

    image: str
    label: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def patient(self) -> str:
        return self.image.split("_")[0]


def read(path: str | Path) -> tuple[Box, ...]:
    """The boxes of the file, in its order; a name that ends in `.gz` is unpacked.

    Raises:
        DataError: the file is missing or cut, a number is none, a finding is not NIH's, or a box lies off its image.
    """
    path = Path(path)
    try:
        rows = pd.read_csv(path, header=0, names=list(_COLUMNS), usecols=range(len(_COLUMNS)))
        sides = rows[["x", "y", "w", "h"]].astype(float) / SIDE
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} is no list of boxes ({error}); six columns are needed, image, finding, x, y, width and height, "
            "as in NIH's BBox_List_2017.csv."
        ) from error
    unknown = sorted(set(rows["label"].map(lambda label: SPELLINGS.get(label, label))) - set(NIH14))
    if unknown:
        raise DataError(f"{path} names findings that NIH-14 lacks: {', '.join(unknown)}.")
    corners = zip(sides.x, sides.y, sides.x + sides.w, sides.y + sides.h, strict=True)
    found = tuple(
        Box(image, SPELLINGS.get(label, label), *map(float, corner))
        for image, label, corner in zip(rows["image"], rows["label"], corners, strict=True)
    )
    off = [box for box in found if not (0 <= box.left < box.right <= 1.01 and 0 <= box.top < box.bottom <= 1.01)]
    if off:
        raise DataError(f"{path} has {len(off)} boxes off their image or without an area, the first on {off[0].image}.")
    return found
