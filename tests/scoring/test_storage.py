"""Sources and outputs on storage: fsspec's own file systems, and S3 as moto serves it on the loopback address."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tchexnet.errors import DataError
from tchexnet.scoring import job as jobs
from tchexnet.scoring import sources, storage, stored_job
from tchexnet.scoring.run import run
from tchexnet.scoring.settings import Settings
from tchexnet.scoring.storage import Url

from .samples import FAULTS, make_folder

fsspec = pytest.importorskip("fsspec", reason="the extra [ray] is not installed")

GOOD = 10
SMALL = Settings(precision="fp32", shard=4, batch=2)
LINKS = ("gone.png", "loop.png")
"""Faults that only a disk can have."""
COMMAND = [sys.executable, "-c", "from tchexnet.cli import main; main()", "score"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = make_folder(tmp_path_factory.mktemp("source") / "in", GOOD)
    for name in LINKS:
        (folder / "a" / name).unlink()
    return folder


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "scores.csv"
    run(str(folder), out, SMALL)
    return out


@pytest.fixture(scope="module")
def s3(folder: Path) -> Iterator[str]:
    """A bucket that holds the folder as `in/`."""
    pytest.importorskip("moto", reason="the extra [ray-test] is not installed")
    pytest.importorskip("s3fs", reason="the extra [s3] is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    before = dict(os.environ)
    os.environ |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    os.environ |= {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    try:
        _wait(port, server)
        system = fsspec.filesystem("s3", skip_instance_cache=True)
        system.mkdir("bucket")
        for path in filter(Path.is_file, folder.rglob("*")):
            system.pipe_file(f"bucket/in/{path.relative_to(folder).as_posix()}", path.read_bytes())
        yield "s3://bucket"
    finally:
        server.kill()
        server.wait()
        os.environ.clear()
        os.environ |= before


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    while True:
        assert server.poll() is None, "moto's server did not start"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


@pytest.fixture
def memory() -> Iterator[str]:
    yield "memory://bucket"
    fsspec.filesystem("memory").store.clear()


def text(url: str) -> str:
    return storage.get(Url(url)).decode()


def assert_the_same(out: str, place: str, whole: Path, folder: Path) -> None:
    """The table and the errors are those of the local path, but for where the files are."""
    for found, expected in ((out, whole), (jobs.errors_path(Url(out)), jobs.errors_path(whole))):
        lines = [line.replace(place, str(folder)) for line in text(found).splitlines()]
        assert sorted(lines) == sorted(expected.read_text().splitlines())


def begin(source: str, out: Url) -> None:
    """A run that is interrupted after two shards."""

    def interrupt(done: int, total: int | None, errors: int) -> None:
        if total and done > 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(source, out, SMALL, tell=interrupt)


def test_files_of_this_machine_by_url(folder: Path, whole: Path, tmp_path: Path) -> None:
    out = Url(f"file://{tmp_path}/new/scores.csv")
    summary = run(f"file://{folder}", out, SMALL)
    assert summary[2:] == (GOOD, len(FAULTS) - len(LINKS))
    assert_the_same(out, "file://" + str(folder), whole, folder)
    paths = list(pd.read_csv(whole)["path"])
    assert list(pd.read_csv(str(out))["path"]) == [f"file://{path}" for path in paths], "in the order of the local path"
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["scores.csv", "scores.errors.csv"]


def test_an_output_in_memory_goes_on_after_an_interruption(folder: Path, whole: Path, memory: str) -> None:
    out = Url(f"{memory}/scores.csv")
    begin(str(folder), out)
    with pytest.raises(DataError, match="holds an unfinished run; go on with --resume"):
        run(str(folder), out, SMALL)
    with pytest.raises(DataError, match="was begun with another features"):
        run(str(folder), out, SMALL._replace(features=True), resume=True)
    heard: list[int] = []
    run(str(folder), out, SMALL, resume=True, tell=lambda done, total, errors: heard.append(done))
    assert heard[0] >= 4, "what was done is not done again"
    assert storage.get(out) == whole.read_bytes()
    assert storage.get(jobs.errors_path(out)) == jobs.errors_path(whole).read_bytes()
    assert not jobs.job_folder(out).exists()
    before = storage.get(out)
    assert run(str(folder), out, SMALL, resume=True)[2:] == (GOOD, len(FAULTS) - len(LINKS))
    with pytest.raises(DataError, match="is there already, and nothing was scored"):
        run(str(folder), out, SMALL)
    assert storage.get(out) == before


def test_whoever_begins_first_decides_what_the_run_is(folder: Path, tmp_path: Path, memory: str) -> None:
    out = Url(f"{memory}/s.csv")
    with stored_job.working_on(out) as one, stored_job.working_on(out) as two:
        for job in (one, two):
            job.manifest.write_text("path\na.png\n")
        one.begin({"source": "a", "manifest_sha256": "0" * 64})
        two.begin({"source": "a", "manifest_sha256": "0" * 64})
        with pytest.raises(DataError, match="was begun with another source"):
            two.begin({"source": "b", "manifest_sha256": "1" * 64})
        assert two.identity == one.identity


def test_a_parquet_file_and_features_on_storage(folder: Path, memory: str, tmp_path: Path) -> None:
    settings = SMALL._replace(features=True)
    run(str(folder / "b"), Url(f"{memory}/s.parquet"), settings)
    run(str(folder / "b"), tmp_path / "s.parquet", settings)
    assert storage.get(Url(f"{memory}/s.parquet")) == (tmp_path / "s.parquet").read_bytes()
    assert run(str(folder / "b"), Url(f"{memory}/s.parquet"), settings, resume=True).rows == 6


def test_a_folder_on_s3(folder: Path, whole: Path, s3: str) -> None:
    out = Url(f"{s3}/out/scores.csv")
    summary = run(f"{s3}/in", out, SMALL)
    assert summary[2:] == (GOOD, len(FAULTS) - len(LINKS))
    assert_the_same(out, f"{s3}/in", whole, folder)
    assert not jobs.job_folder(out).exists()


def test_s3_is_listed_page_by_page(s3: str, folder: Path, monkeypatch) -> None:
    kind, asked = type(storage.located(s3)[0]), []
    call = kind.call_s3

    def by_threes(self: object, *words: str, **options: object) -> object:
        asked.append(options)
        return call(self, *words, **options | {"MaxKeys": 3})

    monkeypatch.setattr(kind, "call_s3", by_threes)
    found = list(sources.entries(f"{s3}/in").entries)
    assert found == sorted(found) and len(found) == GOOD + len(FAULTS) - len(LINKS)
    assert len(asked) == -(-(len(found) + 1) // 3), "one more is hidden"


def test_a_table_on_s3_a_glob_and_an_archive(s3: str, folder: Path, tmp_path: Path) -> None:
    storage.put(Url(f"{s3}/list.csv"), f"Image Index\nin/b/001.png\n{s3}/in/b/002.jpg\n{s3}/gone.png\n".encode())
    summary = run(f"{s3}/list.csv", tmp_path / "list.csv", SMALL)
    assert summary[2:] == (2, 1)
    assert f"{s3}/gone.png,missing,There is no file at" in jobs.errors_path(tmp_path / "list.csv").read_text()
    assert run(f"{s3}/in/b/*.png", tmp_path / "glob.csv", SMALL).rows == 3
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", folder / "b")
    storage.upload(Path(archive), Url(f"{s3}/all.zip"))
    assert run(f"{s3}/all.zip", tmp_path / "zip.csv", SMALL).rows == 6


def test_what_is_not_there_or_cannot_be_opened_says_so(s3: str, memory: str) -> None:
    with pytest.raises(DataError, match="There is no memory://bucket/nothing; give a folder, a glob"):
        sources.entries(f"{memory}/nothing")
    with pytest.raises(DataError, match="No file matches s3://bucket/in/\\*.tif"):
        list(sources.entries(f"{s3}/in/*.tif").entries)
    with pytest.raises(DataError, match="nonsense://a cannot be opened .*pip install"):
        sources.entries("nonsense://a")


@pytest.mark.slow
def test_the_command_on_ray_from_s3_to_s3(s3: str, folder: Path, whole: Path) -> None:
    pytest.importorskip("ray", reason="the extra [ray] is not installed")
    out = f"{s3}/ray/scores.csv"
    ask = [*COMMAND, f"{s3}/in", "--out", out, "--precision", "fp32", "--batch", "2", "--ray"]
    ran = subprocess.run(ask, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, f"{out}\n"), ran.stderr
    assert_the_same(out, f"{s3}/in", whole, folder)
