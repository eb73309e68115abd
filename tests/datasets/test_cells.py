"""A CSV is read whole and strictly, or refused in one sentence."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tchexnet.datasets import table
from tchexnet.datasets.cells import label_text, label_value, label_values, read_cells
from tchexnet.errors import DataError


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_cells_are_text_and_know_their_line(tmp_path: Path) -> None:
    cells = read_cells(write(tmp_path, '\ufeffa, b\n1.0,"x\ny"\n\n,NA\n'))
    assert list(cells.columns) == ["a", "b"]
    assert cells.to_numpy().tolist() == [["1.0", "x\ny"], ["", "NA"]]
    assert list(cells.index) == [3, 5]


def test_a_trailing_column_without_a_name_is_left_out(tmp_path: Path) -> None:
    assert read_cells(write(tmp_path, "a,b,\n1,2,\n3,4\n")).to_numpy().tolist() == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no rows"),
        ("a,b\n", "holds no rows"),
        ("a,b\n1\n", "the first in line 2"),
        ("a,b\n1,2\n1,2,3\n", "the first in line 3"),
        ("a,b,a\n1,2,3\n", "column 'a' twice"),
        ('a,b\n"1,2\n', "cannot be read as CSV"),
        (b"a,b\n\xff,1\n", "in UTF-8"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_cells(write(tmp_path, text))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(DataError, match="cannot be read as CSV"):
            read_cells(path)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1", 1), ("1.0", 1), ("0", 0), (" 0.0 ", 0), ("-1", -1), ("-1.0", -1), ("", np.nan), ("nan", np.nan)],
)
def test_label_cells(cell: str, value: float) -> None:
    np.testing.assert_equal(label_value(cell), value)


@pytest.mark.parametrize("cell", ["2", "0.5", "yes", "inf", "-inf", "1e-9", "NA"])
def test_other_cells_are_no_labels(cell: str) -> None:
    assert np.isinf(label_value(cell))


def test_strange_values_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    cells = read_cells(write(tmp_path, "Edema,Mass\n1,2\n-1,0\n,maybe\n"))
    y, uncertain, problems = label_values(cells, ["Edema", "Mass"])
    np.testing.assert_array_equal(y, [[1, np.nan], [np.nan, 0], [np.nan, np.nan]])
    np.testing.assert_array_equal(uncertain, [[False, False], [True, False], [False, False]])
    assert [str(p) for p in problems] == [
        "labels other than 1, 0, -1 and blank: 2, the first is '2' for Mass in line 2"
    ]


def test_label_text_is_the_way_back() -> None:
    y = np.array([[1, 0, np.nan, np.nan]], np.float32)
    uncertain = np.array([[False, False, True, False]])
    assert label_text(y, uncertain).tolist() == [["1", "0", "-1", ""]]
    assert label_text(y, uncertain, as_float=True).tolist() == [["1.0", "0.0", "-1.0", ""]]


CELL = st.one_of(st.sampled_from(["1", "0", "-1", "", "1.0", "nan", "a.png"]), st.text(max_size=6))


@given(header=st.lists(CELL, max_size=5), rows=st.lists(st.lists(CELL, max_size=5), max_size=6))
def test_arbitrary_cells_give_records_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, header: list[str], rows: list[list[str]]
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["image", *header], *(["a.png", *row] for row in rows)])
    path = write(tmp_path_factory.getbasetemp(), text.getvalue().encode(errors="replace"))
    (path.parent / "a.png").touch()
    try:
        records = table.read(path)
    except DataError:
        return
    assert np.isin(records.y[~np.isnan(records.y)], [0, 1]).all()


@given(st.binary(max_size=60))
def test_arbitrary_bytes_give_records_or_a_data_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = write(tmp_path_factory.getbasetemp(), content)
    try:
        table.read(path, allow_missing=True)
    except DataError:
        return
