"""Does starting from the shipped CheXNet help on another hospital's radiographs? From 100, 400, and all images.

    python benchmarks/transfer.py --data ../shared/data/kermany --out runs/transfer

The task: pneumonia against normal in children (Kermany et al. 2018), where CheXNet saw adults of another country. Three
in ten patients are the test; of the rest, as many as make up the budget are drawn by patient, and a fifth of it chooses
the epoch. Each budget trains twice, on the same images: from `chexnet` (head, then everything) and from random weights.
Prints a Markdown table; a finished run in --out is not repeated.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from tchexnet.datasets import canvases, splits, table
from tchexnet.datasets.records import Records
from tchexnet.evaluation.auc import auc
from tchexnet.evaluation.macro import macro_difference
from tchexnet.presets import preset as presets
from tchexnet.presets import store
from tchexnet.training import config as configs
from tchexnet.training.config import Config
from tchexnet.training.sources import predict
from tchexnet.training.start import initial_weights
from tchexnet.training.trainer import Trainer

CONFIG = Path(__file__).parents[1] / "configs" / "transfer.toml"
BUDGETS = (100, 400, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    records = table.read(arguments.data / "labels.csv", labels=["Pneumonia"])
    records = replace(records, patients=tuple(map(patient, records.names)))
    rest, test = splits.split_by_patient(records, 0.3, seed=0)
    print(f"Test: {len(test)} images of {len(set(test.patients))} children, {int(test.y.sum())} with pneumonia.\n")
    print("| images to learn from | from random weights | from chexnet | difference |")
    print("|--:|---|---|---|")
    for budget in BUDGETS:
        print(row(draw(rest, budget), test, arguments.out), flush=True)


def patient(name: str) -> str:
    """`person12_virus_3.jpeg` is person12; `IM-0656-0001-0002.jpeg` is IM-0656."""
    found = re.match(r"person\d+|(?:NORMAL2-)?IM-\d+", name)
    return found[0] if found else name


def draw(records: Records, budget: int | None) -> Records:
    """At most `budget` images, whole patients in a shuffled order."""
    if budget is None:
        return records
    order = np.random.default_rng(0).permutation(sorted(set(records.patients)))
    rank = {name: position for position, name in enumerate(order)}
    rows = sorted(range(len(records)), key=lambda i: rank[records.patients[i]])
    return records.take(np.array(sorted(rows[:budget])))


def row(budget: Records, test: Records, out: Path) -> str:
    """One line of the table: both starts on the same images, and their paired difference."""
    plain = replace(configs.read(CONFIG), name=f"random-{len(budget)}")
    only_all = replace(plain.stages[-1], epochs=sum(stage.epochs for stage in plain.stages), learning_rate=1e-3)
    random = replace(plain, stages=(replace(only_all, batch_norm="train"),))
    parent = presets.read(store.find("chexnet"))
    cold = scores(random, budget, test, out, None)
    warm = scores(replace(plain, name=f"chexnet-{len(budget)}"), budget, test, out, parent)
    gain = macro_difference(test.y, cold, warm, test.labels, test.patients)
    cells = [f"{a.value:.3f} [{a.low:.3f}, {a.high:.3f}]" for a in (auc(test.y[:, 0], s[:, 0]) for s in (cold, warm))]
    return f"| {len(budget)} | {cells[0]} | {cells[1]} | {gain.value:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}] |"


def scores(config: Config, budget: Records, test: Records, out: Path, parent: presets.Preset | None) -> np.ndarray:
    """Test scores (n, 1) of one run, trained now or taken from an earlier call."""
    folder = out / config.name
    if (folder / "scores.npy").exists():
        return np.load(folder / "scores.npy")
    train, valid = splits.split_by_patient(budget, 0.2, seed=0)
    model = Trainer(config, train, valid, folder, initial_weights(config, parent)).run(go_on=True)
    pixels = canvases.canvases(test, config.recipe, folder / "cache")
    found = predict(model, config.recipe, pixels)
    np.save(folder / "scores.npy", found)
    return found


if __name__ == "__main__":
    main()
