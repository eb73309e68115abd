"""`--randomise` of `tchexnet evaluate`: do a preset's maps depend on its weights? A table, and a part of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tchexnet.cli import talk

if TYPE_CHECKING:
    from tchexnet.classifier import Classifier
    from tchexnet.datasets.records import Records
    from tchexnet.explain.explanation import Explanation
    from tchexnet.explain.sanity import Maps, Similarity
    from tchexnet.images.radiograph import Radiograph

TABLE = "randomised.csv"
COUNT = 48
"""Radiographs looked at."""


def evaluate(classifier: Classifier, records: Records, out: Path, count: int = COUNT) -> list[Similarity]:
    """Randomise the network from the top in Keras, and write `randomised.csv` into `out`; returns its rows.

    Args:
        records: the radiographs and what is true; `count` of those with a finding are looked at, the findings by turns.

    Raises:
        DataError: fewer than two readable radiographs have a finding of the preset's.
    """
    import pandas as pd

    from tchexnet.explain import sanity
    from tchexnet.models import densenet, randomised
    from tchexnet.presets import keras_weights

    shown = positives(classifier.labels, records, count)
    model = densenet.tapped(keras_weights.build(classifier.preset))
    stages = list(randomised.stages(model))
    rows = []
    with talk.bar() as bar:
        task = bar.add_task("randomised maps", total=len(stages) + 2, figure="")
        for row in sanity.cascade(lambda: maps(model, classifier, shown), stages):
            rows.append(row)
            bar.advance(task)
    out.mkdir(parents=True, exist_ok=True)
    pd.DataFrame([asdict(row) for row in rows]).to_csv(out / TABLE, index=False)
    return rows


def positives(labels: Sequence[str], records: Records, count: int) -> list[tuple[Radiograph, str]]:
    """Readable radiographs with a finding, and the finding: every finding's first, then every finding's second, ..."""
    from tchexnet.errors import DataError, ImageError
    from tchexnet.images.read import read

    known = [label for label in labels if label in records.labels]
    turns = sorted(
        (place, order, int(row))
        for order, label in enumerate(known)
        for place, row in enumerate(np.flatnonzero(records.only(label).y[:, 0] == 1))
    )
    found: list[tuple[Radiograph, str]] = []
    for _, order, row in turns:
        if len(found) == count:
            break
        try:
            found.append((read(records.path(row)), known[order]))
        except ImageError:  # it stands in errors.csv already
            continue
    if len(found) < 2:
        raise DataError(
            f"--randomise compares maps of at least two radiographs with a finding; {records.root} has {len(found)}."
        )
    return found


def maps(model: Any, classifier: Classifier, shown: Sequence[tuple[Radiograph, str]]) -> Maps:
    """Grids and heat of a tapped Keras network as it is now, in the closed form that `explain` uses."""
    from tchexnet.explain.explanation import explanation
    from tchexnet.models import randomised
    from tchexnet.runtime.engine import Outputs

    recipe = replace(classifier.recipe, views="one")
    batch = np.concatenate([recipe.apply(radiograph) for radiograph, _ in shown])
    outputs = [np.asarray(part) for part in model.predict(batch, batch_size=16, verbose=0)]
    head = [tuple(layer.get_weights()) for layer in randomised.dense(model)]
    found = [
        explanation(
            radiograph,
            recipe,
            Outputs(*(part[place : place + 1] for part in outputs)),
            head,
            (classifier.labels.index(label), label),
        )
        for place, (radiograph, label) in enumerate(shown)
    ]
    heat = [_at(one, recipe.size) for one in found]
    return np.stack([one.grid for one in found]), np.stack(heat)


def _at(one: Explanation, side: int) -> Any:
    """Heat on the network's own pixels, so that radiographs of any size compare."""
    from tchexnet.images.frame import Frame

    blank = replace(one.radiograph, pixels=np.zeros((side, side), np.float32))
    return replace(one, radiograph=blank, frame=Frame(0, 0, side, side)).heat()
