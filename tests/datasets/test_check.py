"""Everything that is wrong is named at once, with its count and its first example."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tchexnet.datasets.check import Problem, checked
from tchexnet.datasets.records import Records
from tchexnet.errors import DataError


def on_disk(records: Records, root: Path) -> Records:
    for image in records.images:
        (root / image).touch()
    return replace(records, root=root)


def test_all_problems_stand_in_one_report(tmp_path: Path, make_records: Callable[..., Records]) -> None:
    records = on_disk(make_records(["a", "b", "", "d", "e"]), tmp_path)
    records = replace(records, images=("0.png", "0.png", "2.png", "gone.png", "lost.png"))
    with pytest.raises(DataError) as caught:
        checked(records, "t.csv", [Problem("odd things", 3, "this", "do that")])
    assert str(caught.value) == (
        "t.csv cannot be used as it stands: odd things: 3, the first is this (do that); "
        "rows without a patient: 1, the first is 2.png; "
        "rows that repeat an image: 1, the first is 0.png (keep one row an image); "
        f"images not found: 2, the first is {tmp_path}/gone.png "
        "(allow_missing, or --allow-missing, goes on without them)."
    )


def test_allow_missing_goes_on_and_counts(tmp_path: Path, make_records: Callable[..., Records]) -> None:
    records = on_disk(make_records(["a", "b", "c"]), tmp_path)
    (tmp_path / "1.png").unlink()
    kept = checked(records, "t.csv", allow_missing=True)
    assert kept.images == ("0.png", "2.png")
    assert kept.notes == (f"1 of 3 images of t.csv were not found and are left out, the first is {tmp_path}/1.png.",)


def test_allow_missing_does_not_forgive_anything_else(tmp_path: Path, make_records: Callable[..., Records]) -> None:
    records = replace(on_disk(make_records(["a", "b"]), tmp_path), images=("0.png", "0.png"))
    with pytest.raises(DataError, match="rows that repeat an image: 1"):
        checked(records, "t.csv", allow_missing=True)


def test_no_image_at_all_is_refused(tmp_path: Path, make_records: Callable[..., Records]) -> None:
    with pytest.raises(DataError, match="None of the 2 images"):
        checked(replace(make_records(["a", "b"]), root=tmp_path), "t.csv", allow_missing=True)
    with pytest.raises(DataError, match="no row"):
        checked(make_records([]), "t.csv")


def test_a_name_that_no_file_can_have_is_missing(tmp_path: Path, make_records: Callable[..., Records]) -> None:
    records = replace(on_disk(make_records(["a", "b", "c"]), tmp_path), images=("0.png", "x" * 5000, "a\0b"))
    with pytest.raises(DataError, match="images not found: 2"):
        checked(records, "t.csv")
