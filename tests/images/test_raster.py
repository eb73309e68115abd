"""PNG, JPEG and TIFF in every grey form, against the grey values that were written."""

import io
import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFile

from tchexnet.errors import ImageError
from tchexnet.images.read import read

from .samples import chest, encoded

LEVEL = 1 / 255


def forms(grey: NDArray[np.uint8]) -> dict[str, bytes]:
    """The same grey image in every lossless form that Pillow writes."""
    image = Image.fromarray(grey)
    palette = image.convert("P")
    palette.putpalette(bytes(v for level in range(256) for v in (level, level, level)))
    return {
        "L png": encoded(image),
        "RGB png": encoded(image.convert("RGB")),
        "RGBA png": encoded(image.convert("RGBA")),
        "LA png": encoded(image.convert("LA")),
        "palette png": encoded(palette),
        "interlaced png": interlaced(grey),
        "L tiff": encoded(image, "TIFF"),
        "RGB tiff": encoded(image.convert("RGB"), "TIFF"),
        "deflated tiff": encoded(image, "TIFF", compression="tiff_adobe_deflate"),
        "LZW tiff": encoded(image, "TIFF", compression="tiff_lzw"),
        "big tiff": encoded(image, "TIFF", big_tiff=True),
    }


def interlaced(grey: NDArray[np.uint8]) -> bytes:
    """An Adam7 PNG, which Pillow reads and does not write."""
    starts = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b"".join(
        b"\0" + row.tobytes() for y, x, dy, dx in starts for row in np.ascontiguousarray(grey[y::dy, x::dx])
    )
    return png(grey.shape, 8, 0, rows, interlace=1)


