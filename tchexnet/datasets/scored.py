"""Scores beside the truth: the images that every given table speaks of, and by name those that it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tchexnet.datasets import score_table, truth
from tchexnet.datasets.matching import match
from tchexnet.datasets.records import Records
from tchexnet.datasets.score_table import ScoreTable

_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Scored:
    """Records with a model's scores, and perhaps another model's.

    Args:
        records: n rows, with the labels that truth and scores share.
        scores: (n, labels) float64.
        others: label to the (n,) scores of the other model, for the labels that it has too.
        name: how sentences call the model.
        other_name: how they call the other one.
        unmatched: (table, image) for each row that another table lacks.
        notes: what was assumed or left out, a sentence each.
        preset: the preset that the table of scores names, or ''.
    """

    records: Records
    scores: NDArray[np.float64]
    others: dict[str, NDArray[np.float64]]
    name: str
    other_name: str
    unmatched: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    preset: str = ""


def read(
    scores: str | Path, labels: str | Path, compare: str | Path | None = None, patient: str | None = None
) -> Scored:
    """The rows that all tables share, in the order of the scores.

    Args:
        scores: see `score_table.read`.
        labels: see `truth.read`.
        compare: scores of another model on the same images.
        patient: the column of `labels` that names the patient.

    Raises:
        DataError: a table cannot be used, or the tables share no image or no label.
    """
    mine = score_table.read(scores)
    records = truth.read(labels, mine.labels, patient)
    other = None if compare is None else score_table.read(compare)
    return join(mine, records, (str(scores), str(labels), str(compare)), other)


def join(mine: ScoreTable, records: Records, names: Sequence[str], other: ScoreTable | None = None) -> Scored:
    """The same from tables that were read already; `names` is how messages call scores, labels and the other scores."""
    found = match(mine.images, records.images, names[0], names[1])
    rows, kept = found.left, records.take(found.right)
    lost = [(names[0], found.only_left, names[1]), (names[1], found.only_right, names[0])]
    others: dict[str, NDArray[np.float64]] = {}
    if other is not None:
        pair = match(kept.images, other.images, f"{names[0]} and {names[1]}", names[2])
        lost += [(names[0], pair.only_left, names[2]), (names[2], pair.only_right, names[0])]
        rows, kept = rows[pair.left], kept.take(pair.left)
        others = {label: other.columns(label)[pair.right, 0] for label in kept.labels if label in other.labels}
    called = _names(mine, other, names)
    return Scored(
        records=kept,
        scores=mine.columns(*kept.labels)[rows],
        others=others,
        name=called[0],
        other_name=called[1],
        unmatched=tuple((table, image) for table, images, _ in lost for image in images),
        notes=(*kept.notes, *(_lost(*part) for part in lost if part[1]), *_unshared(mine, kept, names)),
        preset=mine.preset,
    )


def _names(mine: ScoreTable, other: ScoreTable | None, paths: Sequence[str]) -> tuple[str, str]:
    """How sentences call the two models: by preset, file, or folder and file, whichever first tells them apart."""
    first, second = Path(paths[0]), Path(paths[2])
    ways = (
        (mine.preset, other.preset if other else ""),
        (first.stem, second.stem),
        (f"{first.parent.name}/{first.stem}", f"{second.parent.name}/{second.stem}"),
    )
    if other is None:
        return mine.preset or first.stem, ""
    return next((pair for pair in ways if all(pair) and pair[0] != pair[1]), ("the first", "the second"))


def _lost(table: str, images: Sequence[str], lacking: str) -> str:
    shown = ", ".join(images[:_SHOWN]) + (" and others" if len(images) > _SHOWN else "")
    return f"{len(images)} images of {table} are not in {lacking} and are left out: {shown}."


def _unshared(mine: ScoreTable, records: Records, names: Sequence[str]) -> tuple[str, ...]:
    absent = [label for label in mine.labels if label not in records.labels]
    if not absent:
        return ()
    shown = ", ".join(absent[:14]) + (" and others" if len(absent) > 14 else "")
    return (f"Not evaluated, since {names[1]} has no such label: {shown}.",)
