"""A prepared folder: train.csv, valid.csv and perhaps test.csv, with the manifest that explains and checks them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tchexnet.datasets import chexpert, manifest, policies, table
from tchexnet.datasets.cells import read_cells
from tchexnet.datasets.check import Problem, checked
from tchexnet.datasets.manifest import Manifest
from tchexnet.datasets.records import Records
from tchexnet.datasets.splits import check_parts
from tchexnet.errors import DataError
from tchexnet.labels import CHEXPERT14, NIH14, Vocabulary

MANIFEST = manifest.JSON
"""The file that makes a folder a prepared one."""


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
            f"The images and patients of {folder} are no longer those of its {MANIFEST}; run `tchexnet prepare` again."
        )
    if plan.split == "patient":
        check_parts(parts)
    for name, (records, problems) in parsed.items():
        parts[name] = checked(
            records, folder / f"{name}.csv", problems, allow_missing=allow_missing, advice=f"give root if not {where}"
        )
    ready = {name: _labelled(records, name, plan) for name, records in parts.items()}
    return Parts(ready["train"], ready["valid"], ready.get("test"))


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
