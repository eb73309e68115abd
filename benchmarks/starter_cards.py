"""Score the shipped presets on NIH's test list and write (or check) their cards, aucs.csv and preds.csv.

    python benchmarks/starter_cards.py --data ../shared/data/nih            write them
    python benchmarks/starter_cards.py --data ../shared/data/nih --check    compare; exit 1 if not equal

Nothing is chosen here: the epoch was chosen on validation patients when the weights were trained.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import tchexnet
from tchexnet.classifier import Classifier
from tchexnet.datasets import nih
from tchexnet.datasets.records import Records
from tchexnet.evaluation.macro import macro_difference
from tchexnet.evaluation.summary import summarise
from tchexnet.presets import cards
from tchexnet.presets import preset as presets

LIST = "test_list.txt"
TRAINING_LIST = "NIH ChestX-ray14, the images of train_val_list.txt that were at hand, validation split off by patient"
COMMAND = "python benchmarks/starter_cards.py --data NIH_FOLDER --check"
TEST = (
    "the official NIH test list, cut to the images that were at hand: {images} frontal radiographs of {patients} "
    "patients, at 128 pixels and below (a third of them at 64). NIH's test patients are the harder ones: many images "
    "each, many in bed. Labels are text-mined"
)
USE = (
    "To see the whole way round work in the first minute, to teach with, to start a transfer from, and to test "
    "software against. For results on patients' images, train on the full data or bring published weights."
)
STARTS = {
    "chexnet": "starter-chexnet, which configs/starter-chexnet.toml makes from random weights: 8 epochs at 64 px, 11 at "
    "128 px, 81 minutes",
    "tchexnet": "chexnet",
}
LIMITS = (
    "Trained on {images} images where published CheXNets had about 80,000, at 128 px where they had 224: weaker than "
    "any published CheXNet, and small findings (nodules, thin pneumothoraces) suffer most.",
    "A score is the network's sigmoid output, not a probability: it is not calibrated, and it carries the prevalence "
    "of the training images.",
    "One hospital, text-mined labels (a radiologist's re-reading finds many of them wrong), adults above all; nothing "
    "is known about other hospitals, devices, or children.",
    "Pneumothorax in these data goes with chest drains; a score may see the drain.",
    "The sizes of the source files differ with the labels in this selection of images; training blurs images at random "
    "against that, which lessens the leak and does not prove it gone.",
    "Frontal views only. Of another view, body part or modality the guard warns often, not always (docs/explain.md), and "
    "the score is given all the same.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder with NIH's table, lists and images")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    arguments = parser.parse_args()
    records = nih.read(arguments.data, LIST)
    scores = {name: score(tchexnet.load(name), records) for name in ("chexnet", "tchexnet")}
    equal = [finish(name, records, scores, arguments.check) for name in scores]
    sys.exit(0 if all(equal) else 1)


def score(classifier: Classifier, records: Records) -> pd.DataFrame:
    """Scores of every record: a column `image`, then one a label, rounded to 6 decimals."""
    found = classifier.predict([records.path(row) for row in range(len(records))])
    frame = pd.DataFrame(np.stack([scores.array for scores in found]), columns=list(classifier.labels)).round(6)
    frame.insert(0, "image", records.names)
    return frame


def finish(name: str, records: Records, scores: dict[str, pd.DataFrame], check: bool) -> bool:
    """Write or compare one preset's artefacts; returns whether they were equal."""
    preset = tchexnet.load(name).preset
    mine = records.only(*preset.labels)
    summary = summarise(mine.y, scores[name][list(preset.labels)], preset.labels, records.patients)
    card = cards.render(preset, summary, facts(name, preset, records, scores))
    print(card)
    table = pd.DataFrame([asdict(row) for row in summary.rows]).round(6)
    if check:
        return compare(preset.folder, table, scores[name], card)
    table.to_csv(preset.folder / "aucs.csv", index=False)
    scores[name].to_csv(preset.folder / "preds.csv", index=False)
    (preset.folder / presets.CARD).write_text(card)
    presets.write(replace(preset, training={**preset.training, "data": TRAINING_LIST}))
    return True


