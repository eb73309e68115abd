"""A radiograph in memory: grey values from 0 (air, black) to 1 (bone, white), and the little that is known of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Radiograph:
    """One chest radiograph, read and checked. Holds nothing that identifies a patient, but the path it came from.

    Args:
        pixels: (height, width) float32 in [0, 1]; 0 is black (air), 1 is white (bone).
        bit_depth: bits a pixel that the file really uses: 8 for most PNG, 10 to 16 for DICOM.
        origin: the path as given, or what else it was read from, for example `<array>`.
        format: `PNG`, `JPEG`, `TIFF`, `DICOM` or `array`.
        view_position: `PA`, `AP`, `LL`, ... as a DICOM header states it; None where nothing does.
        laterality: `L`, `R`, `B` or `U` (unpaired) as a DICOM header states it, or None.
        spacing: millimetres a pixel as (row, column), or None.
        warnings: sentences that a reader of the scores should see.
    """

    pixels: NDArray[np.float32]
    bit_depth: int
    origin: str
    format: str
    view_position: str | None = None
    laterality: str | None = None
    spacing: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    @property
    def width(self) -> int:
        return self.pixels.shape[1]
