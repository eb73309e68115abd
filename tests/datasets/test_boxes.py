"""NIH's box list: read as NIH writes it, refused when it is cut."""

import gzip

import pytest

from tchexnet.datasets import boxes
from tchexnet.errors import DataError

TEXT = """Image Index,Finding Label,Bbox [x,y,w,h],,,
00000001_000.png,Infiltrate,256,512,128,64,,,
00000002_001.png,Mass,0.0,0.0,1024,1024,,,
"""


def test_read_as_nih_writes_it(tmp_path) -> None:
    path = tmp_path / "BBox_List_2017.csv"
    path.write_text(TEXT.replace("64,,,", "64").replace("1024,,,", "1024"))
    first, second = boxes.read(path)
    assert first == boxes.Box("00000001_000.png", "Infiltration", 0.25, 0.5, 0.375, 0.5625)
    assert first.patient == "00000001" and second.label == "Mass" and second[2:] == (0, 0, 1, 1)
    packed = tmp_path / "list.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert boxes.read(packed) == (first, second)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Image Index,Finding Label,Bbox [x\na.png,Mass,12\n", "six columns are needed, image"),
        (TEXT.replace("512", "five"), "is no list of boxes"),
        (TEXT.replace("Mass", "Mas").replace(",,,", ""), "NIH-14 lacks: Mas"),
        (TEXT.replace("512", "1000").replace("64,,,", "64").replace("1024,,,", "1024"), "off their image"),
    ],
)
def test_refused_in_a_sentence(tmp_path, text, said) -> None:
    path = tmp_path / "boxes.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=said):
        boxes.read(path)


def test_a_missing_file(tmp_path) -> None:
    with pytest.raises(DataError, match="is no list of boxes"):
        boxes.read(tmp_path / "none.csv")
