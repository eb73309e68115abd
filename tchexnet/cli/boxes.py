"""`--boxes` of `tchexnet evaluate`: the maps of a preset against NIH's boxes, as a table and a JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tchexnet.cli import talk

if TYPE_CHECKING:
    from tchexnet.classifier import Classifier
    from tchexnet.explain.localising import Row

JSON, TABLE = "localization.json", "localization.csv"


def evaluate(classifier: Classifier, boxes: Path, data: Path, out: Path) -> list[Row]:
    """Write `localization.csv` and `localization.json` into `out`; returns the rows.

    Args:
        boxes: NIH's BBox_List_2017.csv.
        data: NIH's folder, which holds the images; boxes on images that are not there are left out.

    Raises:
        DataError: the list or the folder cannot be used, or no box is of a label and an image that are there.
    """
    import pandas as pd

    from tchexnet.datasets import boxes as lists
    from tchexnet.datasets import nih
    from tchexnet.errors import DataError
    from tchexnet.explain import localising

    records = nih.read(data, allow_missing=True)
    paths = {name: records.path(row) for row, name in enumerate(records.names)}
    known = [box for box in lists.read(boxes) if box.label in classifier.labels]
    if not any(box.image in paths for box in known):
        raise DataError(f"None of the boxes of {boxes} is of a label of {classifier.name!r} and an image in {data}.")
    with talk.bar() as bar:
        task = bar.add_task("maps", figure="")
        rows = localising.localise(
            classifier.explain_each,
            known,
            paths,
            tell=lambda done, total: bar.update(task, completed=done, total=total),
        )
    out.mkdir(parents=True, exist_ok=True)
    pd.DataFrame([asdict(row) for row in rows]).to_csv(out / TABLE, index=False)
    (out / JSON).write_text(json.dumps(localising.to_dict(rows, known, paths), indent=2) + "\n")
    return rows
