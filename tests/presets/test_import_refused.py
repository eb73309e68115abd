"""What is wrong with a file is one sentence, and nothing is left behind or run."""

import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tchexnet.cli.main import app
from tchexnet.errors import PresetError
from tchexnet.presets import importing, placing, store
from tests.presets import networks
from tests.presets.keras_files import keras2
from tests.presets.streams import legacy, saved, zipped

pytestmark = pytest.mark.usefixtures("home")


def left(home: Path) -> list[Path]:
    return list(home.iterdir()) if home.is_dir() else []


def changed(kind: str, state: dict) -> dict:
    stem = "features.conv0.weight"
    if kind == "missing":
        return {
            name: values for name, values in state.items() if name != "features.denseblock2.denselayer3.conv1.weight"
        }
    if kind == "extra":
        return state | {"features.extra.weight": np.zeros(3, "f4")}
    if kind == "misshaped":
        return state | {"features.norm5.bias": np.zeros(1023, "f4")}
    if kind == "channels":
        return state | {stem: np.zeros((64, 2, 7, 7), "f4")}
    return state | {"features.norm5.bias": np.full(1024, np.nan, "f4")}


FAULTS = {
    "missing": r"Layer 'conv3_block3_1_conv' expects a kernel of shape \(1, 1, 192, 128\); the checkpoint holds none",
    "extra": r"1 tensors that the network has no place for: features.extra.weight",
    "misshaped": r"Layer 'bn' expects a beta of shape \(1024,\); the checkpoint holds \(1023,\)",
    "channels": r"'conv1_conv' takes 2 channels",
    "not a number": r"'features.norm5.bias' does not hold finite",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_one_sentence_and_nothing_is_left(tmp_path: Path, home: Path, made: dict, kind: str) -> None:
    path = saved(tmp_path / "d.pth", changed(kind, networks.torch_state(networks.weights())))
    with pytest.raises(PresetError, match=FAULTS[kind]):
        importing.import_file(path, "tv")
    assert left(home) == [] and made == {}


class Attack:
    """Pickles as a call of anything."""

    def __init__(self, function, *arguments) -> None:
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


NESTED = {"state_dict": OrderedDict(a=[Attack(list, [Attack(os.system, "touch ran")])])}
BOMB = b"\x80\x02](" + b"K\x01" * 100_000 + b"eq\x000c__builtin__\nset\nq\x01" + b"h\x00\x85R0h\x01" * 2000 + b"."
STREAMS = {
    "system": (pickle.dumps(Attack(os.system, "touch ran"), 2), f"asks for '{os.system.__module__}.system'"),
    "eval": (pickle.dumps(Attack(eval, "open('ran', 'w')"), 2), "asks for '__builtin__.eval'"),
    "builtins": (pickle.dumps(Attack(getattr, "x", "upper"), 4), "asks for 'builtins.getattr'"),
    "nested": (pickle.dumps(NESTED, 2), "asks for"),
    "bomb": (BOMB, "copy more than 4 MiB"),
}


def refused(path: Path) -> str:
    """Import through the command, as a person would: one sentence, exit 1, nothing left, nothing run."""
    ran = CliRunner().invoke(app, ["presets", "import", str(path), "--as", "x"])
    sentence = str(ran.exception)
    assert ran.exit_code == 1 and isinstance(ran.exception, PresetError) and ran.stdout == ""
    assert sentence.startswith(f"{path.name} is refused: ") and "\n" not in sentence
    assert store.names() == sorted(folder.name for folder in store.folders()[2].iterdir()), "a preset was left behind"
    assert not Path("ran").exists()
    return sentence


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("kind", STREAMS)
def test_a_malicious_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, form: str) -> None:
    monkeypatch.chdir(tmp_path)
    stream, sentence = STREAMS[kind]
    assert sentence in refused((zipped if form == "zip" else legacy)(tmp_path / "a.pth.tar", stream, []))


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_checkpoint(tmp_path: Path, share: float, form: str) -> None:
    path = saved(tmp_path / "a.pth.tar", {"state_dict": networks.torch_state(networks.weights())}, form)
    os.truncate(path, int(path.stat().st_size * share))
    assert "cut short" in (sentence := refused(path)) or "file ends" in sentence


@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_truncated_keras_file(tmp_path: Path, share: float) -> None:
    path = keras2(tmp_path / "w.h5", networks.weights())
    os.truncate(path, int(path.stat().st_size * share))
    assert "damaged, cut short" in refused(path)


def keras_fault(kind: str) -> dict:
    ours = networks.weights()
    if kind == "missing":
        return {name: values for name, values in ours.items() if name != "conv3_block3_1_conv/kernel"}
    if kind == "extra":
        return ours | {"extra/gamma": np.zeros(3, "f4")}
    return ours | {"bn/beta": np.zeros(1023, "f4")}


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("missing", "'conv3_block3_1_conv' expects a kernel of shape (1, 1, 192, 128); the checkpoint holds none"),
        ("extra", "1 tensors that the network has no place for: extra/gamma:0"),
        ("misshaped", "'bn' expects a beta of shape (1024,); the checkpoint holds (1023,)"),
    ],
)
def test_a_keras_tensor_too_few_too_many_or_misshaped(tmp_path: Path, kind: str, sentence: str) -> None:
    assert sentence in refused(keras2(tmp_path / "w.h5", keras_fault(kind)))


NO_CHECKPOINTS = {
    "page.h5": (b"<!DOCTYPE html><html>", "is a web page, not a checkpoint"),
    "pointer.h5": (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
    "empty.pt": (b"", "is empty"),
    "text.pt": (b"hello, world", "first bytes are those of no checkpoint"),
    "cut.h5": (b"\x89HDF\r\n\x1a\n" + bytes(90), "HDF5 file is damaged"),
    "cut.pt": (b"PK\x03\x04" + bytes(90), "archive is damaged or cut short"),
    "cut.safetensors": (b"\x40" + bytes(7) + b'{"a":' + bytes(90), "safetensors file is damaged"),
    "attack.pt": (b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", "asks for 'os.system'"),
}


@pytest.mark.parametrize("name", NO_CHECKPOINTS)
def test_the_command_refuses_in_one_sentence(tmp_path: Path, name: str) -> None:
    data, sentence = NO_CHECKPOINTS[name]
    (tmp_path / name).write_bytes(data)
    assert sentence in refused(tmp_path / name)


def test_the_tool_itself_says_one_line_and_exits_with_1(tmp_path: Path, repo: Path) -> None:
    (tmp_path / "page.h5").write_bytes(b"<!DOCTYPE html><html>")
    words = [sys.executable, "-c", "from tchexnet.cli import main; main()", "presets", "import", "page.h5", "--as", "x"]
    environment = {**os.environ, "PYTHONPATH": str(repo)}
    ran = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    (line,) = ran.stderr.splitlines()
    assert line.startswith("error: page.h5 is refused: it is a web page, not a checkpoint")


@pytest.mark.parametrize("name", ["", "../x", ".x", "a/b", "a b", "x" * 65])
def test_a_name_that_is_no_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(PresetError, match="is no name for a preset"):
        importing.import_file(tmp_path / "a.pt", name)


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, home: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "weights.safetensors").write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        placing.placed("x", fill)
    assert left(home) == []
