"""From radiographs to answers: the object of `predict --json`, with what else was asked for."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import Response

from tchexnet.answers import json_object
from tchexnet.classifier import Classifier
from tchexnet.errors import ImageError
from tchexnet.images.radiograph import Radiograph
from tchexnet.web import keep, pictures
from tchexnet.web.desk import Desk
from tchexnet.web.forms import Upload
from tchexnet.web.problems import Problem, of_error
from tchexnet.web.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Wish:
    """What an answer should hold beside the scores."""

    classifier: Classifier
    features: bool = False
    heatmaps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for label in self.heatmaps:
            self.classifier.labels.index(label)


class Answering:
    """One server's answers.

    Args:
        desk: who reads.
        settings: how long an answer may take, and what is kept.
    """

    def __init__(self, desk: Desk, settings: Settings) -> None:
        self.desk, self.settings = desk, settings

    async def one(self, source: bytes | str, name: str, wish: Wish) -> dict[str, Any]:
        """The answer for a file's bytes, or for the file at a path.

        Raises:
            ImageError: it is no radiograph that can be read.
        """

        async def answered(radiograph: Radiograph) -> dict[str, Any]:
            reading = await self.desk.scores(wish.classifier, radiograph)
            features = reading.features.tolist() if wish.features else None
            found = json_object(name, wish.classifier.name, reading.scores, features)
            if wish.heatmaps:
                found["heatmaps"] = {label: await self._heatmap(wish, radiograph, label) for label in wish.heatmaps}
            return found

        answer: dict[str, Any] = await self.desk.with_radiograph(source, name, answered)
        return answer

    async def upload(self, upload: Upload, wish: Wish) -> dict[str, Any]:
        """The answer for an upload, which is kept if the server keeps them."""
        answer = await self.one(upload.data, upload.name, wish)
        if self.settings.keep is not None:
            await self.desk.off_loop(keep.keep, self.settings.keep, upload.data, answer)
        return answer

    async def upload_or_problem(self, upload: Upload, wish: Wish) -> dict[str, Any]:
        """The same, for one of many: a refusal is an object too."""
        try:
            return await self.upload(upload, wish)
        except ImageError as error:
            return of_error(error).to_dict(path=upload.name)

    async def picture(self, source: bytes | str, name: str) -> Response:
        """The radiograph as grey PNG, its own size and depth in the headers."""

        async def drawn(radiograph: Radiograph) -> Response:
            png = await self.desk.off_loop(pictures.grey, radiograph)
            size = f"{radiograph.width}x{radiograph.height}"
            about = {"x-radiograph-size": size, "x-radiograph-bits": str(radiograph.bit_depth)}
            return Response(png, media_type="image/png", headers={**about, "x-radiograph-format": radiograph.format})

        response: Response = await self.desk.with_radiograph(source, name, drawn)
        return response

    async def _heatmap(self, wish: Wish, radiograph: Radiograph, label: str) -> dict[str, Any]:
        found = await self.desk.at_the_engine(lambda: wish.classifier.explain(radiograph, label))
        png = await self.desk.off_loop(lambda: pictures.heat(found.heat()))
        return {
            "method": found.method,
            "grid": found.grid.tolist(),
            "png": "data:image/png;base64," + base64.b64encode(png).decode(),
        }

    async def in_time(self, work: Awaitable[T]) -> T:
        """The result of `work`, if it comes in time; what has not begun by then is dropped.

        Raises:
            Problem: `too slow to answer`.
        """
        try:
            async with asyncio.timeout(self.settings.max_seconds):
                return await work
        except TimeoutError:
            sentence = f"The answer took longer than {self.settings.max_seconds:g} seconds: try again, or ask for less."
            raise Problem("too slow to answer", sentence, {"retry-after": "5"}) from None


def as_json(found: Any) -> Response:
    """As the command line prints it."""
    return Response(json.dumps(found), media_type="application/json")


def each(work: Callable[[Upload, Wish], Awaitable[T]], uploads: tuple[Upload, ...], wish: Wish) -> Awaitable[list[T]]:
    """`work` on every upload at once, the results in order."""
    return asyncio.gather(*(work(upload, wish) for upload in uploads))
