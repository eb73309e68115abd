"""pydicom's own test files, the bundled ones: each is read, or refused for a stated reason."""

from pathlib import Path

import pydicom
import pytest

from tchexnet.errors import ImageError
from tchexnet.images.limits import Limits
from tchexnet.images.read import read

FOLDER = Path(pydicom.__file__).parent / "data/test_files"

# By name: what is read, and every refusal that is not by modality or colour.
READ = {"image_dfl.dcm"}
KINDS = {
    "JPEGLSNearLossless_08.dcm": "too small",
    "JPEGLSNearLossless_16.dcm": "too small",
    "6154": "too small",
    "6247": "too small",
    "6278": "too small",
    "meta_missing_tsyntax.dcm": "truncated",
    "nested_priv_SQ.dcm": "truncated",
}


@pytest.mark.parametrize("path", sorted(p for p in FOLDER.rglob("*") if p.is_file()), ids=lambda path: path.name)
def test_read_or_refused_with_a_reason(path: Path) -> None:
    if path.name in READ:
        assert read(path).bit_depth == 8
        return
    with pytest.raises(ImageError) as caught:
        read(path)
    allowed = {KINDS.get(path.name)} if path.name in KINDS else {"unsupported", "coloured", "not an image"}
    assert caught.value.kind in allowed
    assert str(path) in str(caught.value)


def test_small_grey_jpeg_ls_files_are_read_where_limits_allow() -> None:
    for name, bits in (("JPEGLSNearLossless_08.dcm", 8), ("JPEGLSNearLossless_16.dcm", 16)):
        image = read(FOLDER / name, Limits(min_side=8))
        assert (image.height, image.bit_depth) == (45 if bits == 8 else 50, bits)
