"""REST: one radiograph or many in, the object of `predict --json` out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

import tchexnet
from tchexnet.presets.preset import Preset
from tchexnet.web import describe, forms
from tchexnet.web.answering import Answering, Wish, as_json, each
from tchexnet.web.settings import Settings


def router(answering: Answering, settings: Settings) -> APIRouter:
    """The routes under `/v1` that answer for uploads, and `/healthz`."""
    routes = APIRouter()
    desk = answering.desk

    @routes.post("/v1/predict", **describe.PREDICT)
    async def predict(request: Request) -> Response:
        """Scores of one radiograph, or a list for several.

        One file that is refused is a problem; among several, a problem object stands at its place in the list.
        """
        form = await forms.read(request, settings)
        heatmaps = tuple(dict.fromkeys(form.fields.get("heatmap", [])))
        wish = Wish(desk.classifier(form.one("preset")), form.flag("features"), heatmaps)
        if len(form.files) == 1:
            return as_json(await answering.in_time(answering.upload(form.files[0], wish)))
        return as_json(await answering.in_time(each(answering.upload_or_problem, form.files, wish)))

    @routes.post("/v1/radiograph", **describe.RADIOGRAPH)
    async def radiograph(request: Request) -> Response:
        """The radiograph as it was read: grey PNG of 8 or 16 bits, black air and white bone, nothing of its header."""
        form = await forms.read(request, settings)
        upload = form.files[0]
        return await answering.in_time(answering.picture(upload.data, upload.name))

    @routes.get("/v1/presets", **describe.PRESETS)
    async def presets() -> Response:
        """What is served, the default first."""
        return as_json([about(classifier.preset) for classifier in desk.classifiers.values()])

    @routes.get("/v1/presets/{name}/card", **describe.CARD)
    async def card(name: str) -> Response:
        """A preset's model card, in Markdown."""
        return Response(desk.classifier(name).card, media_type="text/markdown")

    @routes.get("/healthz", **describe.HEALTH)
    async def healthz() -> Response:
        """Whether the server is up; it listens only when every preset is loaded."""
        return as_json(
            {
                "status": "ok",
                "version": tchexnet.__version__,
                "presets": list(desk.classifiers),
                "keeps": settings.keep is not None,
                "worklist": settings.browse is not None,
            }
        )

    return routes


def about(preset: Preset) -> dict[str, object]:
    """A preset for people to choose by; docs/schemas.md describes it."""
    return {
        "name": preset.name,
        "architecture": preset.architecture,
        "labels": list(preset.labels),
        "size": preset.recipe.size,
        "licence": preset.licence,
        "parent": preset.parent,
    }
