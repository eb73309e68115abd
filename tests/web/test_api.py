"""The REST service: it answers what the command line answers, and refuses in its sentences."""

import io
import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tchexnet.classifier import load
from tchexnet.cli import predict
from tchexnet.images.read import read
from tchexnet.labels import NIH14
from tests.images.dicom_files import dataset, written

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def sample(repo) -> bytes:
    return (repo / "hello_world_images" / "mean_chest.png").read_bytes()


def png(height: int, width: int) -> bytes:
    """A ramp."""
    buffer = io.BytesIO()
    Image.fromarray(np.linspace(0, 255, height * width).reshape(height, width).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_predict_gives_the_object_of_the_command_line(client, repo, capsys):
    path = repo / "hello_world_images" / "mean_chest.png"
    predict.command([str(path)], features=True, as_json=True)
    expected = json.loads(capsys.readouterr().out)
    found = client.post("/v1/predict", files={"file": (path.name, path.read_bytes())}, data={"features": "true"}).json()
    assert list(found) == list(expected)
    assert found["path"] == "mean_chest.png"
    assert found["preset"] == "chexnet" and found["warnings"] == expected["warnings"]
    assert found["scores"] == pytest.approx(expected["scores"], abs=1e-6)
    assert found["features"] == pytest.approx(expected["features"], abs=1e-4)


def test_several_files_are_a_list_with_each_refusal_in_its_place(client, sample):
    files = [("file", (name, data)) for name, data in (("a.png", sample), ("b.png", b"no image"), ("c.png", sample))]
    answer = client.post("/v1/predict", files=files, data={"preset": "tchexnet"})
    first, second, third = answer.json()
    assert answer.status_code == 200
    assert (first["path"], second["path"], third["path"]) == ("a.png", "b.png", "c.png")
    assert first["scores"] == pytest.approx(third["scores"], abs=1e-6) and list(first["scores"]) == ["Pneumothorax"]
    assert (second["status"], second["kind"]) == (415, "not an image") and second["detail"].startswith(
        "b.png is no PNG"
    )


@pytest.mark.parametrize(
    ("data", "status", "kind", "words"),
    [
        (b"", 422, "empty", "x is empty (0 bytes): copy or download it again."),
        (b"hello", 415, "not an image", "x is no PNG, JPEG, TIFF or DICOM image: give one of these."),
        (b"GIF89a" + bytes(50), 415, "unsupported", "x is a GIF file: save it as PNG."),
        (png(300, 300)[:-40], 422, "truncated", "x is a PNG file that ends early or is damaged"),
        (png(1000, 1000), 422, "too large", "x is 1000 x 1000 pixels and the limit is 500,000 pixels"),
        (png(16, 16), 422, "too small", "x is 16 x 16 pixels and the least side is 32"),
        (
            bytes(700_000),
            413,
            "too many bytes",
            "The request is longer than 600,000 bytes: send fewer or smaller files.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_a_bad_file_is_a_problem_in_the_command_lines_words(client, data, status, kind, words):
    answer = client.post("/v1/predict", files={"file": ("x", data)})
    problem = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
    assert (problem["status"], problem["kind"]) == (status, kind)
    assert problem["type"] == f"urn:tchexnet:problem:{kind.replace(' ', '-')}" and problem["title"]
    assert problem["detail"].startswith(words) and "Limits." not in problem["detail"]


def test_a_bomb_costs_nothing_and_is_refused(client):
    """A few hundred bytes that claim 60000 x 60000 pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4) + name + data + zlib.crc32(name + data).to_bytes(4)

    header = chunk(b"IHDR", (60_000).to_bytes(4) * 2 + b"\x08\x00\x00\x00\x00")
    bomb = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    answer = client.post("/v1/predict", files={"file": ("bomb.png", bomb)})
    assert (answer.status_code, answer.json()["kind"]) == (422, "too large")


@pytest.mark.parametrize(
    ("arguments", "status", "kind"),
    [
        ({"files": [("file", ("a", b"x"))] * 4}, 413, "too many files"),
        ({"files": {"other": (None, "text")}}, 422, "no file"),
        ({"json": {"file": "x"}}, 400, "not a form"),
        ({"content": b"--x", "headers": {"content-type": "multipart/form-data"}}, 400, "not a form"),
        ({"content": b"rubbish", "headers": {"content-type": "multipart/form-data; boundary=b"}}, 400, "not a form"),
        ({"files": {"file": b"x"}, "data": {"preset": "chexnt"}}, 404, "unknown preset"),
        ({"files": {"file": b"x"}, "data": {"preset": "tchexnet", "heatmap": "Edema"}}, 422, "unknown label"),
        ({"files": {"file": b"x"}, "data": {"features": "perhaps"}}, 422, "bad query"),
    ],
)
def test_a_bad_request_is_a_problem_of_its_own(client, arguments, status, kind):
    answer = client.post("/v1/predict", **arguments)
    assert (answer.status_code, answer.json()["kind"], answer.headers["content-type"]) == (status, kind, PROBLEM)


def test_what_the_framework_refuses_is_a_problem_too(client):
    for answer, status in ((client.get("/v1/none"), 404), (client.get("/v1/predict"), 405)):
        assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM)
        assert answer.json()["status"] == status


def test_a_chunked_body_is_bounded_too(client):
    def chunks():
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(100):
            yield bytes(10_000)

    headers = {"content-type": "multipart/form-data; boundary=b"}
    assert client.post("/v1/predict", content=chunks(), headers=headers).status_code == 413


@settings(max_examples=25)
@given(name=st.text(min_size=1, max_size=80).filter(lambda text: text.isprintable()))
def test_a_name_is_only_a_name(client, name):
    """Folders, drives and dots in a name go nowhere: only its last part comes back, inside JSON."""
    answer = client.post("/v1/predict", files=[("file", (f"../../etc/{name}", b"x")), ("file", ("b", b"y"))])
    (first, _second) = answer.json()
    assert answer.status_code == 200
    assert not {"/", "\\"} & set(first["path"])


def test_presets_and_cards(client, repo):
    first, second = client.get("/v1/presets").json()
    assert (first["name"], second["name"]) == ("chexnet", "tchexnet")
    assert first["labels"] == list(NIH14)
    card = client.get("/v1/presets/tchexnet/card")
    assert card.text == (repo / "weights" / "tchexnet" / "card.md").read_text()
    assert client.get("/v1/presets/..%2F..%2Fetc/card").status_code == 404
    assert client.get("/v1/presets/none/card").json()["kind"] == "unknown preset"


def test_health_names_what_is_served(client):
    found = client.get("/healthz").json()
    assert found["status"] == "ok" and found["presets"] == ["chexnet", "tchexnet"]
    assert found["keeps"] is False and found["worklist"] is False


def test_the_radiograph_comes_back_pixel_by_pixel_at_its_depth(client, repo):
    for name, most in (("mean_chest.png", 255), ("mean_chest.dcm", 65535)):
        path = repo / "hello_world_images" / name
        answer = client.post("/v1/radiograph", files={"file": path.read_bytes()})
        values = np.asarray(Image.open(io.BytesIO(answer.content)), np.float32)
        assert answer.headers["x-radiograph-size"] == "384x384"
        np.testing.assert_allclose(values / most, read(path).pixels, atol=0.51 / most)


def test_no_header_of_a_dicom_file_comes_back(client):
    secret = "Doe^Jane"
    grey = np.tile(np.arange(256, dtype=np.uint16) * 16, (256, 1))
    named = dataset(grey, 12)
    named.PatientName, named.PatientID, named.InstitutionName = secret, "4711-0815", "St. Elsewhere"
    whole = written(named)
    for data in (whole, whole[: len(whole) // 2]):
        for route in ("predict", "radiograph"):
            answer = client.post(f"/v1/{route}", files={"file": ("a.dcm", data)})
            said = answer.content + str(answer.headers).encode()
            assert not any(word in said for word in (b"Doe", b"Jane", b"4711", b"Elsewhere"))
    assert answer.status_code == 422


def test_every_answer_forbids_what_comes_from_elsewhere(client):
    for path in ("/", "/healthz", "/v1/presets", "/nowhere"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert client.get("/v1/presets").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "localhost:8000"}, 200),
        ({"host": "[::1]:8000"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1"}, 200),
    ],
)
def test_another_sites_page_gets_nothing(client, headers, status):
    assert client.get("/v1/presets", headers=headers).status_code == status


def test_the_openapi_page_names_every_route_and_refusal(client):
    found = client.get("/openapi.json").json()["paths"]
    assert set(found) >= {"/v1/predict", "/v1/radiograph", "/v1/presets", "/v1/presets/{name}/card", "/healthz"}
    assert set(found["/v1/predict"]["post"]["responses"]) >= {"200", "413", "415", "422", "429", "503"}
    assert client.get("/docs").status_code == 200


def test_the_server_computes_what_the_classifier_does(client, sample):
    scores = client.post("/v1/predict", files={"file": sample}).json()["scores"]
    expected = load("chexnet").predict(sample)
    assert scores == pytest.approx({label: float(score) for label, score in expected.items()}, abs=1e-6)
