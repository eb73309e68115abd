"""`tchexnet presets guard`, `export` and `quantise`: what is made from a preset's network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tchexnet.cli import talk
from tchexnet.presets import preset as presets
from tchexnet.presets import store

Name = Annotated[str, typer.Argument(help="A preset's name, or its folder.", show_default=False)]


def guard(
    name: Name,
    data: Annotated[Path, typer.Option(help="NIH's folder, or a CSV of your own.", show_default=False)],
    image_list: Annotated[str | None, typer.Option("--list", help="Image list of NIH's folder to read.")] = None,
    rate: Annotated[float, typer.Option(help="Share of good radiographs that may be warned about.")] = 0.01,
) -> None:
    """Teach a preset to warn about input unlike its training images: guard.safetensors in its folder.

    \b
    Example:
      tchexnet presets guard chexnet --data NIH_FOLDER --list train_val_list.txt
    """
    from tchexnet.classifier import load
    from tchexnet.datasets import nih, table
    from tchexnet.presets import guarding

    classifier = load(name)
    records = nih.read(data, image_list) if data.is_dir() else table.read(data)
    train, valid = guarding.parts(classifier.preset, records)
    with talk.bar() as bar:
        task = bar.add_task("images", figure="")
        _, made = guarding.fit(
            classifier.preset,
            lambda radiographs: classifier.forward(radiographs).features,
            train,
            valid,
            rate,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    trained, copies, held = (int(count) for count in made.counts)
    print(f"fitted on\t{trained} training images and {copies} turned or inverted copies")
    print(f"limits\tdistance {made.limits[0]:.3f}, turn {made.limits[1]:.3f}, at {rate:g} of {held} validation images")


def export(
    name: Name,
    out: Annotated[Path, typer.Option(help="The file to write; for openvino, its .xml.", show_default=False)],
    form: Annotated[
        str, typer.Option("--format", help="keras, openvino, onnx, litert, or safetensors under torchvision's names.")
    ] = "keras",
) -> None:
    """Write a preset's network for another tool, and say how far its scores are from ours.

    \b
    Example:
      tchexnet presets export chexnet --format keras --out chexnet.keras
    """
    from tchexnet.presets import exporting

    parity = exporting.export(presets.read(store.find(name)), form, out)
    print(f"wrote\t{out}\nlargest difference of {parity.of}\t{parity.difference:.2g}")


def quantise(
    name: Name,
    data: Annotated[Path, typer.Option(help="NIH's folder.", show_default=False)],
    image_list: Annotated[str, typer.Option("--list", help="The image list of training.")] = "train_val_list.txt",
) -> None:
    """Add an int8 network to a preset, calibrated on training images, and report its AUCs on the validation patients.

    \b
    Example:
      tchexnet presets quantise chexnet --data nih/ --list train_val_list.txt
    """
    from tchexnet.datasets import nih
    from tchexnet.presets import quantising

    preset = presets.read(store.find(name))
    with talk.bar() as bar:
        tasks = {what: bar.add_task(what, figure="", visible=False) for what in ("calibrating", "comparing")}

        def tell(what: str, done: int, total: int) -> None:
            bar.update(tasks[what], completed=done, total=total, visible=True)

        report = quantising.quantise(preset, nih.read(data, image_list), tell)
    for row in report["labels"]:
        print(f"{row['label']}\t{row['positives']}/{row['n']}\t{_auc(row['fp32'])}\t{_auc(row['int8'])}\t{row['loss']}")
    talk.say(quantising.verdict(report))


def _auc(found: dict[str, float | None]) -> str:
    return " ".join("undefined" if value is None else f"{value:.4f}" for value in found.values())
