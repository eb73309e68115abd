"""A deflated DICOM file may expand a thousandfold: count first, in bounded memory, before pydicom inflates it whole."""

from __future__ import annotations

import io
import zlib

from pydicom.filereader import read_preamble
from pydicom.uid import DeflatedExplicitVRLittleEndian

from tchexnet.images.limits import Limits

_STEP = 1 << 20


def check_inflated(data: bytes, origin: str, limits: Limits) -> None:
    """Raise ImageError `too large` where `data` is a deflated file that would expand beyond `limits.max_bytes`."""
    if str(DeflatedExplicitVRLittleEndian).encode() not in data[:4096]:
        return
    inflate, count = zlib.decompressobj(-zlib.MAX_WBITS), 0
    pending = data[_dataset_start(data) :]
    while pending and not inflate.eof:
        count += len(inflate.decompress(pending, _STEP))
        limits.check_bytes(max(count, 1), f"{origin}, inflated,")
        pending = inflate.unconsumed_tail


def _dataset_start(data: bytes) -> int:
    """Where the data set begins: after the preamble and the file meta group, whose length its first element gives."""
    start = 132 if data[128:132] == b"DICM" else 0
    if data[start : start + 8] == b"\x02\x00\x00\x00UL\x04\x00":
        return start + 12 + int.from_bytes(data[start + 8 : start + 12], "little")
    file = io.BytesIO(data)
    read_preamble(file, force=True)
    return file.tell()
