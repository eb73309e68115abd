"""The worklist: every order and filter against a plain sort of the same rows, and no file outside the folder."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tchexnet.datasets.score_table import ScoreTable
from tchexnet.errors import ConfigError, DataError, ImageError
from tchexnet.labels import NIH14
from tchexnet.web.app import build
from tchexnet.web.problems import Problem
from tchexnet.web.settings import Settings
from tchexnet.web.worklist import Query, Worklist

FINDINGS = ("Mass", "Edema")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, repo) -> Path:
    """Scores of five names, three of which are images, one leads out of the folder, and one is not there."""
    folder = tmp_path_factory.mktemp("worklist")
    (folder / "images" / "deep").mkdir(parents=True)
    sample = (repo / "hello_world_images" / "mean_chest.png").read_bytes()
    for name in ("a.png", "b.png", "deep/c.png"):
        (folder / "images" / name).write_bytes(sample)
    (folder / "outside.png").write_bytes(sample)
    (folder / "images" / "link.png").symlink_to(folder / "outside.png")
    names = ["pngs/a.png", "b.png", "/data/images/deep/c.png", "link.png", "../outside.png"]
    with (folder / "scores.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", *NIH14, "preset", "warnings"])
        writer.writerows([name, *[f"{0.1 * i + 0.01:.2f}"] * 14, "chexnet", ""] for i, name in enumerate(names))
    (folder / "truth.csv").write_text("image,Mass,Edema\na.png,1,0\nb.png,0,\nc.png,1,1\n")
    return folder


@pytest.fixture(scope="module")
def client(folder):
    settings = Settings(browse=folder / "scores.csv", images=folder / "images", labels=folder / "truth.csv")
    with TestClient(build(settings), base_url="http://127.0.0.1") as client:
        yield client


def rows(client, **query) -> list[tuple[int, float | None]]:
    answer = client.get("/v1/worklist/rows", params={"finding": "Mass", **query})
    assert answer.status_code == 200, answer.text
    return [(row["row"], row["error"]) for row in answer.json()["rows"]]


def test_the_table_is_described(client):
    found = client.get("/v1/worklist").json()
    assert found == {"rows": 5, "findings": list(NIH14), "preset": "chexnet", "truth": True}
    assert client.get("/healthz").json()["worklist"] is True


def test_orders_and_filters(client):
    assert [row for row, _ in rows(client)] == [4, 3, 2, 1, 0]
    assert [row for row, _ in rows(client, descending=False, offset=1, limit=2)] == [1, 2]
    assert rows(client, sort="error") == [
        (0, pytest.approx(0.99)), (2, pytest.approx(0.79)), (1, pytest.approx(0.11)), (3, None), (4, None),
    ]  # fmt: skip
    assert [row for row, _ in rows(client, sort="name", descending=False)] == [4, 2, 1, 3, 0]
    assert [row for row, _ in rows(client, truth="present")] == [2, 0]
    assert [row for row, _ in rows(client, truth="unknown", finding="Edema")] == [4, 3, 1]
    assert [row for row, _ in rows(client, low=0.1, high=0.3)] == [2, 1]
    assert [row for row, _ in rows(client, text="C.PNG")] == [2]


def test_a_row_says_what_is_true_of_it(client):
    (row,) = client.get("/v1/worklist/rows", params={"finding": "Edema", "text": "b.png"}).json()["rows"]
    assert row["image"] == "b.png" and row["score"] == 0.11 and row["error"] is None
    assert row["truth"]["Mass"] == 0 and row["truth"]["Edema"] is None and row["truth"]["Hernia"] is None


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_rows_image_is_found_by_as_much_of_its_path_as_leads_there(client, row):
    found = client.get(f"/v1/worklist/rows/{row}/predict", params={"preset": "tchexnet"}).json()
    assert list(found["scores"]) == ["Pneumothorax"] and found["path"].endswith(".png")
    picture = client.get(f"/v1/worklist/rows/{row}/radiograph")
    assert picture.headers["content-type"] == "image/png" and picture.content.startswith(b"\x89PNG")


@pytest.mark.parametrize("row", [3, 4])
def test_nothing_outside_the_folder_is_read(client, row):
    for what in ("predict", "radiograph"):
        answer = client.get(f"/v1/worklist/rows/{row}/{what}")
        assert (answer.status_code, answer.json()["kind"]) == (422, "missing")
        assert "outside" not in answer.json()["detail"] or "'../outside.png'" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("rows?finding=Masss", 422, "unknown label"),
        ("rows", 422, "bad query"),
        ("rows?finding=Mass&sort=size", 422, "bad query"),
        ("rows?finding=Mass&limit=5000", 422, "bad query"),
        ("rows/9/predict", 404, "no such case"),
        ("rows/-1/radiograph", 404, "no such case"),
        ("rows/x/radiograph", 422, "bad query"),
        ("rows/0/predict?preset=none", 404, "unknown preset"),
    ],
)
def test_bad_questions(client, path, status, kind):
    answer = client.get(f"/v1/worklist/{path}")
    assert (answer.status_code, answer.json()["kind"]) == (status, kind)


def test_without_a_worklist_there_is_none(client, folder):
    with TestClient(build(Settings(presets=("tchexnet",))), base_url="http://127.0.0.1") as plain:
        assert plain.get("/v1/worklist").status_code == 404


def test_what_does_not_belong_together_is_refused(folder):
    with pytest.raises(ConfigError, match="--browse and --images"):
        Settings(browse=folder / "scores.csv")
    with pytest.raises(ConfigError, match="--browse and --images"):
        Settings(labels=folder / "truth.csv")
    with pytest.raises(DataError, match="no such file"):
        build(Settings(browse=folder / "none.csv", images=folder))


@given(
    scores=st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=12),
    said=st.lists(st.sampled_from([0.0, 1.0, np.nan]), min_size=12, max_size=12),
    sort=st.sampled_from(["score", "truth", "error", "name"]),
    descending=st.booleans(),
    truth=st.sampled_from(["any", "present", "absent", "unknown"]),
    low=st.sampled_from([-np.inf, 0.25, 0.6]),
)
def test_a_page_is_a_slice_of_a_plain_sort(scores, said, sort, descending, truth, low):
    count = len(scores)
    names = tuple(f"{(7 * i) % 13:02}.png" for i in range(count))
    y = np.array([said[:count], said[:count]], np.float32).T
    table = ScoreTable(names, FINDINGS, np.array([scores, scores[::-1]]).T)
    worklist = Worklist(table, y, Path())
    wanted = {"any": lambda v: True, "present": lambda v: v == 1, "absent": lambda v: v == 0, "unknown": np.isnan}[
        truth
    ]
    keys = {
        "score": lambda i: scores[i],
        "truth": lambda i: said[i],
        "error": lambda i: abs(said[i] - scores[i]),
        "name": lambda i: names[i],
    }[sort]
    kept = [i for i in range(count) if wanted(said[i]) and scores[i] >= low]
    known = [i for i in kept if keys(i) == keys(i)]
    values = sorted({keys(i) for i in known}, reverse=descending)
    expected = [i for value in values for i in known if keys(i) == value]  # equals stay in the table's order
    expected += [i for i in kept if i not in known]
    query = Query("Mass", sort, descending, truth, low)
    found = [worklist.page(query, offset, 3) for offset in range(0, count + 3, 3)]
    assert [row["row"] for page in found for row in page["rows"]] == expected
    assert {page["total"] for page in found} == {len(expected)}


def test_a_link_inside_the_folder_is_followed_no_further_than_it(folder):
    worklist = Worklist(ScoreTable(("link.png",), ("Mass",), np.zeros((1, 1))), None, folder / "images")
    with pytest.raises(ImageError, match="no file for 'link.png'"):
        worklist.path(0)
    with pytest.raises(Problem):
        worklist.path(1)
