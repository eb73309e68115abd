"""What test-time choices would give the shipped weights, on the validation patients of their training alone.

    python benchmarks/starter_ideas.py --data ../shared/data/nih
    python benchmarks/starter_ideas.py --data ../shared/data/nih --preset chexnet --than runs/starter-chexnet/preset

Each line is the same weights with another input size or number of views; `--than` puts an earlier preset beside them,
with the paired difference. Intervals are 95%, from 2,000 bootstrap rounds over patients. Prints Markdown.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from tchexnet.classifier import Classifier
from tchexnet.datasets import nih, splits
from tchexnet.datasets.records import Records
from tchexnet.evaluation.macro import macro, macro_difference
from tchexnet.images.recipe import Recipe
from tchexnet.presets import preset as presets
from tchexnet.presets import store
from tchexnet.presets.preset import Preset

AT_LEAST = (1, 10, 20)
"""Positives that a finding needs to count in a mean: all 14, those that chose the epoch, and the headline of a card."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="NIH's folder")
    parser.add_argument("--preset", default="chexnet")
    parser.add_argument("--than", help="an earlier preset, by name or folder")
    parser.add_argument("--sizes", type=int, nargs="*", default=[160], help="other input sizes to try")
    arguments = parser.parse_args()
    records = nih.read(arguments.data, "train_val_list.txt")
    preset = presets.read(store.find(arguments.preset))
    config = preset.training["config"]
    _, valid = splits.split_by_patient(records, config["validation"], config["split_seed"])
    print(f"{len(valid)} images of {len(set(valid.patients))} validation patients.\n")
    print(f"| weights | input | {' | '.join(f'mean AUC, findings with >= {least} positives' for least in AT_LEAST)} |")
    print(f"|---|---|{'---|' * len(AT_LEAST)}")
    shipped = show(preset, preset.recipe, valid)
    for recipe in (replace(preset.recipe, views="flip"), *(replace(preset.recipe, size=s) for s in arguments.sizes)):
        show(preset, recipe, valid)
    if arguments.than:
        earlier = presets.read(store.find(arguments.than))
        before = show(earlier, earlier.recipe, valid)
        gain = macro_difference(valid.y, before, shipped, valid.labels, valid.patients)
        print(f"\n{gain.sentence('the earlier preset', 'the present one')}")


def show(preset: Preset, recipe: Recipe, valid: Records) -> np.ndarray:
    """Print one line of the table; returns the scores (n, 14)."""
    classifier = Classifier(replace(preset, recipe=recipe), engine="keras")
    found = classifier.predict([valid.path(row) for row in range(len(valid))])
    scores = np.stack([one.array for one in found])
    cells = []
    for least in AT_LEAST:
        mean = macro(valid.y, scores, valid.labels, valid.patients, min_positives=least)
        cells.append(f"{mean.value:.3f} [{mean.low:.3f}, {mean.high:.3f}], {len(mean.labels)} findings")
    what = f"{recipe.size} px, {recipe.views}"
    print(f"| {preset.folder.parent.name}/{preset.folder.name} | {what} | {' | '.join(cells)} |", flush=True)
    return scores


if __name__ == "__main__":
    main()