def compare(folder: Path, table: pd.DataFrame, scores: pd.DataFrame, card: str) -> bool:
    """Whether the committed artefacts say the same; differences go to stderr."""
    kept_scores = pd.read_csv(folder / "preds.csv")
    kept_table = pd.read_csv(folder / "aucs.csv")
    numbers = scores.columns[1:]
    checks = {
        "preds.csv": kept_scores["image"].equals(scores["image"])
        and np.allclose(kept_scores[numbers], scores[numbers], rtol=0, atol=2e-5),
        "aucs.csv": np.allclose(kept_table["auc"], table["auc"], rtol=0, atol=1e-4, equal_nan=True),
        "card.md": (folder / "card.md").read_text() == card,
    }
    for file, same in checks.items():
        if not same:
            print(f"{folder / file} differs from what was computed now", file=sys.stderr)
    return all(checks.values())


def facts(name: str, preset: presets.Preset, records: Records, scores: dict[str, pd.DataFrame]) -> cards.Facts:
    """What the two cards say."""
    train = preset.training["train"]
    titles = {
        "chexnet": "CheXNet: DenseNet-121 with 14 sigmoids, from random weights, on a tenth of NIH ChestX-ray14.",
        "tchexnet": "tCheXNet: the CheXNet backbone, Dense 512 and Dense 1, transferred to pneumothorax in two stages.",
    }
    return cards.Facts(
        title=titles[name],
        test=TEST.format(images=len(records), patients=len(set(records.patients))),
        made=made(preset),
        use=USE,
        limits=tuple(limit.format(images=f"{train['images']:,}") for limit in LIMITS),
        command=COMMAND,
        comparison=paired(records, scores) if name == "tchexnet" else "",
    )


def made(preset: presets.Preset) -> str:
    """The story of a training run, from what the preset recorded."""
    training, config = preset.training, preset.training["config"]
    train, valid, versions = training["train"], training["valid"], training["versions"]
    sentences = [
        "Data: NIH ChestX-ray14 (Wang et al. 2017, NIH Clinical Center), the images of `train_val_list.txt` that were",
        f"at hand: {train['images']:,} images of {train['patients']:,} patients to learn from, {valid['images']:,} of",
        f"{valid['patients']:,} other patients to choose the epoch by.",
        kept(preset),
        f"Start: {STARTS[preset.name]}. Stages: {'; '.join(map(stage, config['stages']))}.{stopped(preset)}",
        f"AdamW, batch {config['batch_size']}, weight decay {config['weight_decay']:g}, binary cross-entropy without",
        f"weights, {config['precision']}. Hardware: {training['machine']}, no GPU, shared with other work;",
        f"{training['seconds'] / 60:.0f} minutes. TensorFlow {versions['tensorflow']}, Keras {versions['keras']}.",
        "Everything else is in preset.json and log.csv.",
    ]
    return "\n".join(sentences)


def kept(preset: presets.Preset) -> str:
    """Which epoch was kept, and how good it was on the validation patients."""
    log = pd.read_csv(preset.folder / "log.csv")
    best = log[np.isclose(log["valid_auc"], preset.training["valid_auc"])].iloc[-1]
    labels = "" if len(preset.labels) == 1 else ", the mean over the labels with at least ten positives there"
    sentence = f"Kept: {best['stage']}, epoch {best['epoch']}, validation AUC {best['valid_auc']:.3f}{labels}."
    if best["stage"] != log["stage"].iloc[-1]:
        sentence += f" No epoch of the stage {log['stage'].iloc[-1]!r} was better: below the head it is its parent."
    return sentence


def stopped(preset: presets.Preset) -> str:
    """A sentence where the last stage has fewer epochs than its plan."""
    last, plan = pd.read_csv(preset.folder / "log.csv").iloc[-1], preset.training["config"]["stages"][-1]
    return "" if last["epoch"] == plan["epochs"] else f" Stopped by hand after epoch {last['epoch']}."


def stage(fields: dict[str, Any]) -> str:
    """One stage of a plan in words."""
    size = f" at {fields['size']} px" if fields["size"] else ""
    return (
        f"{fields['name']}, {fields['epochs']} epochs from layer `{fields['first']}`{size}, "
        f"one-cycle peak {fields['learning_rate']:g}"
    )


def paired(records: Records, scores: dict[str, pd.DataFrame]) -> str:
    """tCheXNet against CheXNet's own pneumothorax output, whichever wins."""
    mine = records.only("Pneumothorax")
    chexnet, transferred = (scores[name][["Pneumothorax"]].to_numpy() for name in ("chexnet", "tchexnet"))
    difference = macro_difference(mine.y, chexnet, transferred, mine.labels, records.patients)
    return difference.sentence("CheXNet's own Pneumothorax output", "tCheXNet")


if __name__ == "__main__":
    main()
