"""Records: which radiographs, of which patients, with which labels. One type for every data set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tchexnet.errors import DataError
from tchexnet.labels import Vocabulary


@dataclass(frozen=True, eq=False)
class Records:
    """Rows of a data set, column by column.

    Args:
        root: the folder that `images` are relative to.
        images: n paths relative to `root`.
        patients: n patient identifiers.
        labels: the findings, one a column of `y`.
        y: (n, labels) float32: 1 present, 0 absent, NaN not known.
        uncertain: (n, labels) bool: True where the report was uncertain (CheXpert's -1). `y` is NaN there until
            `policies.apply` says otherwise. None: no label is uncertain.
        extra: n rows of further columns, such as `sex`, `age` and `view`. None: nothing else is known.
        notes: what the reader assumed or left out, a sentence each, for a person to see.
    """

    root: Path
    images: tuple[str, ...]
    patients: tuple[str, ...]
    labels: Vocabulary
    y: NDArray[np.float32]
    uncertain: NDArray[np.bool_] | None = None
    extra: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.y.shape != (len(self.images), len(self.labels)) or len(self.patients) != len(self.images):
            raise DataError(
                f"Records need one row of {len(self.labels)} labels an image: {len(self.images)} images, "
                f"{len(self.patients)} patients and labels of shape {self.y.shape} were given."
            )
        if self.uncertain is not None and self.uncertain.shape != self.y.shape:
            raise DataError(
                f"`uncertain` must have the shape of the labels, {self.y.shape}; it has {self.uncertain.shape}."
            )
        if self.extra is not None and len(self.extra) != len(self.images):
            raise DataError(
                f"`extra` must have one row an image: {len(self.extra)} rows and {len(self.images)} images were given."
            )

    def __len__(self) -> int:
        return len(self.images)

    @property
    def names(self) -> tuple[str, ...]:
        """File names without folders, as NIH's lists give them."""
        return tuple(Path(image).name for image in self.images)

    def path(self, row: int) -> Path:
        """Where the image of a row is."""
        return self.root / self.images[row]

    def prevalence(self) -> dict[str, float]:
        """Label to the share of its known values that are 1; a label without any is left out."""
        known = ~np.isnan(self.y)
        return {label: float(self.y[known[:, k], k].mean()) for k, label in enumerate(self.labels) if known[:, k].any()}

    def take(self, rows: NDArray[np.integer]) -> Records:
        """The given rows, in the given order."""
        return replace(
            self,
            images=tuple(self.images[row] for row in rows),
            patients=tuple(self.patients[row] for row in rows),
            y=self.y[rows],
            uncertain=None if self.uncertain is None else self.uncertain[rows],
            extra=None if self.extra is None else self.extra.iloc[rows].reset_index(drop=True),
        )

    def only(self, *labels: str) -> Records:
        """The same rows with some of the labels.

        Raises:
            LabelError: a label is not among them.
        """
        columns = [self.labels.index(label) for label in labels]
        return replace(
            self,
            labels=Vocabulary(self.labels.name, tuple(labels)),
            y=self.y[:, columns],
            uncertain=None if self.uncertain is None else self.uncertain[:, columns],
        )
