"""Tokens, what is kept, and limits that need their own server."""

import json
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tchexnet.classifier import Classifier
from tchexnet.errors import ConfigError, PresetError
from tchexnet.web.app import build
from tchexnet.web.settings import Settings, is_loopback


def app(**settings) -> TestClient:
    return TestClient(build(Settings(presets=("tchexnet",), **settings)), base_url="http://127.0.0.1")


@pytest.fixture
def sample(repo) -> bytes:
    return (repo / "hello_world_images" / "mean_chest.png").read_bytes()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "localhost.example.org"])
def test_others_are_let_in_with_a_token_only(host):
    with pytest.raises(ConfigError, match="no token was given"):
        Settings(host=host)
    assert Settings(host=host, token="secret").host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_this_machine_needs_none(host):
    assert is_loopback(host) and Settings(host=host).token is None


@pytest.mark.parametrize("name", ["max_bytes", "max_pixels", "max_files", "max_requests", "max_seconds"])
def test_a_limit_of_nothing_is_refused(name):
    with pytest.raises(ConfigError, match=f"{name} is 0"):
        Settings(**{name: 0})


def test_an_unknown_preset_stops_the_start():
    with pytest.raises(PresetError, match="Did you mean 'chexnet'"):
        build(Settings(presets=("chexnt",)))


def test_the_token_guards_the_api_and_not_the_page(sample):
    client = app(token="s3cret", host="0.0.0.0")
    assert client.get("/").status_code == client.get("/healthz").status_code == 200
    for header in ("", "Bearer", "Bearer wrong", "Basic s3cret", "Bearer s3cret2"):
        answer = client.post("/v1/predict", files={"file": sample}, headers={"authorization": header})
        assert (answer.status_code, answer.json()["kind"]) == (401, "no token")
        assert answer.headers["www-authenticate"] == "Bearer"
    good = {"authorization": "Bearer s3cret", "host": "xray.example.org"}
    assert client.post("/v1/predict", files={"file": sample}, headers=good).status_code == 200


def test_an_answer_that_takes_too_long_is_503(sample, monkeypatch: pytest.MonkeyPatch):
    client, infer = app(max_seconds=0.3), Classifier.infer

    def slowly(self: Classifier, views):
        time.sleep(1)
        return infer(self, views)

    monkeypatch.setattr(Classifier, "infer", slowly)
    answer = client.post("/v1/predict", files={"file": sample})
    assert (answer.status_code, answer.json()["kind"]) == (503, "too slow to answer")
    assert answer.headers["retry-after"]


def test_keep_writes_under_the_hash_and_nothing_else(sample, tmp_path: Path):
    client = app(keep=tmp_path / "kept")
    for name in ("../../evil.png", "/etc/passwd"):
        assert client.post("/v1/predict", files={"file": (name, sample)}).status_code == 200
    assert client.post("/v1/predict", files={"file": ("bad.png", b"bad")}).status_code == 415
    image, answer = sorted((tmp_path / "kept").iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert image.suffix == ".png" and image.read_bytes() == sample
    assert answer.name == f"{image.stem}.tchexnet.json"
    assert set(json.loads(answer.read_text())["scores"]) == {"Pneumothorax"}
    assert image.stat().st_mode & 0o077 == 0
