"""What `tchexnet evaluate` is given: two or three tables, or a preset and a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tchexnet.presets import preset as presets

if TYPE_CHECKING:
    from tchexnet.datasets.scored import Scored
    from tchexnet.evaluation.decisions import Calibrated


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


def gather(asked: Asked) -> Gathered:
    """Read, and perhaps compute, what was asked for.

    Raises:
        BadParameter: the options do not go together.
        DataError: a table or a data set cannot be used.
    """
    if asked.scores is not None and asked.labels is not None and asked.data is None:
        return _tables(asked, asked.scores, asked.labels)
    raise typer.BadParameter("Give --scores and --labels, or --preset and --data.", param_hint="evaluate")


def _tables(asked: Asked, scores: Path, labels: Path) -> Gathered:
    from tchexnet.datasets import scored

    found = scored.read(scores, labels, asked.compare, asked.patient)
    identity = {"scores": file(scores), "labels": file(labels)}
    if asked.compare is not None:
        identity["compare"] = file(Path(asked.compare))
    return Gathered(found, identity=identity)


def file(path: Path) -> dict[str, str]:
    """A file's name and sha256; its folder may say more than a report should."""
    return {"file": path.name, "sha256": presets.sha256(path)}
