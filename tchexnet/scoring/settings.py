"""What is asked of a run, and what of it may not change when the run goes on."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path
from typing import Any, NamedTuple

from tchexnet.classifier import Classifier, EngineName
from tchexnet.errors import ConfigError
from tchexnet.images.recipe import Recipe
from tchexnet.presets import calibrated, guard, store
from tchexnet.presets import preset as presets
from tchexnet.runtime.cores import cores
from tchexnet.runtime.engine import PRECISIONS, Precision
from tchexnet.scoring.batch import batch_size
from tchexnet.scoring.pipeline import default_workers
from tchexnet.scoring.storage import Place, is_url

SHARD = 512


class Settings(NamedTuple):
    """What is asked of a run, besides its source and its output.

    Args:
        preset: a preset's name or folder.
        features: whether the 1024 features are written too.
        precision: `auto` (bf16 where the processor has it, fp32 elsewhere), or one of `PRECISIONS`.
        batch: radiographs in a batch; None: what `batch_size` says.
        workers: how many batches are worked on at once; None: one a core, and two more. It changes no value.
        column: the column of paths, where the source is a CSV file.
        shard: entries in a shard: what a killed run loses at most.
        engine: what computes the scores: `openvino`, or `keras` where workers have GPUs.
    """

    preset: str | Path = "chexnet"
    features: bool = False
    precision: str = "auto"
    batch: int | None = None
    workers: int | None = None
    column: str | None = None
    shard: int = SHARD
    engine: EngineName = "openvino"

    def threads(self) -> int:
        """How many workers there are."""
        return self.workers or default_workers(cores())

    def classifier(self, engine: EngineName = "openvino", streams: int | None = None) -> Classifier:
        """A classifier whose engine computes `streams` batches at once, each of the run's size; None: one a core.

        Raises:
            PresetError, EngineError, ConfigError: the preset or the precision cannot be used here.
        """
        preset = presets.read(store.find(self.preset))
        streams = streams or min(cores(), self.threads())
        precision = resolved(self.precision)
        inputs = self.size(preset.recipe, precision) * preset.recipe.view_count
        return Classifier(preset, engine, precision, streams, inputs)

    def size(self, recipe: Recipe, precision: Precision) -> int:
        """Radiographs in a batch."""
        return self.batch or batch_size(recipe, precision, self.engine)

    def identity(self, source: str, classifier: Classifier, out: Place) -> dict[str, Any]:
        """What decides the bytes of the output: a run goes on only as the same."""
        preset, precision = classifier.preset, classifier.engine.precision
        return {
            "source": source,
            "folder": None if is_url(source) else str(Path.cwd()),
            "column": self.column,
            "preset": preset.name,
            "files": used_files(classifier),
            "labels": list(preset.labels),
            "recipe": json.loads(json.dumps(preset.recipe.to_dict())),
            "precision": precision,
            "engine": self.engine,
            "features": self.features,
            "format": out.suffix,
            "batch": self.size(preset.recipe, precision),
            "shard": self.shard,
            "version": version(),
        }


def used_files(classifier: Classifier) -> dict[str, str]:
    """Name to sha256 of the preset's files that decide a row: network, guard, calibration."""
    network = Path(classifier.preset.network(classifier.engine.precision).name)
    names = (network.name, network.with_suffix(".bin").name, guard.FILE, calibrated.FILE)
    return {name: classifier.preset.files[name] for name in names if name in classifier.preset.files}


def resolved(precision: str) -> Precision:
    """The precision itself, or what `auto` stands for on this machine.

    Raises:
        ConfigError: there is no such precision.
    """
    from tchexnet.runtime.openvino_engine import has_bf16

    if precision == "auto":
        return "bf16" if has_bf16() else "fp32"
    for known in PRECISIONS:
        if precision == known:
            return known
    raise ConfigError(f"{precision!r} is no precision; use auto, {', '.join(PRECISIONS)}.")


def version() -> str:
    """Of this package."""
    try:
        return importlib.metadata.version("tchexnet")
    except importlib.metadata.PackageNotFoundError:
        return "checkout"
