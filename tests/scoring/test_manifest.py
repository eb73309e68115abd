"""The manifest keeps every entry, whatever its name, and cuts it into the same shards each time."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tchexnet.errors import DataError
from tchexnet.scoring import manifest

NAMES = st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=1, max_size=40)


@given(names=NAMES, size=st.integers(1, 9), done=st.sets(st.integers(0, 9)))
def test_shards_are_the_entries_in_order_but_those_done(names: list[str], size: int, done: set[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "manifest.csv"
        written = manifest.write(path, names)
        assert written.count == len(names)
        assert list(manifest.read(path)) == names
        expected = {n: names[n * size : (n + 1) * size] for n in range(-(-len(names) // size))}
        assert dict(manifest.shards(path, size, done)) == {n: s for n, s in expected.items() if n not in done}
        assert manifest.write(path, names) == written


def test_a_name_that_is_not_utf8_survives(tmp_path: Path) -> None:
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    manifest.write(tmp_path / "manifest.csv", [name])
    assert list(manifest.read(tmp_path / "manifest.csv")) == [name]


def test_nothing_to_score_is_an_error_and_leaves_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no file to score"):
        manifest.write(tmp_path / "manifest.csv", [])
    assert not (tmp_path / "manifest.csv").exists()
