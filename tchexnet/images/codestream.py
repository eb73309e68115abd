"""What a compressed frame says of its own size, read before decoding: a decoder believes it, not the DICOM header."""

from __future__ import annotations

from pydicom import Dataset, uid

from tchexnet.errors import ImageError

_SEGMENT_FREE = {0x01, *range(0xD0, 0xDA)}
_FRAME_STARTS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_SCAN_START, _END = b"\xff\xda", b"\xff\xd9"
# PackBits turns two bytes into at most 128, and never needs more than one byte in 128 on top of what it packs.
_RLE_OVERHEAD = 1.02
_RLE_HEADER = 4096


def check_codestream(frame: bytes, dataset: Dataset, syntax: uid.UID, origin: str) -> None:
    """Refuse a frame whose own size differs from the header's, or that lacks its end, before it is decoded.

    Raises:
        ImageError: `truncated`.
    """
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if syntax == uid.RLELossless:
        most = rows * columns * int(dataset.BitsAllocated) // 8 * _RLE_OVERHEAD + rows + _RLE_HEADER
        if len(frame) > most:
            raise ImageError("truncated", f"{origin} has more compressed data than its size allows: copy it again.")
        return
    found = jpeg2000_size(frame) if syntax in uid.JPEG2000TransferSyntaxes else jpeg_size(frame)
    if found != (rows, columns, 1):
        what = "no compressed image" if found is None else f"a compressed image of {found} (rows, columns, channels)"
        message = f"{origin} holds {what} and its header states {(rows, columns, 1)}: copy or export it again."
        raise ImageError("truncated", message)
    # CharLS reads on past the end of a stream that lacks its end marker, for seconds.
    if syntax not in uid.JPEG2000TransferSyntaxes and frame.rfind(_END) < frame.rfind(_SCAN_START):
        raise ImageError("truncated", f"{origin} holds a compressed image without its end: copy it again.")


def jpeg_size(frame: bytes) -> tuple[int, int, int] | None:
    """(rows, columns, channels) of a JPEG or JPEG-LS stream, from its frame header; None where there is none.

    Source: ITU-T T.81, B.2.2; T.87, C.2.2.
    """
    at = 2 if frame[:2] == b"\xff\xd8" else len(frame)
    while at + 9 < len(frame):
        marker = frame[at + 1]
        if frame[at] != 0xFF:
            return None
        if marker == 0xFF:  # fill bytes
            at += 1
        elif marker in _FRAME_STARTS:
            return int.from_bytes(frame[at + 5 : at + 7]), int.from_bytes(frame[at + 7 : at + 9]), frame[at + 9]
        else:
            at += 2 if marker in _SEGMENT_FREE else 2 + int.from_bytes(frame[at + 2 : at + 4])
    return None


def jpeg2000_size(frame: bytes) -> tuple[int, int, int] | None:
    """(rows, columns, channels) of a JPEG 2000 stream, bare or in a JP2 file, from its SIZ segment.

    Source: ITU-T T.800, A.5.1.
    """
    at = frame.find(b"\xff\x4f\xff\x51")
    if at < 0 or len(frame) < at + 42:
        return None
    right, bottom, left, top = (int.from_bytes(frame[at + k : at + k + 4]) for k in (8, 12, 16, 20))
    return bottom - top, right - left, int.from_bytes(frame[at + 40 : at + 42])
