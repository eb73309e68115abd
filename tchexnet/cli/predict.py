"""`tchexnet predict`: read radiographs one by one."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from tchexnet.answers import json_object, shown
from tchexnet.classifier import Classifier, load
from tchexnet.cli import talk
from tchexnet.errors import ImageError
from tchexnet.images.read import read
from tchexnet.runtime.engine import Precision
from tchexnet.scores import Scores

_EXAMPLE = """Scores, features or JSON for radiographs (PNG, JPEG, TIFF, DICOM).

Example: tchexnet predict hello_world_images/mean_chest.png --preset chexnet --top 3
"""


def command(
    images: Annotated[list[str], typer.Argument(help="Paths of radiographs.", show_default=False)],
    preset: Annotated[str, typer.Option(help="A preset's name, or its folder.")] = "chexnet",
    features: Annotated[
        bool, typer.Option("--features", help="The 1024 features; with --json, beside the scores.")
    ] = False,
    top: Annotated[int | None, typer.Option(min=1, help="Only the highest TOP scores, highest first.")] = None,
    precision: Annotated[str, typer.Option(help="fp32, or bf16 where the processor has it.")] = "fp32",
    as_json: Annotated[bool, typer.Option("--json", help="One object a line; see docs/schemas.md.")] = False,
) -> None:
    precision_ = _precision(precision)
    classifier = load(preset, precision=precision_)
    refused = 0
    for path in images:
        try:
            _one(classifier, path, features, top, as_json)
        except ImageError as error:
            talk.say(f"error: {error}")
            refused += 1
    if refused:
        raise typer.Exit(1)


command.__doc__ = _EXAMPLE


def _precision(text: str) -> Precision:
    if text == "fp32":
        return "fp32"
    if text == "bf16":
        return "bf16"
    raise typer.BadParameter(f"{text!r} is no precision; use fp32 or bf16.", param_hint="--precision")


def _one(classifier: Classifier, path: str, features: bool, top: int | None, as_json: bool) -> None:
    radiograph = read(path)
    outputs = classifier.forward([radiograph])
    scores = classifier.scores(outputs.scores[0], radiograph, outputs.features[0])
    if as_json:
        vector = outputs.features[0] if features else None
        print(json.dumps(json_object(path, classifier.name, scores, vector, top)))
        return
    for warning in scores.warnings:
        talk.say(f"warning: {path}: {warning}")
    print(path)
    if features:
        print(len(outputs.features[0]), outputs.features[0])
        return
    for label, score in shown(scores, top).items():
        print(label, score, *_meaning(scores, label))


def _meaning(scores: Scores, label: str) -> list[str]:
    """Probability and decision in words, where the preset knows them."""
    words = [f"probability {scores.probabilities[label]:.4g}"] if label in scores.probabilities else []
    if (decision := scores.decisions.get(label)) is not None:
        verdict = "positive" if decision.positive else "negative"
        words.append(f"decision {verdict} (threshold {decision.threshold:.4g}, {decision.point})")
    return words
