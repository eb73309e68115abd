"""Downloads against a server on this machine that behaves badly in every way a server can."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tchexnet.errors import PresetError
from tchexnet.presets import digests, download, importing, installing, registry
from tchexnet.presets.registry import Known

DATA = bytes(range(256)) * 1000


class Handler(BaseHTTPRequestHandler):
    """Serves DATA; the path says what goes wrong."""

    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[tuple[str, str | None]]] = []

    def log_message(self, *_: object) -> None:
        """No talk."""

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        kind, first = self.path.split("/")[1], self.path not in [path for path, _ in self.asked]
        self.asked.append((self.path, asked))
        if kind == "missing":
            return self.send_error(404)
        if kind == "busy" and first:
            return self.send_error(503)
        if kind == "redirect":
            self.send_response(302)
            self.send_header("Location", "/good/file.pt")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        body = {"page": b"<!DOCTYPE html><html>log in</html>", "wrong": DATA[::-1]}.get(kind, DATA)
        start = int(asked[6:-1]) if asked and kind != "whole" else 0
        if start >= len(body):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(body)}")
            self.send_header("Content-Length", "0")
            return self.end_headers()
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        if kind in ("cut", "whole") and first:
            self.wfile.write(body[start : start + 100_000])
        elif kind == "always":
            self.wfile.write(body[start : start + 50_000])
        elif kind == "slow" and first:
            threading.Event().wait(1.0)
        else:
            self.wfile.write(body[start:])
            return None
        self.close_connection = True
        return None


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Handler, "asked", [])
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "downloads" / "file.pt"


def known_by(tmp_path: Path, url: str | None) -> Known:
    (tmp_path / "sample").write_bytes(DATA)
    blob = digests.identify(tmp_path / "sample")["git_blob"]
    return replace(registry.get("arnoweng"), file="file.pt", url=url, page="a page", git_blob=blob)


def fetch(server: str, kind: str, file: Path, told: list | None = None) -> None:
    known = known_by(file.parents[1], None)
    tell = (lambda done, total: told.append((done, total))) if told is not None else (lambda done, total: None)
    download.fetch(f"{server}/{kind}/file.pt", file, lambda path: installing.wrong(known, path), tell, pause=0.01)


def test_a_file_comes_with_progress(server: str, file: Path) -> None:
    told: list = []
    fetch(server, "good", file, told)
    assert file.read_bytes() == DATA and told[-1] == (len(DATA), len(DATA))
    assert [path.name for path in file.parent.iterdir()] == ["file.pt"]


def test_a_cut_connection_goes_on_where_it_stopped(server: str, file: Path) -> None:
    fetch(server, "cut", file)
    assert file.read_bytes() == DATA
    assert [asked for _, asked in Handler.asked] == [None, "bytes=100000-"]


def test_a_server_that_cannot_go_on_starts_again(server: str, file: Path) -> None:
    fetch(server, "whole", file)
    assert file.read_bytes() == DATA


def test_what_an_earlier_command_left_is_gone_on_with(server: str, file: Path) -> None:
    with pytest.raises(PresetError, match=r"was cut 4 times .* goes on at 200,000 bytes"):
        fetch(server, "always", file)
    assert not file.exists()
    fetch(server, "good", file)
    assert file.read_bytes() == DATA and Handler.asked[-1][1] == "bytes=200000-"


def test_a_part_that_is_whole_is_not_fetched_again(server: str, file: Path) -> None:
    file.parent.mkdir()
    file.with_name("file.pt.part").write_bytes(DATA)
    fetch(server, "good", file)
    assert file.read_bytes() == DATA


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("missing", "answers 404"),
        ("wrong", "its git blob is .*Nothing is kept"),
        ("page", "it is a web page. Nothing is kept"),
    ],
)
def test_what_is_wrong_is_not_kept(server: str, file: Path, kind: str, sentence: str) -> None:
    with pytest.raises(PresetError, match=sentence):
        fetch(server, kind, file)
    assert not file.parent.exists() or list(file.parent.iterdir()) == []


@pytest.mark.parametrize("kind", ["redirect", "busy"])
def test_a_redirect_is_followed_and_a_busy_server_asked_again(server: str, file: Path, kind: str) -> None:
    fetch(server, kind, file)
    assert file.read_bytes() == DATA


def test_a_server_that_says_nothing_is_asked_again(server: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    fetch(server, "slow", file)
    assert file.read_bytes() == DATA


def test_a_server_that_is_not_there(file: Path) -> None:
    with pytest.raises(PresetError, match=r"cannot be reached \(.*Connection refused\)"):
        fetch("http://127.0.0.1:9", "good", file)


@pytest.fixture
def imported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list:
    """What would have been imported: (file, name)."""
    calls: list = []
    monkeypatch.setenv("TCHEXNET_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(importing, "import_file", lambda path, name, known: calls.append((path, name)))
    return calls


def named(monkeypatch: pytest.MonkeyPatch, known: Known) -> None:
    monkeypatch.setattr(registry, "KNOWN", (known,))


def test_install_by_name_mirror_and_folder(server: str, tmp_path: Path, imported: list, monkeypatch) -> None:
    named(monkeypatch, known_by(tmp_path, f"{server}/missing/file.pt"))
    with pytest.raises(PresetError, match="answers 404"):
        installing.install("arnoweng", pause=0.01)
    installing.install("arnoweng", mirror=f"{server}/good/")
    assert imported == [(tmp_path / "home" / "downloads" / "arnoweng" / "file.pt", "arnoweng")]
    with pytest.raises(PresetError, match="has no file.pt, the file of 'arnoweng'"):
        installing.install("arnoweng", offline=tmp_path)
    (tmp_path / "file.pt").write_bytes(DATA)
    installing.install("arnoweng", offline=tmp_path, as_name="mine")
    assert imported[-1] == (tmp_path / "file.pt", "mine")
    (tmp_path / "file.pt").write_bytes(DATA[1:])
    with pytest.raises(PresetError, match="is not the file of 'arnoweng': its git blob is"):
        installing.install("arnoweng", offline=tmp_path)


def test_a_page_that_needs_a_person_is_named(tmp_path: Path, imported: list, monkeypatch) -> None:
    named(monkeypatch, known_by(tmp_path, None))
    with pytest.raises(
        PresetError, match=r"Get file.pt from a page, put it into .*downloads/arnoweng, and give the command"
    ):
        installing.install("arnoweng")


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(PresetError, match="No public checkpoint is called 'arnowen'. Did you mean 'arnoweng'?"):
        registry.get("arnowen")


@pytest.mark.parametrize("known", registry.KNOWN, ids=lambda known: known.name)
def test_the_registry_is_whole(known: Known) -> None:
    assert known.family in importing.RECIPES and known.licence and known.trained_on and known.paper
    assert bool(known.url) != bool(known.page)
    assert len(known.thresholds) in (0, len(known.labels))
