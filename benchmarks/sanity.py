"""Do the maps depend on the weights? Randomise the network block by block from the top, and compare its maps.

    python benchmarks/sanity.py --data ../shared/data/nih --write docs/explain.md

The radiographs are the first validation images with each finding, never test images. The network runs in Keras; the
maps come from its feature map in the closed form that `explain` uses. A second sitting draws the same weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pages

import tchexnet
from tchexnet.classifier import Classifier
from tchexnet.datasets import nih
from tchexnet.explain import sanity
from tchexnet.explain.explanation import Explanation, explanation
from tchexnet.images.frame import Frame
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.read import read
from tchexnet.models import densenet
from tchexnet.presets import guarding, keras_weights
from tchexnet.runtime.engine import Outputs

BLOCKS = ("conv5", "pool4", "conv4", "pool3", "conv3", "pool2", "conv2", "conv1")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="NIH's folder")
    parser.add_argument("--presets", nargs="+", default=["chexnet", "tchexnet"])
    parser.add_argument("--count", type=int, default=48, help="radiographs")
    parser.add_argument("--write", type=Path, help="the page whose marked places take the tables")
    arguments = parser.parse_args()
    for name in arguments.presets:
        text = table(tchexnet.load(name), arguments.data, arguments.count)
        print(f"## {name}\n\n{text}\n", flush=True)
        if arguments.write:
            pages.put(arguments.write, f"sanity {name}", text)


def table(classifier: Classifier, data: Path, count: int) -> str:
    """The Markdown table of one preset."""
    model = densenet.tapped(keras_weights.build(classifier.preset))
    shown = radiographs(classifier, data, count)
    lines = [
        "| randomised, with all above it | n | Spearman of the cells | SSIM of the heat | flat |",
        "|---|--:|--:|--:|--:|",
    ]
    for row in sanity.cascade(lambda: maps(model, classifier, shown), stages(model)):
        lines.append(f"| {row.stage} | {row.n} | {row.spearman:.3f} | {row.ssim:.3f} | {row.undefined} |")
    return "\n".join(lines)


def radiographs(classifier: Classifier, data: Path, count: int) -> list[tuple[Radiograph, str]]:
    """Validation images with a finding, by turns of the findings, and the finding."""
    _, valid = guarding.parts(classifier.preset, nih.read(data, "train_val_list.txt"))
    turns = [
        (place, str(valid.path(int(row))), label)
        for label in classifier.labels
        for place, row in enumerate(np.flatnonzero(valid.only(label).y[:, 0] == 1))
    ]
    return [(read(path), label) for _, path, label in sorted(turns, key=lambda turn: turn[0])[:count]]


def maps(model: keras.Model, classifier: Classifier, shown: list[tuple[Radiograph, str]]) -> sanity.Maps:
    """Grids and heat of a tapped network as it is now, through the closed form that `explain` uses."""
    batch = np.concatenate([classifier.recipe.apply(radiograph) for radiograph, _ in shown])
    outputs = Outputs(*(np.asarray(part) for part in model.predict(batch, batch_size=16, verbose=0)))
    head = [tuple(layer.get_weights()) for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    found = [
        explanation(
            radiograph,
            classifier.recipe,
            Outputs(*(part[place : place + 1] for part in outputs)),
            head,
            (classifier.labels.index(label), label),
        )
        for place, (radiograph, label) in enumerate(shown)
    ]
    heat = [at(one, classifier.recipe.size) for one in found]
    return np.stack([one.grid for one in found]), np.stack(heat)


def at(one: Explanation, side: int) -> np.ndarray:
    """Heat on the network's own pixels, so that radiographs of any size compare."""
    blank = replace(one.radiograph, pixels=np.zeros((side, side), np.float32))
    return replace(one, radiograph=blank, frame=Frame(0, 0, side, side)).heat()


def stages(model: keras.Model) -> Iterator[tuple[str, Callable[[], None]]]:
    """From the head down to the first convolution; each draws its layers' weights anew, as they were first drawn."""
    random = np.random.default_rng(0)
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    for layer in reversed(dense):
        yield f"`{layer.name}`", lambda layer=layer: redraw([layer], random)
    for block in BLOCKS:
        layers = [
            layer for layer in model.layers if layer.name.startswith((block, "bn") if block == "conv5" else block)
        ]
        if layers:
            yield f"`{block}`", lambda layers=layers: redraw(layers, random)


def redraw(layers: list[keras.Layer], random: np.random.Generator) -> None:
    """Kernels from He's normal distribution, everything else as a fresh layer has it."""
    for weight in (weight for layer in layers for weight in layer.weights):
        if weight.name == "kernel":
            weight.assign(random.normal(0, np.sqrt(2 / np.prod(weight.shape[:-1])), weight.shape).astype(np.float32))
        else:
            weight.assign(np.full(weight.shape, float(weight.name in ("gamma", "moving_variance")), np.float32))


if __name__ == "__main__":
    main()