def png(shape: tuple[int, ...], depth: int, colour: int, rows: bytes, interlace: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", shape[1], shape[0], depth, colour, 0, 0, interlace)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


@pytest.mark.parametrize("name", list(forms(np.zeros((40, 40), np.uint8))))
def test_every_grey_form_gives_the_same_pixels(grey8: NDArray[np.uint8], name: str) -> None:
    image = read(forms(grey8)[name])
    np.testing.assert_allclose(image.pixels, grey8 / 255, atol=1e-6)
    assert image.pixels.dtype == np.float32
    assert (image.bit_depth, image.warnings) == (8, ())
    assert image.format == ("TIFF" if "tiff" in name else "PNG")


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_by_the_depth_they_use(bits: int, kind: str) -> None:
    values = np.rint(chest() * (2**bits - 1)).astype(np.uint16)
    image = read(encoded(Image.fromarray(values), kind))
    np.testing.assert_allclose(image.pixels, values / (2**bits - 1), atol=1e-6)
    assert image.bit_depth == bits
    assert [f"uses {bits}" in warning for warning in image.warnings] == ([] if bits == 16 else [True])


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_shallow_png(bits: int) -> None:
    values = np.rint(chest(96, 80) * (2**bits - 1)).astype(np.uint8)
    packed = np.packbits(np.unpackbits(values[..., None], axis=2)[..., 8 - bits :].reshape(96, -1), axis=1)
    image = read(png((96, 80), bits, 0, b"".join(b"\0" + row.tobytes() for row in packed)))
    np.testing.assert_allclose(image.pixels, values / (2**bits - 1), atol=1e-6)
    assert image.bit_depth == bits


def test_sixteen_bit_colour_channels_that_are_grey(grey8: NDArray[np.uint8]) -> None:
    deep = np.repeat((grey8.astype(np.uint16) * 257).astype(">u2")[..., None], 3, axis=2)
    image = read(png(grey8.shape, 16, 2, b"".join(b"\0" + row.tobytes() for row in deep)))
    np.testing.assert_allclose(image.pixels, grey8 / 255, atol=1e-6)
    assert "16-bit colour channels" in image.warnings[0]
    shallow = (deep >> 6).astype(">u2")
    with pytest.raises(ImageError, match="14 bits or fewer"):
        read(png(grey8.shape, 16, 2, b"".join(b"\0" + row.tobytes() for row in shallow)))


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg(grey8: NDArray[np.uint8], mode: str, progressive: bool) -> None:
    image = Image.fromarray(grey8)
    if mode == "CMYK":
        image = Image.merge("CMYK", [Image.new("L", image.size)] * 3 + [Image.fromarray(255 - grey8)])
    data = encoded(image.convert(mode), "JPEG", quality=95, progressive=progressive)
    assert np.abs(read(data).pixels - grey8 / 255).max() < 8 * LEVEL


@pytest.mark.parametrize("quality", [20, 50, 75, 95])
def test_chroma_noise_of_a_grey_jpeg_is_no_colour(grey8: NDArray[np.uint8], quality: int) -> None:
    noise = np.random.default_rng(0).integers(-3, 4, (*grey8.shape, 3))
    noisy = np.clip(grey8[..., None] + noise, 0, 255).astype(np.uint8)
    assert read(encoded(Image.fromarray(noisy), "JPEG", quality=quality)).warnings == ()


def test_white_is_zero_in_sixteen_bit_tiff() -> None:
    values = np.rint(chest() * 4095).astype(np.uint16)
    image = read(encoded(Image.fromarray(values), "TIFF", tiffinfo={262: 0}))
    np.testing.assert_allclose(image.pixels, 1 - values / 4095, atol=1e-6)


def test_float_and_integer_tiff(grey8: NDArray[np.uint8]) -> None:
    grey = chest().astype(np.float32)
    np.testing.assert_allclose(read(encoded(Image.fromarray(grey), "TIFF")).pixels, grey, atol=1e-6)
    wide = Image.fromarray(np.rint(chest() * 65535).astype(np.int32))
    np.testing.assert_allclose(read(encoded(wide, "TIFF")).pixels, chest(), atol=1e-4)
    with pytest.raises(ImageError) as caught:
        read(encoded(Image.fromarray(grey * 255), "TIFF"))
    assert caught.value.kind == "out of range"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_exif_orientation(grey8: NDArray[np.uint8], orientation: int, kind: str) -> None:
    turns = {
        1: lambda v: v,
        2: np.fliplr,
        3: lambda v: np.rot90(v, 2),
        4: np.flipud,
        5: np.transpose,
        6: lambda v: np.rot90(v, 1),
        7: lambda v: np.rot90(v, 2).T,
        8: lambda v: np.rot90(v, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(turns[orientation](grey8)))
    options = {"quality": 95} if kind == "JPEG" else {}
    image = read(encoded(stored, kind, exif=exif, **options))
    assert image.pixels.shape == grey8.shape
    assert np.abs(image.pixels - grey8 / 255).max() < 8 * LEVEL


@pytest.mark.parametrize(("kind", "options"), [("TIFF", {}), ("PNG", {}), ("GIF", {})])
def test_several_pictures_are_refused(grey8: NDArray[np.uint8], kind: str, options: dict[str, object]) -> None:
    pages = [Image.fromarray(grey8), Image.fromarray(255 - grey8)]
    with pytest.raises(ImageError) as caught:
        read(encoded(pages[0], kind, save_all=True, append_images=pages[1:], **options))
    assert caught.value.kind == "unsupported"


@pytest.mark.parametrize("name", ["L png", "L tiff", "LZW tiff", "RGBA png"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated(grey8: NDArray[np.uint8], name: str, share: float) -> None:
    data = forms(grey8)[name]
    with pytest.raises(ImageError) as caught:
        read(data[: int(share * len(data))])
    assert caught.value.kind == "truncated"


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_truncated_whatever_the_process_asks_of_pillow(
    grey8: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch, lenient: bool, kind: str
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", lenient)
    data = encoded(Image.fromarray(grey8), kind)
    assert read(data).format == kind
    with pytest.raises(ImageError) as caught:
        read(data[: len(data) * 2 // 3])
    assert caught.value.kind == "truncated"


def test_transparency_is_ignored_with_a_warning(grey8: NDArray[np.uint8]) -> None:
    image = Image.fromarray(grey8).convert("LA")
    image.putalpha(Image.fromarray(255 - grey8))
    result = read(encoded(image))
    np.testing.assert_allclose(result.pixels, grey8 / 255, atol=1e-6)
    assert "transparen" in result.warnings[0]


def test_an_icc_profile_changes_nothing(grey8: NDArray[np.uint8]) -> None:
    data = encoded(Image.fromarray(grey8), icc_profile=b"no profile at all")
    np.testing.assert_allclose(read(data).pixels, grey8 / 255, atol=1e-6)


def test_pillow_settings_are_left_alone(grey8: NDArray[np.uint8]) -> None:
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
    read(io.BytesIO(encoded(Image.fromarray(grey8))))
    assert before == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)


def test_bombs_are_refused_before_they_are_decoded() -> None:
    rows = bytes(1000)
    tiff = bytearray(encoded(Image.new("L", (64, 64)), "TIFF"))
    for tag in (256, 257):
        at = tiff.find(struct.pack("<HHI", tag, 4, 1))
        tiff[at + 8 : at + 12] = struct.pack("<I", 60000)
    jpeg = bytearray(encoded(Image.new("L", (64, 64)), "JPEG"))
    at = jpeg.find(b"\xff\xc0")
    jpeg[at + 5 : at + 9] = struct.pack(">HH", 60000, 60000)
    for data in (png((60000, 60000), 8, 0, rows), bytes(tiff), bytes(jpeg)):
        with pytest.raises(ImageError, match="60000 x 60000") as caught:
            read(data)
        assert caught.value.kind == "too large"
