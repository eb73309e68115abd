"""How much faster is training with the prefix cache than plain Keras, and does its memory stay constant?

    python benchmarks/training.py --data ../shared/data/nih --preset chexnet

Real radiographs, decoded and resized to 224 px by the recipe, all in one run of this script. What plain Keras would
need is measured over one epoch of a few hundred images and extrapolated to all; the times of ours are what it took,
fixed costs (export, tracing, compilation) included. `ratio_at_94482_extrapolated` grows both to the paper's 118,102
images. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from training_peer import EPOCHS, naive, naive_seconds

from tchexnet.datasets import nih
from tchexnet.datasets.records import Records
from tchexnet.datasets.splits import split_by_patient
from tchexnet.images.read import read
from tchexnet.presets import preset as presets
from tchexnet.presets import store
from tchexnet.training import backend, network
from tchexnet.training import config as configs
from tchexnet.training.config import Config
from tchexnet.training.hooks import Hooks
from tchexnet.training.losses import masked_bce
from tchexnet.training.stages import open_layers
from tchexnet.training.start import initial_weights
from tchexnet.training.trainer import Trainer

CACHES = {
    "fp32": {"dtype": "float32", "precision": "fp32"},
    "bf16": {"dtype": "float16", "precision": "bf16"},
}
PAPER_IMAGES = (94_482, 23_620)
HERE = Path(__file__)


def main() -> None:
    arguments = parse()
    records = nih.read(arguments.data, "train_val_list.txt").only("Pneumothorax")
    if arguments.memory_of:
        print(json.dumps(memory_of(records, arguments.memory_of)))
        return
    train, valid = split_by_patient(records, 0.2, seed=0)
    parts = train.take(np.arange(arguments.images)), valid.take(np.arange(arguments.images // 4))
    start = time.perf_counter()
    found: dict[str, Any] = {"machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores"}
    found |= {"train": len(parts[0]), "valid": len(parts[1]), "epochs": EPOCHS, "size": 224}
    for first in ("conv5", "head"):
        if first in arguments.parts:
            found[first] = stage(first, parts, arguments)
            print(first, found[first], file=sys.stderr)
    if "step" in arguments.parts:
        found["full_step_images_per_second"] = full_step(parts[0], arguments.steps)
    if "memory" in arguments.parts:
        found["memory"] = memory(arguments.data, arguments.memory)
    print(json.dumps({**found, "seconds": round(time.perf_counter() - start)}, indent=2))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="NIH's folder")
    parser.add_argument("--preset", default="chexnet", help="whose backbone is trained on")
    parser.add_argument("--images", type=int, default=1600, help="to train on; a quarter as many to validate")
    parser.add_argument("--naive-images", type=int, default=256, help="over which plain Keras is timed")
    parser.add_argument("--steps", type=int, default=12, help="of the full network")
    parser.add_argument("--memory", type=int, nargs=2, default=(1000, 13_000), help="numbers of images to compare")
    parser.add_argument("--parts", nargs="+", default=["head", "conv5", "step", "memory"])
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def plan(first: str, cache: dict | None, size: int = 224, epochs: int = EPOCHS) -> Config:
    """One stage, as `configs/tchexnet-paper.toml` has it for the head."""
    return configs.from_dict(
        {
            "name": "bench",
            "architecture": "tchexnet",
            "labels": ["Pneumothorax"],
            "batch_size": 16,
            "recipe": {"size": size},
            "stages": [
                {
                    "name": first,
                    "first": first,
                    "epochs": epochs,
                    "learning_rate": 1e-3 if first == "head" else 1e-4,
                    "schedule": "constant",
                    "augmentation": False,
                    "cache": cache,
                }
            ],
        }
    )


def stage(first: str, parts: tuple[Records, Records], arguments: argparse.Namespace) -> dict[str, Any]:
    """Seconds of the cached stage in each precision, against those of plain Keras."""
    parent = presets.read(store.find(arguments.preset))
    initial = initial_weights(plan(first, None), parent)
    seconds, rates = naive(plan(first, None), initial, parts, arguments.naive_images)
    found: dict[str, Any] = {"naive_seconds_extrapolated": round(seconds), "naive_images_per_second": rates}
    for precision, cache in CACHES.items():
        with tempfile.TemporaryDirectory() as folder:
            clock = Clock()
            start = time.perf_counter()
            run = Trainer(plan(first, cache), *parts, Path(folder), initial, clock.hooks())
            run.run()
            took = time.perf_counter() - start
        paper = naive_seconds(rates, PAPER_IMAGES) / clock.projected(took, sum(map(len, parts)))
        found[precision] = {
            "seconds": round(took, 1),
            "phases": {name: round(spent, 1) for name, spent in clock.spent.items()},
            "ratio": round(seconds / took, 1),
            "ratio_at_94482_extrapolated": round(paper, 1),
            "first_loss": run.progress.rows[0]["loss"],
            "valid_auc": round(run.progress.best, 4),
        }
    return found


class Clock:
    """How long decoding, extraction and epochs take. The first epoch, which traces the step, counts as fixed cost."""

    def __init__(self) -> None:
        self.spent = {"decoding": 0.0, "extraction": 0.0, "epochs": 0.0}
        self._last: dict[str, float] = {}

    def hooks(self) -> Hooks:
        return Hooks(
            on_read=lambda done, total: self._count("decoding", done == total),
            on_cache=lambda done, total: self._count("extraction", done == total),
            on_epoch=lambda row: self._count("epochs", False),
        )

    def _count(self, name: str, ends: bool) -> None:
        now = time.perf_counter()
        self.spent[name] += now - self._last.get(name, now)
        self._last[name] = now
        if ends:
            del self._last[name]

    def projected(self, took: float, images: int) -> float:
        """Seconds for the paper's images: what is fixed stays, the rest grows with the number of images."""
        growing = self.spent["decoding"] + self.spent["extraction"] + self.spent["epochs"] * EPOCHS / (EPOCHS - 1)
        return took - growing + growing * sum(PAPER_IMAGES) / images


