"""What a run leaves for people: configuration, versions, image lists, log, TensorBoard events and curves."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from tchexnet.datasets import manifest
from tchexnet.datasets.records import Records
from tchexnet.training.backend import Events
from tchexnet.training.config import Config

CONFIG, VERSIONS, IMAGES, LOG, CURVES, EVENTS = (
    "config.json",
    "versions.json",
    "manifest.csv",
    "log.csv",
    "curves.png",
    "tensorboard",
)
PACKAGES = ("tchexnet", "tensorflow", "keras", "numpy", "openvino", "pillow", "pandas")


class Journal:
    """The files of one run folder.

    Args:
        folder: the run folder, which exists.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._events: Events | None = None

    def begin(self, config: Config, train: Records, valid: Records) -> None:
        """Write what is known before the first step."""
        (self.folder / CONFIG).write_text(json.dumps(config.to_dict(), indent=2) + "\n")
        versions = {"python": sys.version.split()[0], **{name: _version(name) for name in PACKAGES}}
        (self.folder / VERSIONS).write_text(json.dumps(versions, indent=2) + "\n")
        (self.folder / IMAGES).write_text(manifest.listing({"train": train, "valid": valid}), "utf-8")

    def epoch(self, rows: list[dict[str, Any]]) -> None:
        """Write the log of all epochs, and the last one's numbers for TensorBoard."""
        table = pd.DataFrame(rows)
        partial = self.folder / f"{LOG}.partial"
        table.to_csv(partial, index=False)
        partial.replace(self.folder / LOG)
        self._events = self._events or Events(self.folder / EVENTS)
        numbers = {name: value for name, value in rows[-1].items() if name not in ("stage", "epoch")}
        self._events.write(len(rows), numbers)

    def curves(self, rows: list[dict[str, Any]]) -> None:
        """Draw losses and validation AUC over the epochs of all stages."""
        table = pd.DataFrame(rows)
        figure = Figure(figsize=(9, 3.5), layout="constrained")
        losses, aucs = figure.subplots(1, 2)
        epochs = range(1, len(table) + 1)
        losses.plot(epochs, table["loss"], marker=".", label="training")
        losses.plot(epochs, table["valid_loss"], marker=".", label="validation")
        losses.set(xlabel="epoch", ylabel="loss")
        losses.legend()
        aucs.plot(epochs, table["valid_auc"], marker=".", color="C2")
        aucs.set(xlabel="epoch", ylabel="validation AUC")
        for start in table.index[table["stage"] != table["stage"].shift()][1:]:
            for axes in (losses, aucs):
                axes.axvline(start + 0.5, color="grey", linewidth=0.8, linestyle=":")
        figure.savefig(self.folder / CURVES, dpi=110)


def _version(name: str) -> str:
    try:
        return version(name)
    except ModuleNotFoundError:  # PackageNotFoundError: the checkout itself, used without being installed
        return "checkout"
