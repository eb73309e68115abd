"""Which DICOM objects are refused, by name; what the header gives; and that nobody's name comes along."""

import pickle
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, uid

from tchexnet.errors import ImageError
from tchexnet.images.limits import Limits
from tchexnet.images.read import read

from .dicom_files import dataset, deflate, written


@pytest.mark.parametrize(
    ("tags", "kind", "said"),
    [
        ({"Modality": "CT"}, "unsupported", "a CT slice"),
        ({"Modality": "MR"}, "unsupported", "an MR slice"),
        ({"Modality": "US"}, "unsupported", "an ultrasound image"),
        ({"Modality": "MG"}, "unsupported", "a mammogram"),
        ({"Modality": "XX"}, "unsupported", "of modality 'XX'"),
        ({"NumberOfFrames": 3}, "unsupported", "3 frames"),
        ({"PhotometricInterpretation": "RGB", "SamplesPerPixel": 3}, "coloured", "(RGB)"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "coloured", "(PALETTE COLOR)"),
        ({"PhotometricInterpretation": "CIELAB"}, "unsupported", "'CIELAB'"),
        ({"BitsStored": 9}, "unsupported", "impossible pixel format"),
        ({"RescaleSlope": 0, "RescaleIntercept": 1}, "unsupported", "impossible rescale"),
    ],
)
def test_refused_by_name(grey8: NDArray[np.uint8], tags: dict[str, Any], kind: str, said: str) -> None:
    with pytest.raises(ImageError) as caught:
        read(written(dataset(grey8, 8, **tags)))
    assert caught.value.kind == kind
    assert said in str(caught.value)
    assert str(caught.value).startswith("<bytes> ")


def test_a_structured_report_has_no_image() -> None:
    report = dataset(np.zeros((64, 64), np.uint8), 8, Modality="SR")
    report.SOPClassUID = uid.BasicTextSRStorage
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(report, keyword)
    with pytest.raises(ImageError, match="a structured report"):
        read(written(report))
    report.Modality = ""
    with pytest.raises(ImageError, match="Basic Text SR Storage"):
        read(written(report))


@pytest.mark.parametrize("keyword", ["PixelData", "Rows", "BitsAllocated"])
def test_a_header_without_what_an_image_needs(grey8: NDArray[np.uint8], keyword: str) -> None:
    ds = dataset(grey8, 8)
    delattr(ds, keyword)
    with pytest.raises(ImageError, match=f"without {keyword}") as caught:
        read(written(ds))
    assert caught.value.kind == "truncated"


@pytest.mark.parametrize("modality", ["CR", "DX", "RG"])
def test_radiography_is_read_without_a_warning(grey8: NDArray[np.uint8], modality: str) -> None:
    image = read(written(dataset(grey8, 8, Modality=modality, BodyPartExamined="CHEST")))
    assert image.warnings == ()
    assert (image.view_position, image.laterality, image.spacing) == ("PA", "U", (0.14, 0.15))


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ({"Modality": "SC"}, "secondary capture"),
        ({"Modality": "OT"}, "secondary capture"),
        ({"Modality": ""}, "no modality"),
        ({"ViewPosition": "LL"}, "lateral view (LL)"),
        ({"ViewPosition": "LATERAL"}, "lateral view"),
        ({"BodyPartExamined": "HAND"}, "HAND, not a chest"),
    ],
)
def test_warned_about(grey8: NDArray[np.uint8], tags: dict[str, Any], said: str) -> None:
    (warning,) = read(written(dataset(grey8, 8, **tags))).warnings
    assert said in warning


def test_the_view_code_counts_where_no_position_is_stated(grey8: NDArray[np.uint8]) -> None:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "399173006", "SCT", "left lateral"
    image = read(written(dataset(grey8, 8, ViewPosition="", ViewCodeSequence=[item])))
    assert image.view_position == "LEFT LATERAL"
    assert "lateral view" in image.warnings[0]


def test_nothing_of_the_patient_is_kept(grey8: NDArray[np.uint8]) -> None:
    ds = dataset(grey8, 8)
    ds.InstitutionName, ds.AccessionNumber, ds.StudyDate = "St Elsewhere", "A-99", "20200202"
    for source in (written(ds), ds):
        kept = pickle.dumps(read(source))
        for secret in ("Doe", "Jane", "SECRET-7", "19600101", "Elsewhere", "A-99", "20200202", ds.SOPInstanceUID):
            assert secret.encode() not in kept


def test_a_dataset_is_left_as_it_is(grey8: NDArray[np.uint8]) -> None:
    ds = dataset(grey8, 8, PhotometricInterpretation="MONOCHROME1", WindowCenter=100, WindowWidth=200)
    before = written(ds)
    read(ds)
    assert written(ds) == before


def test_a_deflated_bomb_is_refused_before_it_is_inflated() -> None:
    ds = dataset(np.zeros((64, 64), np.uint8), 8, uid.DeflatedExplicitVRLittleEndian)
    data = written(ds)
    start = 132 + 12 + int.from_bytes(data[140:144], "little")
    bomb = data[:start] + deflate(bytes(50_000_000))
    assert len(bomb) < 100_000
    with pytest.raises(ImageError, match="inflated") as caught:
        read(bomb, Limits(max_bytes=10_000_000))
    assert caught.value.kind == "too large"


def test_rows_and_columns_are_limited_before_decoding(grey8: NDArray[np.uint8]) -> None:
    ds = dataset(grey8, 8)
    ds.Rows = ds.Columns = 65000
    with pytest.raises(ImageError, match="65000 x 65000") as caught:
        read(written(ds))
    assert caught.value.kind == "too large"


def test_half_a_file_is_truncated(grey8: NDArray[np.uint8]) -> None:
    data = written(dataset(grey8, 8))
    with pytest.raises(ImageError) as caught:
        read(data[: len(data) // 2])
    assert caught.value.kind == "truncated"
