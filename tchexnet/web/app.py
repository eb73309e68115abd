"""The ASGI app: gate, routes, page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

import tchexnet
from tchexnet.web import api, pages, problems, worklist, worklist_api
from tchexnet.web.answering import Answering
from tchexnet.web.desk import Desk
from tchexnet.web.gate import Gate
from tchexnet.web.settings import Settings

_ABOUT = "Scores, features and heatmaps of chest radiographs. Research use; not a medical device, and not a diagnosis."


def build(settings: Settings) -> FastAPI:
    """The app of one server, its presets loaded.

    Raises:
        PresetError: a preset is missing or damaged.
        DataError: a table of the worklist cannot be used.
    """
    desk = Desk(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()

    app = FastAPI(
        title="tchexnet",
        version=tchexnet.__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    problems.install(app)
    answering = Answering(desk, settings)
    app.include_router(api.router(answering, settings))
    app.include_router(pages.router())
    if settings.browse is not None:
        app.include_router(worklist_api.router(answering, worklist.read(settings)))
    app.mount("/static", pages.files())
    app.add_middleware(Gate, settings=settings)
    return app
