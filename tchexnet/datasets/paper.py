"""The rows that the tCheXNet paper trained on, faults included; `corrected` is what to use.

Known faults: rows that explicitly deny a finding are thrown away, "no pneumothorax" among them, and the split goes by
row, so a patient may stand on both sides of it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tchexnet.datasets import policies
from tchexnet.datasets.records import Records

EXPLICIT = ("Cardiomegaly", "Edema", "Consolidation", "Pneumonia", "Atelectasis", "Pneumothorax")
"""A row with an explicit 0 in any of these is dropped."""

TRAINING_SHARE = 0.8


def split(frontal: Records) -> tuple[Records, Records]:
    """(train, valid): the rows kept, -1 and blank read as 0, the first 80% and the rest, in file order."""
    kept = frontal.take(kept_rows(frontal))
    zeroed = replace(kept, y=policies.apply(kept, "zeros", blank="zero"))
    cut, rows = training_rows(len(kept)), np.arange(len(kept))
    return zeroed.take(rows[:cut]), zeroed.take(rows[cut:])


def kept_rows(records: Records) -> NDArray[np.intp]:
    """The rows without an explicit 0 in the six findings; -1 and blank are none."""
    return np.flatnonzero(~(records.only(*EXPLICIT).y == 0).any(axis=1))


def training_rows(n: int) -> int:
    """80% of n, rounded to nearest: 94,482 of 118,102."""
    return round(TRAINING_SHARE * n)
