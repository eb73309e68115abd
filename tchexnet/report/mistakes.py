"""The worst mistakes of a score: the negatives that it puts highest and the positives that it puts lowest."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tchexnet.datasets.scored import Scored
from tchexnet.errors import ImageError
from tchexnet.images.read import read

EACH = 3
SIDE = 240
"""Longer side, in pixels, of a picture on the page."""

Explain = Callable[[Path, str], Image.Image]
"""From an image's path and a label to the radiograph with its heat."""


@dataclass(frozen=True)
class Mistake:
    """One image on the wrong side.

    Args:
        label: the finding.
        positive: what is true.
        image: its path in the data set.
        score: what the network said.
        picture: the radiograph as a data URI, or ''.
        heat: the same with its heatmap, or ''.
    """

    label: str
    positive: bool
    image: str
    score: float
    picture: str = ""
    heat: str = ""


def worst(scored: Scored, root: Path | None = None, explain: Explain | None = None) -> dict[str, list[Mistake]]:
    """Label to its worst mistakes: negatives with the highest scores, then positives with the lowest.

    Args:
        scored: the images with their truth and scores.
        root: the folder of the images; None shows no pictures.
        explain: draws heatmaps; None draws none.
    """
    return {
        label: [
            _pictured(label, scored, int(row), k, root, explain)
            for positive in (False, True)
            for row in _rows(scored, k, positive)
        ]
        for k, label in enumerate(scored.records.labels)
    }


def _rows(scored: Scored, column: int, positive: bool) -> np.ndarray:
    rows = np.flatnonzero(scored.records.y[:, column] == float(positive))
    scores = scored.scores[rows, column]
    return rows[np.argsort(scores if positive else -scores, kind="stable")[:EACH]]


def _pictured(label: str, scored: Scored, row: int, column: int, root: Path | None, explain: Explain | None) -> Mistake:
    image = scored.records.images[row]
    truth, score = bool(scored.records.y[row, column] == 1), float(scored.scores[row, column])
    if root is None:
        return Mistake(label, truth, image, score)
    try:
        pixels = read(root / image).pixels
    except ImageError:
        # A table may name images that are elsewhere: the row still says which.
        return Mistake(label, truth, image, score)
    picture = uri(Image.fromarray(np.rint(255 * pixels).astype(np.uint8)))
    return Mistake(label, truth, image, score, picture, uri(explain(root / image, label)) if explain else "")


def uri(picture: Image.Image) -> str:
    """A JPEG of at most SIDE pixels as a data URI."""
    small = picture.copy()
    small.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    small.save(file, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
