"""The data set of `tchexnet evaluate --data`: NIH's folder, CheXpert's, a prepared folder, or a CSV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tchexnet.errors import DataError

if TYPE_CHECKING:
    from tchexnet.datasets.prepared import Parts
    from tchexnet.datasets.records import Records
    from tchexnet.labels import Vocabulary


def read(data: Path, image_list: str | None, part: str | None, labels: Vocabulary, allow_missing: bool) -> Records:
    """The records to evaluate on, cut to the labels that the preset has too.

    Args:
        image_list: an image list of NIH's folder.
        part: of a prepared folder (by default test, or valid where there is none) or of CheXpert (by default valid).

    Raises:
        DataError: the data cannot be used, or share no label with the preset.
    """
    from tchexnet.datasets import chexpert, nih, prepared, table

    if data.is_file():
        records = table.read(data, allow_missing=allow_missing)
    elif (data / prepared.MANIFEST).is_file():
        records = _part(prepared.read(data, allow_missing=allow_missing), part, data)
    elif any((data / name).is_file() for name in nih.TABLES):
        records = nih.read(data, image_list, allow_missing=allow_missing)
    elif data.is_dir():
        records = chexpert.read(data, part or "valid", allow_missing=allow_missing)
    else:
        raise DataError(f"There is no {data}; give NIH's folder, CheXpert's, a prepared folder, or a CSV file.")
    shared = [label for label in records.labels if label in labels]
    if not shared:
        raise DataError(
            f"{data} and the preset share no label: the data have {', '.join(records.labels)}; the preset has "
            f"{', '.join(labels)}."
        )
    return _known(records.only(*shared))


def _part(parts: Parts, part: str | None, data: Path) -> Records:
    chosen = part or ("test" if parts.test is not None else "valid")
    found = {"train": parts.train, "valid": parts.valid, "test": parts.test}.get(chosen)
    if found is None:
        raise DataError(f"{data} has no part {chosen!r}; use train, valid or, where it was prepared, test.")
    return found


def _known(records: Records) -> Records:
    """Without the rows of which no label is known."""
    rows = np.flatnonzero(~np.isnan(records.y).all(axis=1))
    return records if len(rows) == len(records) else records.take(rows)
