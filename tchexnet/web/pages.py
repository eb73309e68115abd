"""The page's own files, the OpenAPI page and the sample: all from this machine, without a template or a build."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.staticfiles import StaticFiles

STATIC = Path(__file__).parent / "static"
SAMPLE = "mean_chest.dcm"
_PLACES = (STATIC, Path(__file__).parents[2] / "hello_world_images")
"""Where the sample is: in a wheel, in a checkout."""


def sample() -> Path:
    """The sample radiograph: nobody's chest."""
    return next(place / SAMPLE for place in _PLACES if (place / SAMPLE).is_file())


def router() -> APIRouter:
    """`/`, `/docs` and the sample; `/static` is mounted by the app."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def page() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    @routes.get("/docs")
    async def docs() -> FileResponse:
        return FileResponse(STATIC / "docs.html")

    @routes.get(f"/{SAMPLE}")
    async def mean_chest() -> FileResponse:
        return FileResponse(sample(), media_type="application/dicom")

    return routes


def files() -> StaticFiles:
    """The app for `/static`."""
    return StaticFiles(directory=STATIC)
