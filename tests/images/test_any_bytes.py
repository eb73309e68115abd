"""Whatever the bytes, `read` gives a Radiograph or an ImageError: nothing else, not slowly, not with much memory."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import uid

from tchexnet.errors import IMAGE_ERROR_KINDS, ImageError
from tchexnet.images.radiograph import Radiograph
from tchexnet.images.read import read

from .dicom_files import compressed, dataset, written
from .samples import chest, encoded

GREY = np.rint(chest(48, 40) * 255).astype(np.uint8)
DEEP = np.rint(chest(48, 40) * 4095).astype(np.uint16)
SEEDS = {
    "png": encoded(Image.fromarray(GREY)),
    "16-bit png": encoded(Image.fromarray(DEEP)),
    "palette png": encoded(Image.fromarray(GREY).convert("P")),
    "jpeg": encoded(Image.fromarray(GREY), "JPEG"),
    "progressive jpeg": encoded(Image.fromarray(GREY).convert("RGB"), "JPEG", progressive=True),
    "tiff": encoded(Image.fromarray(GREY), "TIFF"),
    "lzw tiff": encoded(Image.fromarray(DEEP), "TIFF", compression="tiff_lzw"),
    "dicom": written(dataset(DEEP, 12, WindowCenter=2000, WindowWidth=3000)),
    "deflated": written(dataset(GREY, 8, uid.DeflatedExplicitVRLittleEndian)),
    "rle": written(compressed(DEEP, 12, uid.RLELossless, "pydicom")),
    "jpeg-ls": written(compressed(DEEP, 12, uid.JPEGLSLossless, "pyjpegls")),
    "jpeg 2000": written(compressed(DEEP, 12, uid.JPEG2000Lossless, "pylibjpeg")),
}
MAGIC = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", bytes(128) + b"DICM", b"\x08\0\x05\0CS", b"II+\0"]


def well_formed(error: ImageError) -> str:
    assert error.kind in IMAGE_ERROR_KINDS
    assert "\n" not in str(error)
    return error.kind


def outcome(data: bytes) -> str:
    """`read` or the kind of refusal; any other exception passes through."""
    try:
        image = read(data)
    except ImageError as error:
        return well_formed(error)
    assert isinstance(image, Radiograph)
    assert image.pixels.dtype == np.float32
    assert 0.0 <= image.pixels.min() <= image.pixels.max() <= 1.0
    return "read"


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    outcome(data)


@given(st.sampled_from(MAGIC), st.binary(max_size=600))
def test_any_bytes_after_a_real_start(magic: bytes, data: bytes) -> None:
    outcome(magic + data)


@settings(max_examples=400)
@given(st.data(), st.sampled_from(sorted(SEEDS)))
def test_mutated_files(data: st.DataObject, name: str) -> None:
    mutated = bytearray(SEEDS[name])
    # Headers are where the harm is done: half of the changes fall there.
    places = st.one_of(st.integers(0, min(1400, len(mutated) - 1)), st.integers(0, len(mutated) - 1))
    for place in data.draw(st.lists(places, min_size=1, max_size=8)):
        mutated[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(mutated)), st.integers(1, len(mutated))))
    outcome(bytes(mutated[:cut]))


@pytest.mark.skipif(sys.platform != "linux", reason="needs RLIMIT_AS, which other systems do not enforce")
def test_a_flood_of_mutations_stays_small_and_quick(repo: Path) -> None:
    """300 mutations in one process: below 1 GB, none above 5 seconds."""
    command = [sys.executable, "benchmarks/fuzz_reading.py", "--count", "300", "--synthetic"]
    done = subprocess.run(command, cwd=repo, capture_output=True, text=True, env={**os.environ}, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "300 mutated files" in done.stdout
