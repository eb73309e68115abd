"""What SOURCE may be, and the order of its entries."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from tchexnet.errors import DataError, ImageError
from tchexnet.scoring.opening import Opener
from tchexnet.scoring.sources import entries


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b/2.png", "b/1.dcm", "a/x/3", "0.jpg", ".git/4.png", "a/.DS_Store", "__MACOSX/5.png"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_bytes(name.encode())
    return tmp_path / "in"


def below(folder: Path, source: str) -> list[str]:
    return [entry.removeprefix(f"{folder}/") for entry in entries(source).entries]


def test_a_folder_is_walked_in_order_without_hidden_files(folder: Path) -> None:
    assert below(folder, str(folder)) == ["0.jpg", "a/x/3", "b/1.dcm", "b/2.png"]


def test_a_glob_gives_files_in_order(folder: Path) -> None:
    assert below(folder, f"{folder}/**/*.png") == ["__MACOSX/5.png", "b/2.png"]
    with pytest.raises(DataError, match="No file matches .*nothing-"):
        list(entries(f"{folder}/nothing-*.png").entries)


def test_a_single_file_is_a_source(folder: Path) -> None:
    assert below(folder, f"{folder}/0.jpg") == ["0.jpg"]


@pytest.mark.parametrize("header", ["path", "Image Index", "IMAGE"])
def test_a_table_gives_its_column_of_paths_relative_to_itself(folder: Path, header: str) -> None:
    table = folder / "list.csv"
    table.write_text(f"n,{header}\n1,b/2.png\n\n2,0.jpg\n3,b/2.png\n4,\n")
    assert list(entries(str(table)).entries) == [f"{folder}/b/2.png", f"{folder}/0.jpg", f"{folder}/b/2.png", ""]


def test_a_table_whose_first_path_is_not_beside_it_is_relative_to_the_current_folder(folder: Path, monkeypatch) -> None:
    (folder / "a" / "list.csv").write_text("path\nb/2.png\n0.jpg\n")
    monkeypatch.chdir(folder)
    assert list(entries("a/list.csv").entries) == ["b/2.png", "0.jpg"]


def test_a_column_may_be_named_and_a_missing_one_is_an_error(folder: Path) -> None:
    table = folder / "list.csv"
    table.write_text("name,path\n0.jpg,b/2.png\n")
    assert list(entries(str(table), "name").entries) == [f"{folder}/0.jpg"]
    with pytest.raises(DataError, match=r"has no column 'where'; it has: name, path\. Name it with --column\."):
        list(entries(str(table), "where").entries)
    table.write_text("who,what\n1,2\n")
    with pytest.raises(DataError, match="has no column path"):
        list(entries(str(table)).entries)


def test_standard_input_is_one_path_a_line() -> None:
    assert list(entries("-", stdin=io.StringIO("a.png\n\nb c.png\r\n")).entries) == ["a.png", "b c.png"]
    with pytest.raises(DataError, match="No path came"):
        list(entries("-", stdin=io.StringIO("\n")).entries)


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no .*nowhere; give a folder, a glob, a CSV, ZIP or TAR file"):
        entries(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz", ".TGZ", ".tar.xz"])
def test_members_of_an_archive_in_its_order(folder: Path, ending: str) -> None:
    archive = folder.parent / f"all{ending}"
    pack(archive, folder, ["b/2.png", "0.jpg", "a/.DS_Store", "__MACOSX/5.png", "a/x/3"])
    found = entries(str(archive))
    names = list(found.entries)
    assert names == [f"{archive}/{name}" for name in ("b/2.png", "0.jpg", "a/x/3")]
    opener = Opener(found.container)
    for name in reversed(names):
        file = opener.open(name)
        assert not isinstance(file, str)
        assert f"{archive}/{file.read().decode()}" == name == file.name
    opener.close()


def pack(archive: Path, folder: Path, names: list[str]) -> None:
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            for name in names:
                file.write(folder / name, name)
        return
    mode = {".tar": "w", ".xz": "w:xz"}.get(archive.suffix, "w:gz")
    with tarfile.open(archive, mode) as tar:  # type: ignore[call-overload]
        for name in names:
            tar.add(folder / name, name)


def test_a_damaged_archive_is_an_error_before_anything_is_scored(tmp_path: Path) -> None:
    for name in ("a.zip", "a.tar.gz"):
        (tmp_path / name).write_bytes(b"PK not really" * 100)
        with pytest.raises(DataError, match="cannot be opened as an archive"):
            list(entries(str(tmp_path / name)).entries)


def test_a_damaged_and_a_swollen_member_are_errors_of_their_own(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as file:
        file.writestr("a.png", b"0123456789" * 10)
        file.writestr("b.png", bytes(300_000_000), zipfile.ZIP_DEFLATED)
    archive.write_bytes(archive.read_bytes().replace(b"01234567890123456789", b"0123456789ABCDEFGHIJ", 1))
    opener = Opener(str(archive))
    with pytest.raises(ImageError, match="damaged in its archive") as damaged:
        opener.open(f"{archive}/a.png")
    with pytest.raises(ImageError, match="300,000,000 bytes and the limit is") as swollen:
        opener.open(f"{archive}/b.png")
    with pytest.raises(ImageError, match="the archive has changed") as gone:
        opener.open(f"{archive}/c.png")
    opener.close()
    assert [error.value.kind for error in (damaged, swollen, gone)] == ["truncated", "too large", "missing"]
