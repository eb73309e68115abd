"""What `tchexnet evaluate` is given: two or three tables, or a preset and a data set."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tchexnet.classifier import Classifier, load
from tchexnet.cli import talk
from tchexnet.presets import calibrated, contamination, store
from tchexnet.presets import preset as presets
from tchexnet.presets.preset import Preset

if TYPE_CHECKING:
    from PIL import Image

    from tchexnet.datasets.records import Records
    from tchexnet.datasets.score_table import ScoreTable
    from tchexnet.datasets.scored import Scored
    from tchexnet.evaluation.decisions import Calibrated
    from tchexnet.report.mistakes import Explain
    from tchexnet.report.predictions import Predictions


@dataclass(frozen=True)
class Asked:
    """The options as they were given."""

    scores: Path | None
    labels: Path | None
    preset: str | None
    data: Path | None
    image_list: str | None
    part: str | None
    compare: str | None
    patient: str | None
    allow_missing: bool
    out: Path


@dataclass(frozen=True, eq=False)
class Gathered:
    """Scores beside the truth, and what is known about both."""

    scored: Scored
    calibrated: Mapping[str, Calibrated] = field(default_factory=dict)
    identity: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    errors: tuple[tuple[str, str, str], ...] = ()
    root: Path | None = None
    explain: Explain | None = None


def gather(asked: Asked) -> Gathered:
    """Read, and perhaps compute, what was asked for.

    Raises:
        BadParameter: the options do not go together.
        DataError: a table or a data set cannot be used.
    """
    scores, labels, data = asked.scores, asked.labels, asked.data
    if scores is not None and labels is not None and data is None:
        return _tables(asked, scores, labels)
    if asked.preset is not None and data is not None and scores is None and labels is None:
        return _data(asked, asked.preset, data)
    raise typer.BadParameter("Give --scores and --labels, or --preset and --data.", param_hint="evaluate")


def _tables(asked: Asked, scores: Path, labels: Path) -> Gathered:
    from tchexnet.datasets import scored

    found = scored.read(scores, labels, asked.compare, asked.patient)
    identity: dict[str, Any] = {"scores": file(scores), "labels": file(labels)}
    if asked.compare is not None:
        identity["compare"] = file(Path(asked.compare))
    if asked.preset is None:
        return Gathered(found, identity=identity)
    preset = presets.read(store.find(asked.preset))
    return _known(Gathered(found, identity=identity), preset)


def _data(asked: Asked, name: str, data: Path) -> Gathered:
    from tchexnet.cli import evaluate_data
    from tchexnet.datasets import scored
    from tchexnet.report import predictions

    classifier = load(name)
    records = evaluate_data.read(data, asked.image_list, asked.part, classifier.labels, asked.allow_missing)
    mine = _predict(classifier, records, asked.out)
    predictions.errors_csv(mine.errors, asked.out / "errors.csv")
    mine.frame.to_csv(asked.out / "scores.csv", index=False, lineterminator="\n")
    other, other_name = _other(asked, records)
    found = scored.join(mine.table, records, (name, str(data), other_name), other)
    identity: dict[str, Any] = {
        "data": {
            "folder": data.name,
            "list": asked.image_list and Path(asked.image_list).name,
            "part": asked.part,
            "images": digest(records),
        }
    }

    def explain(path: Path, label: str) -> Image.Image:
        return classifier.explain(path, label).image()

    gathered = Gathered(found, identity=identity, errors=mine.errors, root=records.root, explain=explain)
    return _known(gathered, classifier.preset)


def _other(asked: Asked, records: Records) -> tuple[ScoreTable | None, str]:
    """The scores to compare with, from a table or from another preset, and how messages call them."""
    from tchexnet.datasets import score_table

    if asked.compare is None:
        return None, ""
    if Path(asked.compare).is_file():
        return score_table.read(asked.compare), asked.compare
    other = load(asked.compare)
    return _predict(other, records, asked.out).table, other.name


def _predict(classifier: Classifier, records: Records, out: Path) -> Predictions:
    from tchexnet.report import predictions

    with talk.bar() as bar:
        task = bar.add_task(f"scores of {classifier.name}", total=len(records), figure="")
        try:
            return predictions.predict(classifier, records, out, lambda count: bar.advance(task, count))
        except KeyboardInterrupt:
            talk.say("interrupted; the same command goes on from here")
            raise


def _known(gathered: Gathered, preset: Preset) -> Gathered:
    """With what the preset knows about its scores, and what must be said before its numbers are believed."""
    weights = {name: sha for name, sha in preset.files.items() if name in (presets.WEIGHTS, presets.NETWORK_DATA)}
    identity = {**gathered.identity, "preset": {"name": preset.name, "licence": preset.licence, **weights}}
    warned = contamination.warnings(preset, gathered.scored.records.images)
    return replace(gathered, identity=identity, calibrated=calibrated.read(preset), warnings=warned)


def digest(records: Records) -> str:
    """sha256 of the images' names, one a line."""
    return hashlib.sha256("\n".join(records.names).encode()).hexdigest()


def file(path: Path) -> dict[str, str]:
    """A file's name and sha256; its folder may say more than a report should."""
    return {"file": path.name, "sha256": presets.sha256(path)}
