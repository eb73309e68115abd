"""Which kind of file is it? Its first bytes say; its name is never asked."""

from __future__ import annotations

from tchexnet.errors import ImageError

_PREAMBLE = 128
# Images and documents that people try, with what to do instead; looked for at the start of the file.
_OTHERS = {
    b"GIF8": "a GIF file: save it as PNG",
    b"BM": "a BMP file: save it as PNG",
    b"%PDF": "a PDF file: export the radiograph from it as PNG",
    b"\x1f\x8b": "a gzip file: unpack it first",
    b"PK\x03\x04": "a zip file: unpack it first",
    b"\x00\x00\x00\x0cjP  ": "a JPEG 2000 file: save it as PNG",
    b"\xff\x4f\xff\x51": "a JPEG 2000 file: save it as PNG",
    b"\x93NUMPY": "a NumPy file: load it and give the array",
    b"<": "a web page or XML: download the image itself",
    b"version https://git-lfs": "a Git LFS pointer: fetch the file with git lfs pull",
}


def sniff(data: bytes, origin: str) -> str:
    """`PNG`, `JPEG`, `TIFF` or `DICOM`.

    Raises:
        ImageError: `not an image`, or `unsupported` for an image of another kind.
    """
    # DICOM first: its preamble may hold a TIFF header on purpose, so that one file is both.
    if data[_PREAMBLE : _PREAMBLE + 4] == b"DICM":
        return "DICOM"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] in (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"):
        return "TIFF"
    if _looks_like_bare_dicom(data):
        return "DICOM"
    raise _refusal(data, origin)


def _looks_like_bare_dicom(data: bytes) -> bool:
    """A data set without preamble starts with an element of group 0002 or 0008, in either byte order."""
    group, element = data[:2], data[2:4]
    if group in (b"\x02\x00", b"\x08\x00"):
        return len(element) == 2 and element[1] == 0
    return group in (b"\x00\x02", b"\x00\x08") and len(element) == 2 and element[0] == 0


def _refusal(data: bytes, origin: str) -> ImageError:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ImageError("unsupported", f"{origin} is a WebP file: save it as PNG.")
    if data[4:8] == b"ftyp":
        return ImageError("unsupported", f"{origin} is a HEIC, AVIF or video file: save it as PNG.")
    for start, what in _OTHERS.items():
        if data.lstrip()[: len(start)] == start if start == b"<" else data.startswith(start):
            kind = "unsupported" if "save it as" in what else "not an image"
            return ImageError(kind, f"{origin} is {what}.")
    if not data.strip(b"\x00"):
        return ImageError("not an image", f"{origin} holds only zero bytes: copy or download it again.")
    return ImageError("not an image", f"{origin} is no PNG, JPEG, TIFF or DICOM image: give one of these.")
