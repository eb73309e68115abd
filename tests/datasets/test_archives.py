"""NIH's archives: what belongs in them is unpacked, nothing else is, and an interrupted call goes on."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from tchexnet.datasets import archives
from tchexnet.errors import DataError

CONTENT = np.random.default_rng(0).bytes(50_000)


def archive(path: Path, *members: tuple[str, bytes] | tarfile.TarInfo) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            info = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member[0])
            content = b"" if isinstance(member, tarfile.TarInfo) else member[1]
            info.size = len(content) if not isinstance(member, tarfile.TarInfo) else info.size
            tar.addfile(info, io.BytesIO(content))
    return path


def folder(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    return info


@pytest.fixture
def box(tmp_path: Path) -> Path:
    one = [(f"images/0000000{i}_000.png", CONTENT) for i in range(3)]
    archive(tmp_path / "box/images_001.tar.gz", folder("images"), *one)
    archive(tmp_path / "box/images_02.tar.gz", ("./images/00000009_001.png", b"x"))
    (tmp_path / "box/README.txt").touch()
    return tmp_path / "box"


def test_all_archives_are_unpacked_once(box: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    root = tmp_path / "nih"
    assert archives.unpack(box, root, lambda *step: seen.append(step)) == 4
    assert sorted(path.name for path in (root / "images").iterdir()) == [
        "00000000_000.png",
        "00000001_000.png",
        "00000002_000.png",
        "00000009_001.png",
    ]
    assert (root / "images/00000001_000.png").read_bytes() == CONTENT
    assert seen[-1][0] == "images_02.tar.gz" and seen[-1][1] == seen[-1][2]
    assert archives.unpack(box, root) == 0
    assert not (root / ".unpacking").exists()


def test_an_interrupted_call_goes_on(box: Path, tmp_path: Path) -> None:
    root = tmp_path / "nih"

    def stop(name: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        archives.unpack(box, root, stop)
    assert len(list((root / "images").iterdir())) == 1
    (root / "images/00000001_000.png").write_bytes(b"half an image")
    assert archives.unpack(box, root) == 3
    assert (root / "images/00000001_000.png").read_bytes() == CONTENT


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.999])
def test_an_archive_that_is_cut_short(box: Path, tmp_path: Path, kept: float) -> None:
    whole = (box / "images_001.tar.gz").read_bytes()
    (box / "images_001.tar.gz").write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(DataError, match=r"images_001.tar.gz is cut short or damaged .* download it again"):
        archives.unpack(box, tmp_path / "nih")
    (box / "images_001.tar.gz").write_bytes(whole)
    archives.unpack(box, tmp_path / "nih")
    assert (tmp_path / "nih/images/00000002_000.png").read_bytes() == CONTENT


def test_a_damaged_byte_is_noticed_and_mended_by_a_good_archive(box: Path, tmp_path: Path) -> None:
    path = box / "images_001.tar.gz"
    whole = path.read_bytes()
    after_the_name = 64
    for place in range(after_the_name, len(whole), len(whole) // 20):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with pytest.raises(DataError):
            archives.unpack(box, tmp_path / "nih")
    path.write_bytes(whole)
    archives.unpack(box, tmp_path / "nih")
    assert all((tmp_path / f"nih/images/0000000{i}_000.png").read_bytes() == CONTENT for i in range(3))


def link(name: str, kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, "/etc/passwd"
    return info


@pytest.mark.parametrize(
    "member",
    [
        ("../00000001_000.png", b"x"),
        ("/tmp/00000001_000.png", b"x"),
        ("images/../../00000001_000.png", b"x"),
        ("images/run.sh", b"x"),
        ("images/00000001_000.png/00000001_000.png", b"x"),
        link("images/00000001_000.png", tarfile.SYMTYPE),
        link("images/00000001_000.png", tarfile.LNKTYPE),
        link("images/00000001_000.png", tarfile.FIFOTYPE),
        folder("images/more"),
    ],
    ids=["up", "absolute", "through", "script", "deep", "symlink", "hardlink", "fifo", "folder"],
)
def test_what_does_not_belong_is_refused(tmp_path: Path, member: tuple[str, bytes] | tarfile.TarInfo) -> None:
    archive(tmp_path / "box/images_001.tar.gz", ("images/00000000_000.png", b"x"), member)
    with pytest.raises(DataError, match=r"which is no image of NIH's"):
        archives.unpack(tmp_path / "box", tmp_path / "nih")
    assert [path.name for path in (tmp_path / "nih/images").iterdir()] == ["00000000_000.png"]


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST", 10)
    archive(tmp_path / "box/images_001.tar.gz", ("images/00000000_000.png", b"x" * 11))
    with pytest.raises(DataError, match="no image of NIH's"):
        archives.unpack(tmp_path / "box", tmp_path / "nih")


def test_no_archives_no_folder_no_place(tmp_path: Path, box: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no images_001.tar.gz"):
        archives.unpack(tmp_path / "empty", tmp_path / "nih")
    with pytest.raises(DataError, match="cannot be read"):
        archives.unpack(tmp_path / "none", tmp_path / "nih")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be unpacked into"):
        archives.unpack(box, tmp_path / "file")
