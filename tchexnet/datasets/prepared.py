"""A prepared folder: train.csv, valid.csv and perhaps test.csv, with the manifest that explains and checks them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tchexnet.datasets import chexpert, manifest, policies, table
from tchexnet.datasets.cells import label_text, read_cells
from tchexnet.datasets.check import Problem, checked
from tchexnet.datasets.manifest import Manifest
from tchexnet.datasets.records import Records
from tchexnet.datasets.splits import check_parts
from tchexnet.errors import DataError
from tchexnet.labels import CHEXPERT14, NIH14, Vocabulary


class Parts(NamedTuple):
    """The records to train on, to choose by, and to report once."""

    train: Records
    valid: Records
    test: Records | None


def read(folder: str | Path, root: str | Path | None = None, *, allow_missing: bool = False) -> Parts:
    """The parts of a prepared folder, ready to train on.

    The manifest's label policies are applied to `train`; in `valid` and `test` an uncertain label stays NaN, since no
    score can be right or wrong about it. Blank labels follow the manifest in all parts. The policies `multiclass` and
    `self-trained` are left to training: there `y` is NaN, and `policies.apply` may be called on the records again.

    Args:
        folder: what `tchexnet prepare` wrote.
        root: where the images are now, if not where the manifest says.
        allow_missing: leave out the rows whose image is not there; `notes` counts them.

    Raises:
        DataError: a file is missing, damaged or no longer what the manifest describes, a patient stands in two parts
            (unless the recipe splits by row), or an image is missing.
    """
    folder = Path(folder)
    plan = manifest.read(folder)
    where = Path(plan.root if root is None else root)
    parsed = {name: _parse(folder / f"{name}.csv", where, plan) for name in plan.images}
    parts = {name: records for name, (records, _) in parsed.items()}
    if manifest.sha256(manifest.listing(parts)) != plan.sha256:
        raise DataError(
            f"The images and patients of {folder} are no longer those of its {manifest.JSON}; run `tchexnet prepare` again."
        )
    if plan.split == "patient":
        check_parts(parts)
    for name, (records, problems) in parsed.items():
        parts[name] = checked(records, folder / f"{name}.csv", problems, allow_missing=allow_missing)
    ready = {name: _labelled(records, name, plan) for name, records in parts.items()}
    return Parts(ready["train"], ready["valid"], ready.get("test"))


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
                f"{folder} already holds another {stale[0]}; give another folder, or say so (overwrite=True, --overwrite)."
            )
        folder.mkdir(parents=True, exist_ok=True)
        for name in stale:
            (folder / name).unlink()
        for name, content in contents.items():
            _replace(folder / name, content)
    except OSError as error:
        raise DataError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _parse(path: Path, root: Path, plan: Manifest) -> tuple[Records, list[Problem]]:
    cells = read_cells(path)
    if plan.dataset == "chexpert":
        return chexpert.parse(cells, root, path)
    return table.parse(cells, root, "image", "patient", _vocabulary(plan), path)


def _vocabulary(plan: Manifest) -> Vocabulary:
    known = (vocabulary for vocabulary in (NIH14, CHEXPERT14) if vocabulary.labels == plan.labels)
    return next(known, Vocabulary(plan.dataset, plan.labels))


def _labelled(records: Records, part: str, plan: Manifest) -> Records:
    chosen = {label: policy for label, policy in plan.policies.items() if policy not in policies.AT_TRAINING}
    if part != "train":
        chosen = {}
    blank: policies.Blank = "zero" if plan.blank == "zero" else "nan"
    return replace(records, y=policies.apply(records, chosen, blank=blank, seed=plan.seed or 0))


def _stale(folder: Path, contents: Mapping[str, bytes]) -> list[str]:
    ours = [f"{part}.csv" for part in manifest.PARTS] + [manifest.LIST, manifest.JSON]
    return [
        name for name in ours if (folder / name).exists() and contents.get(name) != (folder / name).read_bytes()
    ]


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
