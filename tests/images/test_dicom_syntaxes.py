"""Every transfer syntax that is read, against the stored values that were written."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, uid
from pydicom.encaps import encapsulate, get_frame

from tchexnet.errors import ImageError
from tchexnet.images import dicom_pixels
from tchexnet.images.read import read
from tchexnet.images.rle import decode_rle

from .dicom_files import NATIVE, bare, compressed, dataset, encapsulated, lut, written
from .lossless_jpeg import lossless_jpeg
from .samples import chest, encoded

LOSSLESS = {
    uid.RLELossless: "pydicom",
    uid.JPEGLSLossless: "pyjpegls",
    uid.JPEG2000Lossless: "pylibjpeg",
}
KINDS = [(8, False), (10, False), (12, False), (12, True), (16, False), (16, True)]


def stored_chest(bits: int, signed: bool) -> NDArray[Any]:
    values = np.rint(chest() * (2**bits - 1)).astype(np.int64) - signed * 2 ** (bits - 1)
    return values.astype(("i" if signed else "u") + ("1" if bits == 8 else "2"))


def expected_grey(stored: NDArray[Any], bits: int, signed: bool, photometric: str) -> NDArray[np.float64]:
    grey = (stored.astype(float) + signed * 2.0 ** (bits - 1)) / (2**bits - 1)
    return 1 - grey if photometric == "MONOCHROME1" else grey


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(("bits", "signed"), KINDS)
@pytest.mark.parametrize("syntax", [*NATIVE, *LOSSLESS], ids=lambda syntax: uid.UID(syntax).keyword)
def test_lossless_syntaxes_give_the_stored_values(syntax: str, bits: int, signed: bool, photometric: str) -> None:
    stored, tags = stored_chest(bits, signed), {"PhotometricInterpretation": photometric}
    if syntax in NATIVE:
        ds = dataset(stored, bits, syntax, **tags)
    else:
        ds = compressed(stored, bits, syntax, LOSSLESS[syntax], **tags)
    for source in (written(ds), ds):
        image = read(source)
        np.testing.assert_allclose(image.pixels, expected_grey(stored, bits, signed, photometric), atol=1e-6)
        assert (image.format, image.bit_depth) == ("DICOM", bits)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize(("bits", "signed"), KINDS)
@pytest.mark.parametrize("predictor", [1, 2, 4, 7])
def test_lossless_jpeg(bits: int, signed: bool, predictor: int, photometric: str) -> None:
    stored = stored_chest(bits, signed)
    frame = lossless_jpeg(stored, bits, predictor)
    for syntax in (uid.JPEGLossless, uid.JPEGLosslessSV1)[: 1 + (predictor == 1)]:
        image = read(written(encapsulated(frame, stored, bits, syntax, PhotometricInterpretation=photometric)))
        np.testing.assert_allclose(image.pixels, expected_grey(stored, bits, signed, photometric), atol=1e-6)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_baseline_jpeg_is_within_its_loss(photometric: str) -> None:
    stored = stored_chest(8, False)
    frame = encoded(Image.fromarray(stored), "JPEG", quality=95)
    image = read(written(encapsulated(frame, stored, 8, uid.JPEGBaseline8Bit, PhotometricInterpretation=photometric)))
    assert np.abs(image.pixels - expected_grey(stored, 8, False, photometric)).max() < 6 / 255


@pytest.mark.parametrize("syntax", [uid.JPEG2000, uid.JPEGLSNearLossless], ids=["JPEG2000", "JPEGLSNearLossless"])
def test_lossy_syntaxes_are_within_their_loss(syntax: str) -> None:
    stored = stored_chest(12, False)
    ds = dataset(stored, 12)
    options = {"j2k_psnr": [70.0]} if syntax == uid.JPEG2000 else {"jls_error": 4}
    plugin = "pylibjpeg" if syntax == uid.JPEG2000 else "pyjpegls"
    ds.compress(syntax, encoding_plugin=plugin, generate_instance_uid=False, **options)
    assert np.abs(read(written(ds)).pixels - stored / 4095).max() < 12 / 4095


def test_a_frame_in_several_fragments() -> None:
    stored = stored_chest(12, False)
    ds = compressed(stored, 12, uid.JPEG2000Lossless, "pylibjpeg")
    ds.PixelData = encapsulate([get_frame(ds.PixelData, 0, number_of_frames=1)], fragments_per_frame=3, has_bot=False)
    np.testing.assert_allclose(read(written(ds)).pixels, stored / 4095, atol=1e-6)


def test_big_endian_tables() -> None:
    stored = stored_chest(12, False)
    entries = np.arange(4096)[::-1].copy()
    sequence = lut(entries, 0, 12)
    sequence[0].LUTData = entries.astype(">u2").tobytes()
    ds = dataset(stored, 12, uid.ExplicitVRBigEndian, VOILUTSequence=sequence)
    np.testing.assert_allclose(read(written(ds)).pixels, 1 - stored / 4095, atol=1e-6)


def test_without_preamble_and_without_meta() -> None:
    stored = stored_chest(12, False)
    ds = dataset(stored, 12)
    for data in (bare(ds), written(ds)[132:]):
        np.testing.assert_allclose(read(data).pixels, stored / 4095, atol=1e-6)


def test_a_syntax_that_is_not_read_is_refused_by_name() -> None:
    stored = stored_chest(8, False)
    with pytest.raises(ImageError, match="MPEG2 Main Profile") as caught:
        read(written(encapsulated(b"\0" * 64, stored, 8, uid.MPEG2MPML)))
    assert caught.value.kind == "unsupported"


def test_a_frame_of_another_size_is_refused_before_it_is_decoded() -> None:
    stored = stored_chest(8, False)
    frame = encoded(Image.new("L", (5000, 4000)), "JPEG")
    with pytest.raises(ImageError, match="4000, 5000") as caught:
        read(written(encapsulated(frame, stored, 8, uid.JPEGBaseline8Bit)))
    assert caught.value.kind == "truncated"


@pytest.mark.parametrize("syntax", [uid.JPEGLSLossless, uid.JPEGBaseline8Bit, uid.JPEG2000Lossless, uid.RLELossless])
def test_a_frame_without_its_end_is_truncated(syntax: str) -> None:
    stored = stored_chest(8, False)
    if syntax == uid.JPEGBaseline8Bit:
        frame = encoded(Image.fromarray(stored), "JPEG")
    else:
        frame = get_frame(compressed(stored, 8, syntax, LOSSLESS[syntax]).PixelData, 0, number_of_frames=1)
    half = frame[: len(frame) // 4 * 2]
    with pytest.raises(ImageError) as caught:
        read(written(encapsulated(half, stored, 8, syntax)))
    assert caught.value.kind == "truncated"


def test_twelve_bit_lossy_jpeg_is_refused_by_name() -> None:
    stored = stored_chest(12, False)
    frame = encoded(Image.fromarray((stored >> 4).astype(np.uint8)), "JPEG")
    with pytest.raises(ImageError, match="12-bit lossy JPEG") as caught:
        read(written(encapsulated(frame, stored, 12, uid.JPEGExtended12Bit)))
    assert caught.value.kind == "unsupported"


def test_a_missing_decoder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dicom_pixels._PLUGINS, uid.JPEGLSLossless, ("absent", "some-package"))
    data = written(compressed(stored_chest(8, False), 8, uid.JPEGLSLossless, "pyjpegls"))
    with pytest.raises(ImageError, match="install some-package") as caught:
        read(data)
    assert caught.value.kind == "unsupported"


@pytest.mark.parametrize(("bits", "signed"), KINDS)
def test_a_dataset_made_in_memory_needs_no_file_header(bits: int, signed: bool) -> None:
    stored, ds = stored_chest(bits, signed), Dataset()
    ds.update(dataset(stored, bits))
    np.testing.assert_allclose(read(ds).pixels, expected_grey(stored, bits, signed, "MONOCHROME2"), atol=1e-6)


def test_damaged_rle_is_truncated_and_makes_no_more_than_the_image() -> None:
    with pytest.raises(ValueError, match="ends early"):
        decode_rle(bytes([1, *[0] * 3, 64, *[0] * 59]) + b"\x05abc", 8, 8, 1)
    with pytest.raises(ValueError, match="segments"):
        decode_rle(bytes(64), 8, 8, 1)
    flood = bytes([1, *[0] * 3, 64, *[0] * 59]) + b"\x81\x07" * 1000
    assert decode_rle(flood, 8, 8, 1).tolist() == [[7] * 8] * 8
