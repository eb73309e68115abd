"""How a prepared folder is written: every file whole or not at all, the manifest last, nothing overwritten unasked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from tchexnet.datasets import manifest
from tchexnet.datasets.cells import label_text
from tchexnet.datasets.records import Records
from tchexnet.errors import DataError


def to_cells(records: Records) -> pd.DataFrame:
    """The table that is written for records: image, patient, the labels, then `extra`."""
    text = pd.DataFrame(label_text(records.y, records.uncertain), columns=list(records.labels))
    front = pd.DataFrame({"image": records.images, "patient": records.patients}, dtype="str")
    if records.extra is None:
        return pd.concat([front, text], axis=1)
    others = [column for column in records.extra.columns if column not in {"image", "patient", *records.labels}]
    return pd.concat([front, text, records.extra[others]], axis=1)


def write(folder: str | Path, tables: Mapping[str, pd.DataFrame], texts: Mapping[str, str], overwrite: bool) -> None:
    """Write `NAME.csv` for every table and every text, each whole or not at all, the texts last.

    Raises:
        DataError: the folder holds a prepared file that differs and `overwrite` is False, or it cannot be written.
    """
    folder = Path(folder)
    csv = {f"{name}.csv": table.to_csv(index=False, lineterminator="\n") for name, table in tables.items()}
    contents = {name: text.encode() for name, text in {**csv, **texts}.items()}
    try:
        stale = _stale(folder, contents)
        if stale and not overwrite:
            raise DataError(
                f"{folder} already holds another {stale[0]}; give another folder, or ask for it (overwrite=True, "
                "--overwrite)."
            )
        folder.mkdir(parents=True, exist_ok=True)
        for name in stale:
            (folder / name).unlink()
        for name, content in contents.items():
            _replace(folder / name, content)
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _stale(folder: Path, contents: Mapping[str, bytes]) -> list[str]:
    ours = [f"{part}.csv" for part in manifest.PARTS] + [manifest.LIST, manifest.JSON]
    return [name for name in ours if (folder / name).exists() and contents.get(name) != (folder / name).read_bytes()]


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
