"""The reader of pickled checkpoints: what it rebuilds, and everything that it must refuse without running it."""

import contextlib
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tchexnet.errors import PresetError
from tchexnet.presets.importers import torch_files
from tchexnet.presets.importers.pickle_names import Inert
from tests.presets.streams import Call, Global, Writer, legacy, saved, zipped

FORMS = ["zip", "legacy"]


def written(path: Path, stream: bytes, form: str, storages: list[np.ndarray] | None = None) -> Path:
    return (zipped if form == "zip" else legacy)(path, stream, storages or [])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dtype", ["f4", "f8", "f2", "i8"])
def test_tensors_come_back(tmp_path: Path, form: str, dtype: str) -> None:
    values = np.arange(24).reshape(2, 3, 4).astype(dtype)
    found = torch_files.read(saved(tmp_path / "a.pt", {"a": values, "b": [values[0], "text", 1.5, None, True]}, form))
    np.testing.assert_array_equal(found["a"].array(), values)
    np.testing.assert_array_equal(found["b"][0].array(), values[0])
    assert found["b"][1:] == ["text", 1.5, None, True] and found["a"].array().dtype == values.dtype


@pytest.mark.parametrize("form", FORMS)
def test_a_transposed_view_is_read_by_its_strides(tmp_path: Path, form: str) -> None:
    values, writer = np.arange(6, dtype="f4").reshape(2, 3), Writer()
    stream = b"\x80\x02" + writer.tensor(values, shape=(3, 2), strides=(1, 3)) + b"."
    np.testing.assert_array_equal(
        torch_files.read(written(tmp_path / "a.pt", stream, form, writer.storages)).array(), values.T
    )


@pytest.mark.parametrize("form", FORMS)
def test_containers_and_numpy_scalars_come_back(tmp_path: Path, form: str) -> None:
    value = OrderedDict(a={1, 2}, b=np.float64(0.25), c=(1, [2]), d=b"\xff\x00", e=np.int64(-3), f=1 << 70)
    found = torch_files.read(written(tmp_path / "a.pt", pickle.dumps(value, 2), form))
    assert found == {"a": {1, 2}, "b": 0.25, "c": (1, [2]), "d": b"\xff\x00", "e": -3, "f": 1 << 70}


def test_every_protocol_says_the_same(tmp_path: Path) -> None:
    value = {"a": [1, -5, 300, 70000, 2.5, "é", True, None, ()], "b": {"c": (1, 2, 3, 4)}, "e": "x" * 300}
    for protocol in range(6):
        assert torch_files.read(zipped(tmp_path / "a.pt", pickle.dumps(value, protocol), [])) == value


def test_text_of_python_2_is_latin_1(tmp_path: Path) -> None:
    assert torch_files.read(zipped(tmp_path / "a.pt", b"\x80\x02U\x02\xe9a.", [])) == "éa"


@pytest.mark.parametrize("form", FORMS)
def test_classes_of_torch_are_inert(tmp_path: Path, form: str) -> None:
    stream = b"\x80\x02ctorchvision.models.densenet\nDenseNet\n)\x81}X\x03\x00\x00\x00epsK\x05sb."
    found = torch_files.read(written(tmp_path / "a.pt", stream, form))
    assert isinstance(found, Inert) and found.name == "torchvision.models.densenet.DenseNet"
    assert found.state == {"eps": 5}


class Attack:
    """Pickles as a call of anything."""

    def __init__(self, function, *arguments) -> None:
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.fixture
def trap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that an attack would make."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "ran"


