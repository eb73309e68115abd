"""One batch of entries to rows and errors. Pure: the same entries give the same result, wherever it is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tchexnet.classifier import Classifier, EngineName
from tchexnet.errors import ImageError
from tchexnet.images.read import Source, read
from tchexnet.images.recipe import Recipe
from tchexnet.runtime.engine import Outputs, Precision
from tchexnet.scoring.opening import Opener

INPUTS = {"fp32": 1, "bf16": 2, "int8": 4}
"""Network inputs in a batch of OpenVINO's."""
INPUTS_OF_KERAS = 32
"""The same of Keras's, which is for GPUs."""


class Row(NamedTuple):
    """What became of one radiograph that could be read.

    Args:
        entry: as the source names it.
        scores: (labels,) float32 in [0, 1].
        features: (1024,) float32.
        warnings: what a reader of the scores should know.
    """

    entry: str
    scores: NDArray[np.float32]
    features: NDArray[np.float32]
    warnings: tuple[str, ...]


class Failure(NamedTuple):
    """What became of one that could not.

    Args:
        entry: as the source names it.
        kind: one of `errors.IMAGE_ERROR_KINDS`.
        sentence: for a person.
    """

    entry: str
    kind: str
    sentence: str


Result = list[Row | Failure]


def batch_size(recipe: Recipe, precision: Precision, engine: EngineName = "openvino") -> int:
    """How many radiographs make a batch: their views are about as many network inputs as compute fastest."""
    inputs = INPUTS_OF_KERAS if engine == "keras" else INPUTS[precision]
    return max(1, inputs // recipe.view_count)


def score_batch(
    classifier: Classifier, entries: Sequence[str], sources: Sequence[Source | ImageError], size: int
) -> Result:
    """One outcome an entry, in order.

    Args:
        entries: at most `size` of them.
        sources: what `images.read` takes for each, or why there is none.
        size: of every batch.
    """
    found = [_read(classifier, entry, source) for entry, source in zip(entries, sources, strict=True)]
    inputs = [one.inputs for one in found if isinstance(one, _Input)]
    outputs = iter(_infer(classifier, inputs, size))
    return [next(outputs).row(one, classifier) if isinstance(one, _Input) else one for one in found]


def opened(opener: Opener, entry: str) -> Source | ImageError:
    """What `images.read` takes for the entry, or the error that says why there is none."""
    try:
        return opener.open(entry)
    except ImageError as error:
        return error


class _Input(NamedTuple):
    entry: str
    inputs: NDArray[np.float32]
    warnings: tuple[str, ...]


class _Output(NamedTuple):
    scores: NDArray[np.float32]
    features: NDArray[np.float32]

    def row(self, one: _Input, classifier: Classifier) -> Row:
        return Row(one.entry, self.scores, self.features, classifier.warnings(one.warnings, self.features))


def _read(classifier: Classifier, entry: str, source: Source | ImageError) -> _Input | Failure:
    """The pixels are let go here: only network input waits for its batch."""
    try:
        if isinstance(source, ImageError):
            raise source
        radiograph = read(source)
        return _Input(entry, classifier.recipe.apply(radiograph), radiograph.warnings)
    except ImageError as error:
        return Failure(entry, error.kind, str(error))
    except Exception as error:  # whatever one file does to a decoder, the others go on; its text may quote a patient
        return Failure(entry, "unreadable", f"{entry} could not be read ({type(error).__name__}): report it.")


def _infer(classifier: Classifier, inputs: list[NDArray[np.float32]], size: int) -> list[_Output]:
    """A batch that is short, for its failures or at the end, is filled up, so that all are computed alike."""
    if not inputs:
        return []
    missing = size - len(inputs)
    filled = np.concatenate([*inputs, *[np.zeros_like(inputs[0])] * missing])
    outputs: Outputs = classifier.infer(filled)
    return [_Output(outputs.scores[i], outputs.features[i]) for i in range(len(inputs))]
