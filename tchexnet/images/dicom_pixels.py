"""From a DICOM data set to stored values: decoding, and the bits that count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, uid
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder

from tchexnet.errors import ImageError
from tchexnet.images.codestream import check_codestream
from tchexnet.images.grey import row_chunks
from tchexnet.images.rle import decode_rle

# One decoder a syntax, so that a file reads alike wherever the packages are installed: (pydicom's name, pip's name).
_PLUGINS: dict[str, tuple[str, str]] = {
    uid.JPEGBaseline8Bit: ("pillow", "pillow"),
    uid.JPEGExtended12Bit: ("pillow", "pillow"),
    uid.JPEGLossless: ("gdcm", "python-gdcm"),
    uid.JPEGLosslessSV1: ("gdcm", "python-gdcm"),
    uid.JPEGLSLossless: ("pyjpegls", "pyjpegls"),
    uid.JPEGLSNearLossless: ("pyjpegls", "pyjpegls"),
    uid.JPEG2000Lossless: ("pylibjpeg", "pylibjpeg-openjpeg"),
    uid.JPEG2000: ("pylibjpeg", "pylibjpeg-openjpeg"),
}
_NATIVE = (
    uid.ImplicitVRLittleEndian,
    uid.ExplicitVRLittleEndian,
    uid.ExplicitVRBigEndian,
    uid.DeflatedExplicitVRLittleEndian,
)


# `StoredPixels` masks for itself: pydicom's own correction takes HighBit to be BitsStored - 1.
_RAW_BITS: dict[str, Any] = {"correct_unused_bits": False}


@dataclass(frozen=True)
class StoredPixels:
    """Decoded samples, and how to find the stored value in each.

    Args:
        samples: (height, width) uint8 or uint16, as decoded; bits outside the stored value may hold anything.
        shift: how far the stored value's lowest bit lies above bit 0.
        bits: BitsStored.
        signed: whether stored values are two's complement.
    """

    samples: NDArray[Any]
    shift: int
    bits: int
    signed: bool

    def values(self) -> NDArray[np.int64]:
        """(2 ** bits,) the stored value that each bit pattern stands for."""
        patterns = np.arange(1 << self.bits, dtype=np.int64)
        return np.where(patterns >> (self.bits - 1), patterns - (1 << self.bits), patterns) if self.signed else patterns

    def present(self) -> NDArray[np.bool_]:
        """(2 ** bits,) whether each bit pattern occurs in the image."""
        found = np.zeros(1 << self.bits, np.bool_)
        for rows in row_chunks(self.samples.shape):
            found[self._patterns(rows)] = True
        return found

    def through(self, table: NDArray[np.float32]) -> NDArray[np.float32]:
        """(height, width) float32: the table's value for each pixel. `table`: (2 ** bits,) by bit pattern."""
        grey = np.empty(self.samples.shape, np.float32)
        # By chunks: NumPy widens an index to 64 bits, eight bytes a pixel.
        for rows in row_chunks(self.samples.shape):
            np.take(table, self._patterns(rows), out=grey[rows], mode="clip")
        return grey

    def _patterns(self, rows: slice) -> NDArray[Any]:
        part = self.samples[rows]
        patterns: NDArray[Any] = (part >> self.shift if self.shift else part) & part.dtype.type((1 << self.bits) - 1)
        return patterns


def stored_pixels(dataset: Dataset, origin: str) -> StoredPixels:
    """Decode the one frame of `dataset`, whose header has been checked.

    Raises:
        ImageError: `unsupported`, a transfer syntax that is not read; `truncated`, a codestream of another size.
    """
    syntax = transfer_syntax(dataset, origin)
    allocated = int(dataset.BitsAllocated)
    bits = int(dataset.get("BitsStored") or allocated)
    high = dataset.get("HighBit")
    native = syntax in _NATIVE
    # A compressed frame holds the stored value alone, and the decoder puts its lowest bit at bit 0.
    shift = int(high) + 1 - bits if high is not None and (native or syntax == uid.RLELossless) else 0
    samples = _decode(dataset, syntax, native, origin)
    unsigned = samples.view(f"u{samples.dtype.itemsize}")
    return StoredPixels(unsigned, shift, bits, bool(dataset.get("PixelRepresentation") or 0))


def transfer_syntax(dataset: Dataset, origin: str) -> uid.UID:
    """The transfer syntax that the file states, or that reading it without one has shown to be right.

    Raises:
        ImageError: `unsupported`.
    """
    stated = getattr(dataset, "file_meta", {}).get("TransferSyntaxUID")
    if stated in _NATIVE or stated in _PLUGINS or stated == uid.RLELossless:
        return uid.UID(stated)
    if stated:
        name = uid.UID(stated).name
        raise ImageError("unsupported", f"{origin} is compressed as {name}, which is not read: export it uncompressed.")
    if dataset["PixelData"].is_undefined_length:
        raise ImageError("unsupported", f"{origin} is compressed and does not say how: export it with its file header.")
    return uid.ExplicitVRLittleEndian if dataset.original_encoding[1] is not False else uid.ExplicitVRBigEndian


def _decode(dataset: Dataset, syntax: uid.UID, native: bool, origin: str) -> NDArray[Any]:
    if not native:
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
        check_codestream(frame, dataset, syntax, origin)
        if syntax == uid.RLELossless:
            return decode_rle(frame, int(dataset.Rows), int(dataset.Columns), int(dataset.BitsAllocated) // 8)
    if syntax == uid.JPEGExtended12Bit and int(dataset.BitsAllocated) > 8:
        raise ImageError("unsupported", f"{origin} is compressed as 12-bit lossy JPEG: export it uncompressed.")
    decoder = get_decoder(syntax)
    plugin, package = ("", "") if native else _PLUGINS[syntax]
    if plugin and plugin not in decoder.available_plugins:
        raise ImageError("unsupported", f"{origin} is compressed as {syntax.name}: install {package} to read it.")
    array, _ = decoder.as_array(dataset, index=0, raw=True, decoding_plugin=plugin, **_RAW_BITS)
    return array.astype(array.dtype.newbyteorder("="), copy=False)