def full_step(records: Records, steps: int) -> dict[str, float]:
    """Images a second of a step through the whole network: plain `fit`, ours, and ours in bfloat16."""
    config = plan("head", None)
    rows = range(16 * steps)
    images = np.concatenate([config.recipe.apply(read(records.path(row))) for row in rows])
    y = records.y[: len(images)]
    found = {}
    for name, precision in (("keras_fit", "float32"), ("ours", "float32"), ("ours_bf16", "mixed_bfloat16")):
        backend.prepare(0, precision)
        model = network.build(config, 224)
        if name != "keras_fit":
            backend.fuse_batch_norm(model)
        open_layers(model, "all", "train")
        model.compile(keras.optimizers.AdamW(1e-3), loss=masked_bce, jit_compile=False)
        devices = backend.Devices()
        # Once before the clock runs: the first call traces and compiles.
        if name == "keras_fit":
            model.fit(images[:16], y[:16], batch_size=16, verbose=0)
        else:
            devices.step(model, images[:16], y[:16])
        start = time.perf_counter()
        if name == "keras_fit":
            model.fit(images, y, batch_size=16, shuffle=False, verbose=0)
        else:
            for at in range(0, len(images), 16):
                devices.step(model, images[at : at + 16], y[at : at + 16])
        found[name] = round(len(images) / (time.perf_counter() - start), 2)
    keras.config.set_dtype_policy("float32")
    return found


def memory(data: Path, counts: tuple[int, int]) -> dict[str, Any]:
    """Peak anonymous memory of a cached run, each in a process of its own."""
    found: dict[str, Any] = {"peak_anonymous_mb": {}}
    for count in counts:
        command = [sys.executable, str(HERE), "--data", str(data), "--memory-of", str(count)]
        ran = subprocess.run(command, capture_output=True, text=True, check=True)
        found["peak_anonymous_mb"][count] = json.loads(ran.stdout.splitlines()[-1])
    small, large = found["peak_anonymous_mb"].values()
    return {**found, "larger_by": round(large / small - 1, 4)}


def memory_of(records: Records, count: int) -> float:
    """Megabytes: the highest anonymous memory of canvases, extraction and training of `count` images at 64 px."""
    train, valid = split_by_patient(records, 0.01, seed=0)
    peak, done = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.05):
            status = Path("/proc/self/status").read_text()
            peak = max(peak, int(status.split("RssAnon:")[1].split()[0]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with tempfile.TemporaryDirectory() as folder:
        Trainer(plan("conv5", CACHES["fp32"], 64, 2), train.take(np.arange(count)), valid, Path(folder)).run()
    done.set()
    watcher.join()
    return round(peak / 1024, 1)


if __name__ == "__main__":
    main()
