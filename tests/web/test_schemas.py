"""docs/schemas.md describes what the server answers."""

import csv

import pytest
from starlette.testclient import TestClient

from tchexnet.labels import NIH14
from tchexnet.web.app import build
from tchexnet.web.settings import Settings
from tests.test_schemas import described


@pytest.fixture(scope="module")
def client(repo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("schemas")
    with (folder / "scores.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["path", *NIH14], ["a.png", *[0.5] * 14]])
    settings = Settings(browse=folder / "scores.csv", images=folder)
    with TestClient(build(settings), base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize("heading", ["/healthz", "/v1/worklist"])
def test_objects(client, heading):
    assert list(client.get(heading).json()) == described(f"`GET {heading}`\n")


def test_lists(client):
    for preset in client.get("/v1/presets").json():
        assert list(preset) == described("`GET /v1/presets`")
    page = client.get("/v1/worklist/rows", params={"finding": "Mass"}).json()
    assert list(page) == ["total", "offset", "rows"]
    assert list(page["rows"][0]) == described("`GET /v1/worklist/rows`")


def test_predict_and_heatmaps(client, repo):
    sample = repo / "hello_world_images" / "mean_chest.png"
    upload = {"file": ("a.png", sample.read_bytes())}
    found = client.post("/v1/predict", files=upload, data={"heatmap": ["Mass", "Edema"], "features": "true"}).json()
    known = {"path", "preset", "scores", "warnings", "features", *described("`POST /v1/predict`")}
    assert set(found) - {"probabilities", "decisions"} == known
    assert list(found["heatmaps"]) == ["Mass", "Edema"]
    for heat in found["heatmaps"].values():
        assert list(heat) == ["method", "grid", "png"] and heat["png"].startswith("data:image/png;base64,")


def test_problems(client):
    files = [("file", ("a.png", b"x")), ("file", ("b.png", b"y"))]
    for problem in client.post("/v1/predict", files=files).json():
        assert list(problem) == described("Problems of the server")
