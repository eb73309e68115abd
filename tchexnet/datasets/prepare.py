"""From a data set as it is downloaded to a prepared folder: checked, split, listed. The twin of `tchexnet prepare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd

from tchexnet.datasets import chexpert as chexpert_files
from tchexnet.datasets import manifest, outputs, paper
from tchexnet.datasets import nih as nih_files
from tchexnet.datasets import table as table_files
from tchexnet.datasets.manifest import Manifest
from tchexnet.datasets.policies import Blank, Policies, by_label
from tchexnet.datasets.records import Records
from tchexnet.datasets.splits import split_by_patient
from tchexnet.errors import DataError
from tchexnet.labels import CHEXPERT14

Recipe = Literal["corrected", "paper"]

ALL = "all"
"""Instead of a list: every row of NIH's table."""


def chexpert(
    root: str | Path,
    out: str | Path,
    *,
    recipe: Recipe = "corrected",
    policies: Policies = "ignore",
    blank: Blank = "zero",
    view: chexpert_files.View = "frontal",
    fraction: float = 0.2,
    seed: int = 0,
    allow_missing: bool = False,
    overwrite: bool = False,
) -> Manifest:
    """Write train.csv and valid.csv from CheXpert's train.csv, and test.csv from the frontal rows of its valid.csv.

    All keep CheXpert's columns. `corrected` splits by patient, keeps explicit zeros, and leaves -1 and blank in the
    files: the manifest's policies are applied when the folder is read. `paper` is `paper.split`, and takes none of the
    other settings. Its share, 20% for validation, is the default here too: the two differ in their faults alone.

    Raises:
        DataError: CheXpert is not at `root`, its files have faults (one report), or `out` holds other data.
    """
    folder = chexpert_files.find_root(root)
    if recipe == "paper":
        _paper_settings(policies, blank, view, fraction)
        policies, blank = "zeros", "zero"
    elif recipe != "corrected":
        raise DataError(f"{recipe!r} is no recipe for CheXpert; there are corrected and paper.")
    chosen = by_label(policies, CHEXPERT14)
    records = chexpert_files.read(folder, view=view, allow_missing=allow_missing)
    train, valid = paper.split(records) if recipe == "paper" else split_by_patient(records, fraction, seed)
    parts = {"train": train, "valid": valid}
    if (folder / "valid.csv").is_file():
        test = chexpert_files.read(folder, "valid", view=view, allow_missing=allow_missing)
        parts["test"] = replace(
            test, notes=(*test.notes, "test.csv is CheXpert's valid.csv, labelled by radiologists.")
        )
    sources = {name: "valid" if name == "test" else "train" for name in parts}
    tables = {
        name: chexpert_files.to_cells(chexpert_files.read_part(folder, sources[name]), part)
        for name, part in parts.items()
    }
    by_row = recipe == "paper"
    plan = manifest.describe(
        "chexpert",
        recipe,
        parts,
        fraction=round(1 - paper.TRAINING_SHARE, 6) if by_row else fraction,
        seed=None if by_row else seed,
        policies=chosen,
        blank=blank,
        by_row=by_row,
    )
    return _write(out, parts, tables, plan, overwrite)


def nih(
    root: str | Path,
    out: str | Path,
    *,
    image_list: str | Path = "train_val_list.txt",
    test_list: str | Path | None = "test_list.txt",
    fraction: float = 0.1,
    seed: int = 0,
    allow_missing: bool = False,
    overwrite: bool = False,
) -> Manifest:
    """Write train.csv and valid.csv, split by patient off NIH's official list, and test.csv from its test list.

    Args:
        image_list: the official list, or `all` for every row of the table; then there is no test part.
        test_list: None, or a list that is not there: no test part.

    Raises:
        DataError: the table or the list is missing, the files have faults (one report), a patient of the test list
            stands in the other one, or `out` holds other data.
    """
    root = Path(root)
    whole = str(image_list) == ALL
    records = nih_files.read(root, None if whole else image_list, allow_missing=allow_missing)
    train, valid = split_by_patient(records, fraction, seed)
    parts = {"train": train, "valid": valid}
    if not whole and test_list is not None and (Path(test_list).is_file() or (root / test_list).is_file()):
        parts["test"] = nih_files.read(root, test_list, allow_missing=allow_missing)
    plan = manifest.describe("nih", "all" if whole else "official", parts, fraction=fraction, seed=seed)
    return _write(out, parts, _plain(parts), plan, overwrite)


def table(
    csv: str | Path,
    out: str | Path,
    *,
    root: str | Path | None = None,
    image: str = table_files.AUTO,
    labels: Sequence[str] | None = None,
    patient: str | None = table_files.AUTO,
    policies: Policies = "ignore",
    blank: Blank = "nan",
    fraction: float = 0.1,
    seed: int = 0,
    allow_missing: bool = False,
    overwrite: bool = False,
) -> Manifest:
    """Write train.csv and valid.csv, split by patient, from a CSV of one's own; see `datasets.table.read`.

    Raises:
        DataError: the file has faults (one report), or `out` holds other data.
    """
    records = table_files.read(csv, root, image=image, labels=labels, patient=patient, allow_missing=allow_missing)
    chosen = by_label(policies, records.labels)
    train, valid = split_by_patient(records, fraction, seed)
    parts = {"train": train, "valid": valid}
    plan = manifest.describe("table", "corrected", parts, fraction=fraction, seed=seed, policies=chosen, blank=blank)
    return _write(out, parts, _plain(parts), plan, overwrite)


def _paper_settings(given: Policies, blank: str, view: str, fraction: float) -> None:
    if (given, blank, view, fraction) != ("ignore", "zero", "frontal", 0.2):
        raise DataError(
            "The paper's recipe is fixed: frontal images, -1 and blank read as 0, the first 80% of the rows; leave out "
            "policy, blank, view and fraction, or take the recipe 'corrected'."
        )


def _plain(parts: Mapping[str, Records]) -> dict[str, pd.DataFrame]:
    return {name: outputs.to_cells(records) for name, records in parts.items()}


def _write(
    out: str | Path,
    parts: Mapping[str, Records],
    tables: Mapping[str, pd.DataFrame],
    plan: Manifest,
    overwrite: bool,
) -> Manifest:
    outputs.write(out, tables, {manifest.LIST: manifest.listing(parts), manifest.JSON: plan.to_text()}, overwrite)
    return plan
