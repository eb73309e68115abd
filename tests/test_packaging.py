"""Shipped weights are found from a checkout, from an editable install, and from a wheel in an empty folder."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

CARRIED = (
    "pyproject.toml setup.py MANIFEST.in requirements.txt README.md LICENSE tchexnet weights hello_world_images".split()
)
FIND = "from tchexnet.presets import store; print(store.find('chexnet'))"


def head(source: str, target: str) -> None:
    """Copy the first 8 kB of a file."""
    with Path(source).open("rb") as file:
        Path(target).write_bytes(file.read(8192))


COPY = {"weights": head}


@pytest.fixture(scope="module")
def checkout(repo, tmp_path_factory) -> Path:
    """A copy of what packaging reads, so that no build leaves traces in the real checkout.

    Of each file in `weights/` only the first kilobytes are copied: packing all of them is slow and proves no more.
    """
    copy = tmp_path_factory.mktemp("checkout")
    for name in CARRIED:
        if (repo / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "_weights")
            shutil.copytree(repo / name, copy / name, ignore=ignored, copy_function=COPY.get(name, shutil.copy2))
        else:
            shutil.copy2(repo / name, copy / name)
    return copy


@pytest.fixture
def empty(tmp_path) -> Path:
    """An empty folder to work in."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def run(arguments: list[str], cwd: Path, **environment: str) -> str:
    """Run this Python in `cwd`, with no preset of the user's own in reach; return what it printed."""
    ran = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "TCHEXNET_HOME": str(cwd / "home"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout.strip()


def pip(*arguments: str, cwd: Path) -> None:
    """Run pip without a network: no index, no dependencies, no isolated build."""
    run(["-m", "pip", *arguments, "-q", "--no-index", "--no-deps", "--no-build-isolation"], cwd)


def test_found_from_a_checkout(repo, empty):
    assert Path(run(["-c", FIND], empty, PYTHONPATH=str(repo))) == repo / "weights" / "chexnet"


def test_found_from_an_editable_install(checkout, empty, tmp_path):
    # --ignore-installed: else pip first removes the tchexnet of the environment that runs the tests.
    pip("install", "--ignore-installed", "--prefix", str(tmp_path / "prefix"), "-e", str(checkout), cwd=empty)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(tmp_path / "prefix")}))
    # -S: the .pth files of this environment would put another tchexnet first.
    start = f"import site; [site.addsitedir(folder) for folder in {[str(site), sysconfig.get_path('purelib')]}]; "
    found = run(["-S", "-c", start + FIND], empty, PYTHONPATH="")
    assert Path(found) == checkout / "weights" / "chexnet"


def test_found_from_a_wheel_in_an_empty_folder(checkout, empty, tmp_path):
    """The wheel is built from the source distribution, so that one chain proves that both carry the weights."""
    build = f"from setuptools import build_meta; print(build_meta.build_sdist({str(tmp_path)!r}))"
    sdist = run(["-c", build], checkout)
    pip("wheel", "--wheel-dir", str(tmp_path), str(tmp_path / sdist.splitlines()[-1]), cwd=empty)
    (wheel,) = tmp_path.glob("*.whl")
    pip("install", "--target", str(tmp_path / "site"), str(wheel), cwd=empty)
    found = Path(run(["-c", FIND], empty, PYTHONPATH=str(tmp_path / "site")))
    assert found == tmp_path / "site" / "tchexnet" / "_weights" / "chexnet"
    assert files_of(found) == files_of(checkout / "weights" / "chexnet")
    page = files_of(tmp_path / "site" / "tchexnet" / "web" / "static")
    sample = files_of(checkout / "hello_world_images") & page
    assert page - sample == files_of(checkout / "tchexnet" / "web" / "static")
    assert [name for name, _ in sample] == ["mean_chest.dcm"]


def files_of(folder: Path) -> set[tuple[str, int]]:
    """Name and size of every file."""
    return {(path.relative_to(folder).as_posix(), path.stat().st_size) for path in folder.rglob("*") if path.is_file()}


def test_the_gpu_extra_asks_for_the_same_tensorflow(repo):
    extras = tomllib.loads((repo / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    (plain,) = re.findall(r"^tensorflow(.*)$", (repo / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert extras["gpu"] == [f"tensorflow[and-cuda]{plain}"]
