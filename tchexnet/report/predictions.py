"""Scores of records by a classifier: image by image, with bad files named, and resumable."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tchexnet.classifier import BATCH, Classifier
from tchexnet.datasets.records import Records
from tchexnet.datasets.score_table import ScoreTable
from tchexnet.errors import DataError, ImageError
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.read import read


@dataclass(frozen=True, eq=False)
class Predictions:
    """What came out.

    Args:
        table: the scores of the images that could be read.
        errors: (path, kind, sentence) of the others.
        frame: the table as `tchexnet score` writes it.
    """

    table: ScoreTable
    errors: tuple[tuple[str, str, str], ...]
    frame: pd.DataFrame


def predict(classifier: Classifier, records: Records, folder: Path, tell: Callable[[int], None]) -> Predictions:
    """Scores of every record.

    Rows are appended to a hidden file in `folder` as they are made, and a later call with the same preset and the same
    images goes on from it; the file goes when all is done.

    Args:
        tell: called with how many images were done since the last call.

    Raises:
        DataError: no image could be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".scores.{_key(classifier, records)}.part.jsonl"
    done = _done(part)
    tell(len(done))
    todo = [image for image in records.images if image not in done]
    with part.open("a", encoding="utf-8") as file:
        for start in range(0, len(todo), BATCH):
            some = todo[start : start + BATCH]
            for row in _batch(classifier, records.root, some):
                file.write(json.dumps(row) + "\n")
            file.flush()
            tell(len(some))
    found = _finished(classifier, records, _done(part))
    part.unlink()
    return found


def _batch(classifier: Classifier, root: Path, images: list[str]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    good: list[tuple[str, Radiograph]] = []
    for image in images:
        try:
            good.append((image, read(root / image)))
        except ImageError as error:
            rows.append({"path": image, "kind": error.kind, "sentence": str(error)})
    found = classifier.forward([radiograph for _, radiograph in good])
    for (image, radiograph), values, features in zip(good, found.scores, found.features, strict=True):
        warnings = classifier.warnings(radiograph.warnings, features)
        rows.append({"path": image, "scores": [float(one) for one in values], "warnings": " | ".join(warnings)})
    return rows


def _done(part: Path) -> dict[str, dict[str, object]]:
    """The rows of an earlier call; a last line that was cut short is not one."""
    if not part.is_file():
        return {}
    text = part.read_text("utf-8")
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        part.write_text(whole, "utf-8")
    return {row["path"]: row for row in map(json.loads, whole.splitlines())}


def _finished(classifier: Classifier, records: Records, rows: dict[str, dict[str, object]]) -> Predictions:
    ordered = [rows[image] for image in records.images]
    good = [row for row in ordered if "scores" in row]
    errors = tuple((str(row["path"]), str(row["kind"]), str(row["sentence"])) for row in ordered if "kind" in row)
    if not good:
        raise DataError(f"None of the {len(ordered)} images could be read; the first: {errors[0][2]}")
    labels = tuple(classifier.labels)
    scores = np.array([row["scores"] for row in good], np.float32)
    frame = pd.DataFrame(scores, columns=list(labels))
    frame.insert(0, "path", [str(row["path"]) for row in good])
    frame = frame.assign(preset=classifier.name, warnings=[str(row["warnings"]) for row in good])
    table = ScoreTable(tuple(frame["path"]), labels, scores.astype(np.float64), classifier.name)
    return Predictions(table, errors, frame)


def _key(classifier: Classifier, records: Records) -> str:
    """Of the preset's files and the images: another of either starts anew."""
    said = json.dumps([classifier.name, sorted(classifier.preset.files.items()), records.images])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def errors_csv(errors: tuple[tuple[str, str, str], ...], path: Path) -> None:
    """Write errors.csv, or remove an earlier one where there are none."""
    if not errors:
        return path.unlink(missing_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("path", "kind", "sentence"), *errors])
    return None
