"""The reading desk: classifiers, loaded once, and the threads that decode and infer. Nothing here knows of HTTP."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from tchexnet.classifier import Classifier, load
from tchexnet.errors import ImageError, PresetError
from tchexnet.images.limits import Limits
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.read import read
from tchexnet.scores import Scores
from tchexnet.web.batcher import MOST, Batcher
from tchexnet.web.settings import Settings

T = TypeVar("T")


class Reading(NamedTuple):
    """What one forward pass gave for one radiograph."""

    scores: Scores
    features: NDArray[np.float32]


class Desk:
    """Classifiers at work for many askers at once.

    Args:
        settings: which presets, and the limits of an image.

    Raises:
        PresetError: a preset is missing or damaged.
    """

    def __init__(self, settings: Settings) -> None:
        self._limits = Limits(max_bytes=settings.max_bytes, max_pixels=settings.max_pixels)
        loaded = [load(name) for name in settings.presets]
        self.classifiers = {classifier.name: classifier for classifier in loaded}
        self._works = {name: partial(_read_many, classifier) for name, classifier in self.classifiers.items()}
        self._decoders = ThreadPoolExecutor(os.cpu_count() or 1, "decode")
        self._batcher = Batcher()
        self._room = asyncio.Semaphore(MOST)
        for classifier in loaded:
            _warm(classifier)

    def classifier(self, name: str | None) -> Classifier:
        """By name; without one, the first.

        Raises:
            PresetError: it is not served.
        """
        if not name:
            return next(iter(self.classifiers.values()))
        if name not in self.classifiers:
            raise PresetError(f"The preset {name!r} is not served here; there are: {', '.join(self.classifiers)}.")
        return self.classifiers[name]

    async def with_radiograph(self, source: bytes | str, name: str, then: Callable[[Radiograph], Any]) -> Any:
        """`await then(radiograph)` of a file's bytes, or of the file at a path; there is room for a few at a time.

        Args:
            source: the bytes, or the path.
            name: what sentences call it.

        Raises:
            ImageError: it is no radiograph that can be read.
        """
        async with self._room:
            return await then(await self.off_loop(_decode, source, name, self._limits))

    async def scores(self, classifier: Classifier, radiograph: Radiograph) -> Reading:
        """Scores and features, in one pass with whoever else waits."""
        future = self._batcher.submit(self._works[classifier.name], radiograph)
        reading: Reading = await asyncio.wrap_future(future)
        return reading

    async def at_the_engine(self, work: Callable[[], T]) -> T:
        """Run something that uses the engine, in turn with the readings: an engine takes one caller at a time."""
        future = self._batcher.submit(_call_each, work)
        result: T = await asyncio.wrap_future(future)
        return result

    async def off_loop(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run something that takes a core for a while, beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._decoders, work, *arguments)

    def close(self) -> None:
        """Finish what was taken."""
        self._decoders.shutdown()
        self._batcher.close()


def _decode(source: bytes | str, name: str, limits: Limits) -> Radiograph:
    try:
        radiograph = read(source, limits)
    except ImageError as error:
        origin = source if isinstance(source, str) else "<bytes>"
        raise ImageError(error.kind, _for_the_web(str(error), origin, name)) from None
    origin = radiograph.origin
    warnings = tuple(_for_the_web(warning, origin, name) for warning in radiograph.warnings)
    return Radiograph(**{**vars(radiograph), "origin": name, "warnings": warnings})


def _for_the_web(sentence: str, origin: str, name: str) -> str:
    """The command line's sentence, about the name that the asker knows, and about the server's own settings."""
    advice = {", or raise Limits.max_bytes": "", ", or raise Limits.max_pixels and max_side": ""}
    for words, instead in {origin: name, **advice}.items():
        sentence = sentence.replace(words, instead)
    return sentence


def _read_many(classifier: Classifier, radiographs: Sequence[Radiograph]) -> list[Reading]:
    outputs = classifier.forward(radiographs)
    return [
        Reading(classifier.scores(scores, radiograph, features), features)
        for scores, features, radiograph in zip(outputs.scores, outputs.features, radiographs, strict=True)
    ]


def _call_each(works: Sequence[Callable[[], Any]]) -> list[Any]:
    return [work() for work in works]


def _warm(classifier: Classifier) -> None:
    """The first pass allocates; let it be nobody's."""
    classifier.engine.run(np.zeros((1, *classifier.recipe.input_shape), np.float32))
