"""The worklist over HTTP: pages of rows, and the two questions about a row's image."""

from __future__ import annotations

from math import inf
from typing import Annotated

from fastapi import APIRouter, Query, Response

from tchexnet.web import describe, worklist
from tchexnet.web.answering import Answering, Wish, as_json
from tchexnet.web.worklist import Sort, Truth, Worklist


def router(answering: Answering, rows: Worklist) -> APIRouter:
    """The routes under `/v1/worklist`."""
    routes = APIRouter(prefix="/v1/worklist")

    @routes.get("", **describe.WORKLIST)
    def about() -> Response:
        """How long the table is, and what it knows."""
        return as_json(rows.about())

    @routes.get("/rows", **describe.WORKLIST)
    def page(
        finding: str,
        sort: Sort = "score",
        descending: bool = True,
        truth: Truth = "any",
        low: float = -inf,
        high: float = inf,
        text: Annotated[str, Query(max_length=200)] = "",
        offset: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """A page of rows, sorted and filtered by one finding."""
        query = worklist.Query(finding, sort, descending, truth, low, high, text)
        return as_json(rows.page(query, offset, limit))

    @routes.get("/rows/{row}/predict", **describe.CASE)
    async def predict(
        row: int,
        preset: str = "",
        features: bool = False,
        heatmap: Annotated[list[str] | None, Query()] = None,
    ) -> Response:
        """The object of `POST /v1/predict` for a row's image."""
        wish = Wish(answering.desk.classifier(preset), features, tuple(heatmap or ()))
        path, name = rows.path(row)
        return as_json(await answering.in_time(answering.one(path, name, wish)))

    @routes.get("/rows/{row}/radiograph", **describe.PICTURE)
    async def radiograph(row: int) -> Response:
        """A row's image as `POST /v1/radiograph` gives it."""
        path, name = rows.path(row)
        return await answering.in_time(answering.picture(path, name))

    return routes
