"""Scoring from Python: the same pipeline as the command's, row by row."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tchexnet.classifier import Classifier
from tchexnet.errors import ImageError
from tchexnet.scores import Scores
from tchexnet.scoring import pipeline, sources
from tchexnet.scoring.batch import Failure, Row
from tchexnet.scoring.opening import Opener
from tchexnet.scoring.settings import Settings

Path_ = str | os.PathLike[str]


@dataclass(frozen=True, eq=False)
class Scored:
    """What became of one radiograph.

    Args:
        path: as it was given, or as its source names it.
        scores: by finding, with their warnings; None where it could not be read.
        features: (1024,) float32, or None.
        error: why it could not be read, or None.
    """

    path: str
    scores: Scores | None
    features: NDArray[np.float32] | None
    error: ImageError | None


def score(
    paths: Path_ | Iterable[Path_],
    preset: str | Path = "chexnet",
    *,
    precision: str = "auto",
    batch: int | None = None,
    workers: int | None = None,
    column: str | None = None,
) -> Iterator[Scored]:
    """Score many radiographs, in order, in bounded memory; one that cannot be read is a row with its error.

    Args:
        paths: what the command takes (a folder, a glob, a CSV, ZIP or TAR file), or paths of radiographs, in a list or
            as they come.
        preset, precision, batch, workers, column: as in `tchexnet.scoring.settings.Settings`.

    Raises:
        DataError, PresetError, EngineError, ConfigError: the source, the preset or the precision cannot be used.

    Example:
        >>> for row in tchexnet.score("pngs/"):
        ...     print(row.path, row.error or row.scores["Pneumothorax"])
    """
    settings = Settings(preset, precision=precision, batch=batch, workers=workers, column=column)
    found = _entries(paths, column)
    return rows(settings.classifier(), found, settings)


def rows(classifier: Classifier, found: sources.Entries, settings: Settings) -> Iterator[Scored]:
    """One row an entry, in order."""
    size = settings.size(classifier.recipe, classifier.engine.precision)
    plan = pipeline.Plan(size, settings.threads(), Opener(found.container))
    for _, result in pipeline.score_batches(classifier, _shards(found.entries, size), plan):
        yield from (_scored(classifier, one) for one in result)


def _entries(paths: Path_ | Iterable[Path_], column: str | None) -> sources.Entries:
    if isinstance(paths, str | os.PathLike):
        return sources.entries(os.fspath(paths), column)
    return sources.Entries(os.fspath(path) for path in paths)


def _shards(entries: Iterator[str], size: int) -> Iterator[pipeline.Shard]:
    while part := list(islice(entries, size)):
        yield 0, part


def _scored(classifier: Classifier, one: Row | Failure) -> Scored:
    if isinstance(one, Failure):
        return Scored(one.entry, None, None, ImageError(one.kind, one.sentence))
    return Scored(one.entry, Scores(classifier.labels, one.scores, one.entry, one.warnings), one.features, None)