ATTACKS = {
    "system": (lambda: Attack(os.system, "touch ran"), f"'{os.system.__module__}.system'"),
    "eval": (lambda: Attack(eval, "open('ran', 'w')"), "'builtins.eval'"),
    "exec": (lambda: Attack(exec, "open('ran', 'w')"), "'builtins.exec'"),
    "getattr": (lambda: Attack(getattr, "x", "upper"), "'builtins.getattr'"),
    "import": (lambda: Attack(__import__, "os"), "'builtins.__import__'"),
    "nested": (lambda: {"a": [OrderedDict(x=Attack(os.system, "touch ran"))]}, f"'{os.system.__module__}.system'"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_an_attack_is_refused_by_its_name(trap: Path, attack: str, form: str, protocol: int) -> None:
    make, name = ATTACKS[attack]
    path = written(trap.with_name("a.pt"), pickle.dumps(make(), protocol), form)
    if protocol < 3:
        name = name.replace("builtins", "__builtin__")
    with pytest.raises(PresetError, match=rf"asks for {name}.*nothing was run"):
        torch_files.read(path)
    assert not trap.exists()


@pytest.mark.parametrize("form", FORMS)
def test_an_attack_inside_a_reduce_of_torch_runs_nothing(trap: Path, form: str) -> None:
    call = Call((Global("torch.serialization load"), (Call((Global("torch.os system"), ("touch ran",))),)))
    found = torch_files.read(saved(trap.with_name("a.pt"), call, form))
    assert isinstance(found, Inert) and found.arguments[0].name == "torch.os.system"
    assert not trap.exists()


def test_an_allowed_class_is_inert_and_not_imported(trap: Path) -> None:
    path = saved(trap.with_name("a.pt"), Call((Global("os system"), ("touch ran",))))
    found = torch_files.read(path, allow={"os.system"})
    assert found.name == "os.system" and found.arguments == ("touch ran",)
    assert not trap.exists()


def deep(times: int) -> bytes:
    """`times` sets of one list of 100,000 members: copies that cost a few bytes each."""
    many = b"](" + b"K\x01" * 100_000 + b"eq\x00"
    return b"\x80\x02" + many + b"0" + b"c__builtin__\nset\nq\x01h\x00\x85R0h\x01" * times + b"."


BOMBS = {
    "copies": (deep(2000), "copy more than 4 MiB"),
    "long text": (b"\x80\x02X\xff\xff\xff\xfeabc.", "damaged or cut short"),
    "long number": (b"\x80\x02\x8b\xff\xff\xff\x7f\x01.", "damaged or cut short"),
    "digits": (b"L" + b"9" * 100_000 + b"L\n.", "damaged or cut short"),
    "bytes of 16 EiB": (b"\x80\x04\x8e" + b"\xff" * 8 + b"a.", "damaged or cut short"),
    "operations": (b"\x80\x02" + b"N0" * 250_001 + b"N.", "more than 500,000 operations"),
    "no end": (b"\x80\x02N", "damaged or cut short"),
    "empty stack": (b"\x80\x020.", "damaged or cut short"),
    "unknown memo": (b"\x80\x02h\x07.", "damaged or cut short"),
    "extension": (b"\x80\x02\x82\x01.", "uses EXT1"),
    "call of text": (b"\x80\x02X\x01\x00\x00\x00a)R.", "treats a str as a Name"),
    "list as key": (b"\x80\x02}]Ns.", "uses a list as a key"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_and_nonsense_are_refused(tmp_path: Path, bomb: str, form: str) -> None:
    stream, sentence = BOMBS[bomb]
    with pytest.raises(PresetError, match=sentence):
        torch_files.read(written(tmp_path / "a.pt", stream, form))


def test_a_memo_of_a_huge_number_costs_nothing(tmp_path: Path) -> None:
    assert torch_files.read(zipped(tmp_path / "a.pt", b"\x80\x02Nr\xff\xff\xff\xff.", [])) is None


@pytest.mark.parametrize(
    "window",
    [
        {"shape": (7,), "strides": (1,)},
        {"shape": (2, 3), "strides": (4, 1)},
        {"shape": (6,), "strides": (1,), "offset": 1},
        {"shape": (1000, 1000), "strides": (0, 0)},
        {"shape": (2,), "strides": (-1,)},
        {"shape": (2, 3), "strides": (1,)},
        {"shape": (1 << 62, 4), "strides": (0, 0)},
        {"shape": (1,), "strides": (1,), "offset": -1},
    ],
)
def test_a_tensor_beyond_its_storage_is_refused(tmp_path: Path, window: dict) -> None:
    writer = Writer()
    stream = b"\x80\x02" + writer.tensor(np.arange(6, dtype="f4"), **window) + b"."
    with pytest.raises(PresetError, match="a tensor (in it|of shape)"):
        torch_files.read(zipped(tmp_path / "a.pt", stream, writer.storages))


@pytest.mark.parametrize("form", FORMS)
def test_a_storage_longer_than_the_file_is_refused(tmp_path: Path, form: str) -> None:
    writer = Writer()
    stream = b"\x80\x02" + writer.storage(np.zeros(4, "f4"), length=1 << 40) + b"."
    with pytest.raises(PresetError, match="more than the file holds"):
        torch_files.read(written(tmp_path / "a.pt", stream, form, writer.storages))


@pytest.mark.parametrize("form", FORMS)
def test_a_storage_of_another_length_is_refused(tmp_path: Path, form: str) -> None:
    writer = Writer()
    stream = b"\x80\x02" + writer.storage(np.zeros(4, "f4"), length=3) + b"."
    with pytest.raises(PresetError, match="storage '0'"):
        torch_files.read(written(tmp_path / "a.pt", stream, form, writer.storages))


def test_a_compressed_archive_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.pt", b"\x80\x02N.", [np.zeros(10000, "f4")], zipfile.ZIP_DEFLATED)
    with pytest.raises(PresetError, match="is compressed or encrypted"):
        torch_files.read(path)


def test_another_archive_is_none_of_torch(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(PresetError, match=r"no data.pkl"):
        torch_files.read(tmp_path / "a.zip")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("share", [0.001, 0.01, 0.3, 0.6, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, form: str, share: float) -> None:
    path = saved(tmp_path / "a.pt", {"a": np.arange(500, dtype="f4")}, form)
    whole = path.read_bytes()
    path.write_bytes(whole[: max(1, int(len(whole) * share))])
    with pytest.raises(PresetError):
        torch_files.read(path)


@pytest.mark.parametrize("form", FORMS)
@given(place=st.integers(0, 2000), value=st.integers(0, 255))
def test_any_changed_byte_is_read_or_refused(tmp_path_factory, form: str, place: int, value: int) -> None:
    path = saved(tmp_path_factory.mktemp("f") / "a.pt", {"a": np.arange(9, dtype="f4"), "b": [1, "x"]}, form)
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(bytes(data))
    with contextlib.suppress(PresetError):
        torch_files.read(path)


def test_a_big_endian_file_is_refused(tmp_path: Path) -> None:
    writer = Writer()
    parts = [writer.stream(0x1950A86A20F9469CFC6C), writer.stream(1001), writer.stream({"little_endian": False})]
    (tmp_path / "a.pt").write_bytes(b"".join(parts) + struct.pack("<q", 0))
    with pytest.raises(PresetError, match="little-endian"):
        torch_files.read(tmp_path / "a.pt")
