"""What runs on a worker of a cluster: a preset, loaded once, and spans of the manifest to committed shards.

A span is computed from the manifest and the run's identity alone, and shards that are there are left alone: a span
may be handed out again, to anyone, at any time.
"""

from __future__ import annotations

import glob
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tchexnet.classifier import Classifier
from tchexnet.errors import DataError, PresetError, TchexnetError
from tchexnet.scoring import pipeline, storage, tables
from tchexnet.scoring.batch import Failure
from tchexnet.scoring.manifest import Span, parse
from tchexnet.scoring.opening import Opener
from tchexnet.scoring.settings import Settings, used_files, version
from tchexnet.scoring.shards import Shards
from tchexnet.scoring.sources import STANDARD_INPUT
from tchexnet.scoring.storage import Place

THREADS_A_CORE = 4
"""For files on storage, where most threads wait for an answer."""


class Work(NamedTuple):
    """All that a worker is told. It pickles.

    Args:
        begun: the run's identity.
        settings: what was asked, the precision resolved.
        manifest: where every worker finds it.
        kept: where it commits shards.
        cores: that it may use.
    """

    begun: dict[str, Any]
    settings: Settings
    manifest: Place
    kept: Shards
    cores: int


class Outcome(NamedTuple):
    """What became of a span.

    Args:
        first: which span it was.
        size, errors: its entries, and how many could not be read.
        trouble: why it is not done, or empty.
        final: whether trying again is of no use.
    """

    first: int
    size: int
    errors: int
    trouble: str = ""
    final: bool = False


class ShardScorer:
    """Scores spans, one a call; Ray Data keeps one of these in each actor."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._classifier: Classifier | None = None

    def __call__(self, batch: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """One row of a `Span`'s fields to one row of an `Outcome`'s. Trouble is a row too: the others go on."""
        span = Span(*(int(batch[name][0]) for name in Span._fields))
        try:
            outcome = Outcome(span.first, span.size, self._score(span))
        except TchexnetError as error:
            outcome = Outcome(span.first, span.size, 0, str(error), final=True)
        except Exception as error:  # a disk that is full, storage that is away: another try may do
            outcome = Outcome(span.first, span.size, 0, f"{type(error).__name__}: {error} (on {platform.node()})")
        return {name: np.array([value]) for name, value in outcome._asdict().items()}

    def _score(self, span: Span) -> int:
        """Commit the shards of a span that are not there yet; returns the errors of all."""
        if self._classifier is None:
            self._classifier = _ready(self._work)
        begun, kept = self._work.begun, self._work.kept
        entries = parse(storage.get(self._work.manifest, span.start, span.stop))
        found = {number: kept.errors(number, len(part)) for number, part in _cut(span, entries, begun["shard"])}
        todo = (shard for shard in _cut(span, entries, begun["shard"]) if found[shard[0]] is None)
        for number, result in pipeline.score_shards(self._classifier, todo, self._plan(entries)):
            kept.commit(number, tables.shard_table(result, begun["labels"], begun["preset"], begun["features"]))
            found[number] = sum(isinstance(one, Failure) for one in result)
        return sum(errors or 0 for errors in found.values())

    def _plan(self, entries: list[str]) -> pipeline.Plan:
        begun, cores = self._work.begun, self._work.cores
        far = any(map(storage.is_url, (*entries[:1], begun["container"] or "")))
        threads = self._work.settings.workers or (cores * THREADS_A_CORE if far else pipeline.default_workers(cores))
        return pipeline.Plan(begun["batch"], threads, Opener(begun["container"]))


def _cut(span: Span, entries: list[str], size: int) -> Iterator[tuple[int, list[str]]]:
    for number, first in enumerate(range(0, len(entries), size), span.first):
        yield number, entries[first : first + size]


def _ready(work: Work) -> Classifier:
    """The classifier of the run.

    Raises:
        DataError: this machine does not see the run's files. Better that than a table of missing images.
        PresetError: this machine has another network under the preset's name.
    """
    _enter(work)
    classifier = work.settings.classifier(work.settings.engine, work.cores)
    if (used_files(classifier), version()) != (work.begun["files"], work.begun["version"]):
        raise PresetError(
            f"The preset {classifier.name} or the tchexnet of {platform.node()} is another one than that of the "
            "machine where the run began: install the same on all."
        )
    recipe = classifier.recipe  # Keras traces its network once, before many threads ask for it
    classifier.infer(np.zeros((work.begun["batch"] * recipe.view_count, *recipe.input_shape), np.float32))
    return classifier


def _enter(work: Work) -> None:
    source, folder = work.begun["source"], work.begun["folder"]
    try:
        if folder is not None:
            os.chdir(folder)  # relative paths start there
        seen = isinstance(work.kept.folder, storage.Url) or work.kept.folder.is_dir()
    except OSError:
        seen = False
    if folder is not None and source != STANDARD_INPUT and not glob.has_magic(source):
        seen = seen and Path(source).exists()
    if not seen:
        raise DataError(
            f"{platform.node()} does not see {source} or {work.kept.folder} in {folder or 'storage'}: put the source "
            "and --out on storage that all machines of the cluster share."
        )
