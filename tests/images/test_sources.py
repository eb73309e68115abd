"""Paths, file objects and bytes: strange ones are refused in a sentence, and none may block."""

import io
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tchexnet.errors import ImageError
from tchexnet.images.limits import Limits
from tchexnet.images.read import read

from .dicom_files import dataset, written
from .samples import encoded


@pytest.fixture
def png(grey8: NDArray[np.uint8]) -> bytes:
    return encoded(Image.fromarray(grey8))


@pytest.mark.parametrize(
    "name", ["chest.png", "a b c.png", "Röntgen 胸部.png", "no_extension", "wrong.dcm", "-.png", "%s{0}"]
)
def test_any_name_is_read(tmp_path: Path, png: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(png)
    for source in (path, str(path), os.fsencode(path).decode()):
        image = read(source)
        assert image.origin == str(path)
        assert image.format == "PNG"


def test_dicom_is_told_by_content(tmp_path: Path, grey8: NDArray[np.uint8]) -> None:
    for name in ("IM0001", "chest.png", "chest.dcm"):
        (tmp_path / name).write_bytes(written(dataset(grey8, 8)))
        assert read(tmp_path / name).format == "DICOM"


def test_file_objects_and_buffers(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "x.png").write_bytes(png)
    expected = read(png).pixels
    with (tmp_path / "x.png").open("rb") as file:
        image = read(file)
    assert image.origin == str(tmp_path / "x.png")
    sources = (io.BytesIO(png), bytearray(png), memoryview(png))
    for source in sources:
        np.testing.assert_array_equal(read(source).pixels, expected)
    assert read(io.BytesIO(png)).origin == "<file>"
    np.testing.assert_array_equal(image.pixels, expected)


def refusal(source: object, limits: Limits | None = None) -> ImageError:
    with pytest.raises(ImageError) as caught:
        read(source, *([limits] if limits else []))
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("name", ["missing.png", "missing/deeper.png", "https://example.org/chest.png"])
def test_missing(tmp_path: Path, name: str) -> None:
    error = refusal(name if "://" in name else tmp_path / name)
    assert error.kind == "missing"
    assert name in str(error)


@pytest.mark.parametrize("path", ["", "nul\0byte.png", "x" * 5000])
def test_impossible_paths(path: str) -> None:
    assert refusal(path).kind in ("missing", "unreadable")
    assert len(str(refusal(path))) < 500


def test_a_directory_is_no_image(tmp_path: Path) -> None:
    assert "a directory" in str(refusal(tmp_path))
    (tmp_path / "file").write_bytes(b"x")
    assert refusal(tmp_path / "file" / "below").kind == "missing"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    found: list[ImageError] = []
    thread = threading.Thread(target=lambda: found.append(refusal(tmp_path / "pipe")), daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert found[0].kind == "unreadable"


def test_a_link_to_itself(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "leads back to itself" in str(refusal(tmp_path / "loop"))
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    assert refusal(tmp_path / "broken").kind == "missing"


def test_permission_denied(tmp_path: Path, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(png)

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # chmod would not stop root
    assert "permissions" in str(refusal(path))


def test_devices_are_refused() -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("needs /dev/zero")
    assert "a device" in str(refusal("/dev/zero"))


def test_empty_and_too_large(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    for source in (tmp_path / "empty.png", b"", io.BytesIO()):
        assert refusal(source).kind == "empty"
    (tmp_path / "x.png").write_bytes(png)
    for source in (tmp_path / "x.png", png, io.BytesIO(png)):
        assert refusal(source, Limits(max_bytes=100)).kind == "too large"


def test_a_file_that_grows_while_it_is_opened(tmp_path: Path, png: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "growing.png"
    path.write_bytes(png[:100])
    shorter = path.stat()
    path.write_bytes(png)
    monkeypatch.setattr("tchexnet.images.source.os.fstat", lambda _: shorter)
    assert np.array_equal(read(path).pixels, read(png).pixels)
    with pytest.raises(ImageError) as caught:
        read(path, Limits(max_bytes=200))
    assert caught.value.kind == "too large"


def test_file_objects_that_fail(tmp_path: Path, png: bytes) -> None:
    (tmp_path / "x.png").write_bytes(png)
    with (tmp_path / "x.png").open(encoding="latin-1") as file:
        assert "binary mode" in str(refusal(file))
    assert refusal(file).kind == "unreadable"
    assert refusal(object()).kind == "unsupported"
    assert "NoneType" in str(refusal(None))


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        (b"GIF89a" + bytes(50), "unsupported", "GIF"),
        (b"BM" + bytes(50), "unsupported", "BMP"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "unsupported", "WebP"),
        (b"\0\0\0\x18ftypheic", "unsupported", "HEIC"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "unsupported", "JPEG 2000"),
        (b"%PDF-1.7", "not an image", "PDF"),
        (b"PK\x03\x04zip", "not an image", "zip"),
        (b"\x1f\x8b\x08", "not an image", "gzip"),
        (b"\n <!DOCTYPE html>", "not an image", "web page"),
        (b"version https://git-lfs.github.com/spec/v1", "not an image", "git lfs pull"),
        (b"\x93NUMPY\x01\0", "not an image", "NumPy"),
        (bytes(200), "not an image", "zero bytes"),
        (b"hello, world", "not an image", "no PNG, JPEG, TIFF or DICOM"),
        (b"\x08\x00\x05\x00hello", "not an image", "no PNG, JPEG, TIFF or DICOM"),
    ],
)
def test_other_files_are_refused_by_name(data: bytes, kind: str, said: str) -> None:
    error = refusal(data)
    assert error.kind == kind
    assert said in str(error)


def test_several_threads_read_at_once(png: bytes, grey8: NDArray[np.uint8]) -> None:
    sources = [png, written(dataset(grey8, 8)), encoded(Image.fromarray(grey8), "TIFF")] * 40
    with ThreadPoolExecutor(4) as pool:
        for image in pool.map(read, sources):
            np.testing.assert_allclose(image.pixels, grey8 / 255, atol=1e-6)


def test_importing_the_reader_stays_light(repo: Path) -> None:
    heavy = "pydicom keras tensorflow skimage scipy pandas sklearn".split()
    code = f"import sys, tchexnet.images.read; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=repo, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
