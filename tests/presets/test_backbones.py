"""Backbones to start from: Keras's ImageNet file and any checkpoint's, without their heads."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tchexnet.errors import PresetError
from tchexnet.presets import backbones, registry
from tests.presets import networks
from tests.presets.keras_files import keras2
from tests.presets.streams import saved


def without_head(ours: dict) -> dict:
    return {name: values for name, values in ours.items() if not name.startswith(("predictions", "hidden"))}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """No talk."""


@pytest.fixture
def served(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server's folder, which has a file in the layout of Keras's own, known by its md5."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    folder = tmp_path / "served"
    folder.mkdir()
    path = keras2(folder / registry.IMAGENET.file, without_head(networks.weights()))
    running = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=running.serve_forever, daemon=True).start()
    known = replace(
        registry.IMAGENET,
        url=f"http://127.0.0.1:{running.server_port}/{path.name}",
        md5=hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest(),
    )
    monkeypatch.setattr(backbones, "IMAGENET", known)
    yield folder
    running.shutdown()
    running.server_close()


def test_keras_file_is_downloaded_checked_and_kept(served: Path, home: Path) -> None:
    told: list = []
    found = backbones.imagenet(tell=lambda done, total: told.append((done, total)))
    networks.same(found.weights, without_head(networks.weights()))
    assert (found.name, found.epsilon) == ("imagenet", 1.001e-5) and told[-1][0] == told[-1][1]
    (served / registry.IMAGENET.file).unlink()
    assert backbones.imagenet().source == found.source, "it is there and needs no server"


def test_what_keras_has_fetched_is_taken(served: Path, tmp_path: Path) -> None:
    folder = tmp_path / "keras" / "models"
    folder.mkdir(parents=True)
    (served / registry.IMAGENET.file).rename(folder / registry.IMAGENET.file)
    assert backbones.imagenet().name == "imagenet"


def test_offline_says_which_file_to_put_where(served: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = replace(backbones.IMAGENET, url="http://127.0.0.1:9/densenet.h5")
    monkeypatch.setattr(backbones, "IMAGENET", gone)
    with pytest.raises(PresetError) as refused:
        backbones.imagenet(pause=0.01)
    folder = home.parent / "downloads" / "imagenet"
    assert str(refused.value).startswith("http://127.0.0.1:9/densenet.h5 cannot be reached (")
    assert f"get {gone.file} from {gone.url}, put it into {folder}, and give the command again." in str(refused.value)
    folder.mkdir(parents=True, exist_ok=True)
    (served / gone.file).rename(folder / gone.file)
    assert backbones.imagenet().name == "imagenet"


def test_another_file_under_the_name_is_not_kept(served: Path, home: Path) -> None:
    (served / registry.IMAGENET.file).write_bytes(b"another file")
    with pytest.raises(PresetError, match="its md5 is .*, not .*Nothing is kept"):
        backbones.imagenet()
    assert list((home.parent / "downloads" / "imagenet").iterdir()) == []


def test_an_offline_folder_and_a_mirror(served: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert backbones.imagenet(offline=served).name == "imagenet"
    mirror = backbones.IMAGENET.url.rpartition("/")[0]
    monkeypatch.setattr(backbones, "IMAGENET", replace(backbones.IMAGENET, url="http://127.0.0.1:9/x.h5"))
    assert backbones.imagenet(mirror=mirror).name == "imagenet"


@pytest.mark.parametrize("outputs", [0, 14, 1000])
def test_a_file_gives_its_backbone_and_its_epsilon(tmp_path: Path, outputs: int) -> None:
    ours = networks.weights(outputs=outputs) if outputs else without_head(networks.weights())
    found = backbones.read(saved(tmp_path / "densenet121.pth", networks.torch_state(ours)))
    networks.same(found.weights, without_head(ours))
    assert (found.name, found.epsilon) == ("densenet121.pth", 1e-5)


def test_a_backbone_is_strict(tmp_path: Path) -> None:
    ours = without_head(networks.weights())
    del ours["conv5_block16_2_conv/kernel"]
    with pytest.raises(PresetError, match="'conv5_block16_2_conv' expects a kernel .*; the checkpoint holds none"):
        backbones.read(keras2(tmp_path / "w.h5", ours))
