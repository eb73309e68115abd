"""The manifest of a prepared folder: which image of which patient is in which part, and how that came about.

`manifest.csv` lists image, patient and part; `manifest.json` says the rest, with the list's sha256. Neither holds a
date, so the same preparation writes the same bytes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tchexnet.datasets.records import Records
from tchexnet.datasets.splits import check_parts, shared_patients
from tchexnet.errors import DataError

JSON, LIST = "manifest.json", "manifest.csv"
PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Manifest:
    """How a prepared folder was made.

    Args:
        dataset: `nih`, `chexpert` or `table`.
        recipe: `corrected`, `paper`, or `official` for NIH's lists.
        root: the folder that the images' paths are relative to.
        labels: the label columns.
        split: `patient` or `row`: the unit that was dealt out.
        fractions: share of the units by part, for the parts that were split off one list.
        seed: of the split and of smoothed labels; None where rows were taken in file order.
        policies: label to policy, for uncertain labels of the training part.
        blank: `zero` or `nan`, what a blank label means.
        images: number of images by part.
        patients: number of patients by part.
        shared_patients: patients in both train and valid: 0 unless the recipe splits by row.
        sha256: of `manifest.csv`.
        notes: what was assumed or left out.
    """

    dataset: str
    recipe: str
    root: str
    labels: tuple[str, ...]
    split: str
    fractions: dict[str, float]
    seed: int | None
    policies: dict[str, str]
    blank: str
    images: dict[str, int]
    patients: dict[str, int]
    shared_patients: int
    sha256: str
    notes: tuple[str, ...] = ()

    def to_text(self) -> str:
        """JSON, as `manifest.json` holds it."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"


def describe(
    dataset: str,
    recipe: str,
    parts: Mapping[str, Records],
    *,
    fraction: float,
    seed: int | None,
    policies: Mapping[str, str] | None = None,
    blank: str = "nan",
    by_row: bool = False,
) -> Manifest:
    """The manifest of parts whose validation share is `fraction`.

    Raises:
        DataError: a patient stands in two parts, and they were not split `by_row`.
    """
    if not by_row:
        check_parts(parts)
    labels = tuple(parts["train"].labels)
    return Manifest(
        dataset=dataset,
        recipe=recipe,
        root=str(parts["train"].root.resolve()),
        labels=labels,
        split="row" if by_row else "patient",
        fractions={"train": round(1 - fraction, 6), "valid": fraction},
        seed=seed,
        policies=dict(policies or dict.fromkeys(labels, "ignore")),
        blank=blank,
        images={name: len(records) for name, records in parts.items()},
        patients={name: len(set(records.patients)) for name, records in parts.items()},
        shared_patients=len(shared_patients(parts["train"], parts["valid"])),
        sha256=sha256(listing(parts)),
        notes=tuple(dict.fromkeys(note for records in parts.values() for note in records.notes)),
    )


def listing(parts: Mapping[str, Records]) -> str:
    """The text of `manifest.csv`: image, patient, part, in the order of the parts' rows."""
    frames = [
        pd.DataFrame({"image": records.images, "patient": records.patients, "part": name}, dtype="str")
        for name, records in parts.items()
    ]
    return pd.concat(frames).to_csv(index=False, lineterminator="\n")


def sha256(text: str) -> str:
    """Of the text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def read(folder: str | Path) -> Manifest:
    """The manifest of a prepared folder.

    Raises:
        DataError: there is none, or it is damaged.
    """
    path = Path(folder) / JSON
    if not path.is_file():
        raise DataError(f"{folder} holds no {JSON}; make it with `tchexnet prepare chexpert`, `nih` or `table`.")
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}.") from error
    return _from_fields(fields, path)


def _from_fields(fields: Any, path: Path) -> Manifest:
    again = "run `tchexnet prepare` again"
    if not isinstance(fields, dict) or set(fields) != set(_KINDS):
        raise DataError(f"{path} is no manifest of this version, which holds {', '.join(_KINDS)}; {again}.")
    for name, (kind, item) in _KINDS.items():
        value = fields[name]
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if not isinstance(value, kind) or not all(isinstance(one, item) for one in items):
            raise DataError(f"{name!r} of {path} is not what a manifest holds there; {again}.")
    parts = tuple(fields["images"])
    if not {"train", "valid"} <= set(parts) <= set(PARTS):
        raise DataError(f"{path} must have the parts train, valid and perhaps test, not {', '.join(parts)}; {again}.")
    return Manifest(**{**fields, "labels": tuple(fields["labels"]), "notes": tuple(fields["notes"])})


_KINDS: dict[str, tuple[Any, Any]] = {
    "dataset": (str, ()),
    "recipe": (str, ()),
    "root": (str, ()),
    "labels": (list, str),
    "split": (str, ()),
    "fractions": (dict, (int, float)),
    "seed": (int | None, ()),
    "policies": (dict, str),
    "blank": (str, ()),
    "images": (dict, int),
    "patients": (dict, int),
    "shared_patients": (int, ()),
    "sha256": (str, ()),
    "notes": (list, str),
}
"""Every field of the JSON: its kind, and that of its items."""
