"""A run: every file is a row or an error, in order; a killed one goes on to the same bytes; two never meet."""

import csv
import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import tchexnet
from tchexnet.errors import ConfigError, DataError
from tchexnet.scoring import job as jobs
from tchexnet.scoring.run import run
from tchexnet.scoring.settings import Settings

from .samples import FAULTS, files_below, make_folder

GOOD = 30
FP32 = Settings(precision="fp32", shard=8, batch=3)
CHILD = """
import sys
from pathlib import Path
from tchexnet.scoring.run import run
from tchexnet.scoring.settings import Settings
def tell(done, total, errors):
    if total: print(done, flush=True)
run(sys.argv[1], Path(sys.argv[2]), Settings(precision="fp32", shard=8, batch=3), "--resume" in sys.argv, tell)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_folder(tmp_path_factory.mktemp("source") / "in", GOOD)


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory) -> Path:
    """The CSV file of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "scores.csv"
    summary = run(str(folder), out, FP32)
    assert (summary.rows, summary.errors) == (GOOD, len(FAULTS))
    return out


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_file_is_a_row_or_an_error_in_order(folder: Path, whole: Path) -> None:
    rows, errors = table(whole), table(jobs.errors_path(whole))
    everything = files_below(folder)
    kinds = {row["path"]: row["kind"] for row in errors}
    assert [path for path in everything if path not in kinds] == [row["path"] for row in rows]
    assert [path for path in everything if path in kinds] == [row["path"] for row in errors]
    assert {Path(path).name: kind for path, kind in kinds.items()} == FAULTS
    assert all(row["path"] in row["sentence"] for row in errors)
    assert list(whole.parent.iterdir()) != [] and not jobs.job_folder(whole).exists()


def test_scores_are_those_of_predict(whole: Path) -> None:
    found = pd.read_csv(whole)
    assert list(found) == ["path", *tchexnet.NIH14, "preset", "warnings"]
    assert set(found["preset"]) == {"chexnet"}
    expected = tchexnet.load("chexnet").predict(list(found["path"]))
    np.testing.assert_allclose(found[list(tchexnet.NIH14)], [scores.array for scores in expected], atol=1e-5)
    assert [str(text) if text == text else "" for text in found["warnings"]] == [
        " | ".join(scores.warnings) for scores in expected
    ]


def test_csv_reads_back_as_the_float32_of_parquet_and_features_come_along(folder: Path, tmp_path: Path) -> None:
    settings = FP32._replace(features=True)
    run(str(folder / "a"), tmp_path / "a.csv", settings)
    run(str(folder / "a"), tmp_path / "a.parquet", settings)
    cells, columns = pd.read_csv(tmp_path / "a.csv", keep_default_na=False), pq.read_table(tmp_path / "a.parquet")
    for label in tchexnet.NIH14:
        assert np.array_equal(cells[label].to_numpy(np.float32), columns[label].to_numpy())
    features = np.stack(columns["features"].to_pylist()).astype(np.float32)
    assert features.shape == (len(cells), 1024)
    assert np.array_equal(cells.loc[:, "f0000":"f1023"].to_numpy(np.float32), features)
    assert list(cells["path"]) == columns["path"].to_pylist()
    expected = tchexnet.load("chexnet").features(list(cells["path"]))
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-4)


def test_a_row_does_not_depend_on_its_batch_neighbours_or_on_workers(folder: Path, whole: Path, tmp_path: Path) -> None:
    alone = tmp_path / "one.csv"
    path = table(whole)[11]["path"]
    run(path, alone, FP32._replace(workers=1))
    assert table(alone) == [table(whole)[11]]
    run(str(folder), tmp_path / "many.csv", FP32._replace(workers=7))
    assert (tmp_path / "many.csv").read_bytes() == whole.read_bytes()


@pytest.fixture
def child(folder: Path) -> Iterator[object]:
    """Starts a run of its own process, whose progress comes line by line."""
    started: list[subprocess.Popen[str]] = []

    def start(out: Path, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", CHILD, str(folder), str(out), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_run_killed_again_and_again_ends_in_the_same_bytes(folder: Path, whole: Path, tmp_path: Path, child) -> None:
    out = tmp_path / "scores.csv"
    for done in (10, 20, 36):
        process = child(out, "--resume")
        for line in process.stdout:
            if int(line) >= done:
                break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not out.exists() and not jobs.errors_path(out).exists()
    kept = len(list((jobs.job_folder(out) / "shards").glob("*.parquet")))
    assert kept >= 2, "a killed run may lose the shard that it worked on, and those that wait for it"
    heard: list[int] = []
    run(str(folder), out, FP32, resume=True, tell=lambda done, total, errors: heard.append(done))
    assert heard[0] == 8 * kept or kept == 6
    assert out.read_bytes() == whole.read_bytes()
    assert jobs.errors_path(out).read_bytes() == jobs.errors_path(whole).read_bytes()


def test_two_runs_on_one_output_refuse_each_other(folder: Path, tmp_path: Path, child) -> None:
    out = tmp_path / "scores.csv"
    process = child(out)
    while not (jobs.job_folder(out) / "job.json").exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    with pytest.raises(DataError, match="Another run is working on .*; wait for it, or give another --out"):
        run(str(folder), out, FP32, resume=True)


@pytest.fixture
def begun(folder: Path, tmp_path: Path) -> Path:
    """The output of a run that was interrupted after its first shard."""
    out = tmp_path / "scores.csv"

    def interrupt(done: int, total: int | None, errors: int) -> None:
        if total and done > 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(str(folder), out, FP32, tell=interrupt)
    return out


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        (FP32._replace(preset="tchexnet"), "preset"),
        (FP32._replace(features=True), "features"),
        (FP32._replace(batch=4), "batch"),
        (FP32._replace(shard=9), "shard"),
    ],
)
def test_another_run_does_not_go_on_with_old_rows(folder: Path, begun: Path, settings: Settings, what: str) -> None:
    with pytest.raises(DataError, match=f"was begun with another {what}"):
        run(str(folder), begun, settings, resume=True)


def test_an_unfinished_run_is_neither_overwritten_nor_mixed_with_another_source(folder: Path, begun: Path) -> None:
    with pytest.raises(DataError, match="holds an unfinished run; go on with --resume"):
        run(str(folder), begun, FP32)
    with pytest.raises(DataError, match="was begun with another source"):
        run(str(folder / "a"), begun, FP32, resume=True)


def test_a_run_goes_on_only_from_where_its_relative_paths_are_right(folder: Path, begun: Path, monkeypatch) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(DataError, match="was begun with another folder"):
        run(str(folder), begun, FP32, resume=True)


def test_a_damaged_shard_is_computed_again(folder: Path, begun: Path, whole: Path) -> None:
    (shard, *_) = sorted((jobs.job_folder(begun) / "shards").iterdir())
    shard.write_bytes(shard.read_bytes()[:-40])
    run(str(folder), begun, FP32, resume=True)
    assert begun.read_bytes() == whole.read_bytes()


def test_a_file_that_vanishes_or_comes_after_the_listing(tmp_path: Path) -> None:
    folder, out = make_folder(tmp_path / "in", 12, faults=False), tmp_path / "scores.csv"
    (last := Path(files_below(folder)[-1])).rename(tmp_path / "aside.png")

    def move(done: int, total: int | None, errors: int) -> None:
        if total is None and done == 1:
            (tmp_path / "aside.png").rename(last)
        if done == 0 and total:
            last.unlink()
            (folder / "z.png").write_bytes(b"late")

    summary = run(str(folder), out, FP32._replace(workers=1), tell=move)
    assert (summary.rows, summary.errors) == (11, 1)
    assert [(row["path"], row["kind"]) for row in table(summary.errors_out)] == [(str(last), "missing")]


def test_a_full_disk_is_one_sentence_and_costs_nothing_that_is_done(
    folder: Path, whole: Path, tmp_path: Path, monkeypatch
) -> None:
    out, write = tmp_path / "scores.csv", pq.write_table

    def full(table: object, path: Path) -> None:
        if path.stem == "00000003":
            raise OSError(errno.ENOSPC, "No space left on device")
        write(table, path)

    with monkeypatch.context() as changed:
        changed.setattr(pq, "write_table", full)
        with pytest.raises(DataError, match=r"cannot be written \(No space left on device\): make room"):
            run(str(folder), out, FP32)
    assert len(list((jobs.job_folder(out) / "shards").iterdir())) == 3
    run(str(folder), out, FP32, resume=True)
    assert out.read_bytes() == whole.read_bytes()


def test_an_output_where_nothing_can_be_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be written"):
        run(str(folder), tmp_path / "file" / "scores.csv", FP32)


def test_an_output_that_is_whole_is_left_alone(folder: Path, whole: Path) -> None:
    before = whole.read_bytes()
    with pytest.raises(DataError, match="is there already, and nothing was scored"):
        run(str(folder), whole, FP32)
    summary = run(str(folder), whole, FP32, resume=True)
    assert (summary.rows, summary.errors) == (GOOD, len(FAULTS))
    assert whole.read_bytes() == before


def test_an_output_has_a_known_ending(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ends neither in \.csv nor in \.parquet"):
        run(str(folder), tmp_path / "scores.xlsx", FP32)
    with pytest.raises(ConfigError, match="'fp64' is no precision; use auto, fp32, bf16, int8"):
        run(str(folder), tmp_path / "scores.csv", FP32._replace(precision="fp64"))


def test_a_name_that_is_no_utf8_is_written_readably(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "in", 1, faults=False)
    os.rename(os.fsencode(folder / "a" / "000.jpg"), os.fsencode(folder / "a") + b"/caf\xe9.jpg")  # noqa: PTH104
    summary = run(str(folder), tmp_path / "scores.csv", FP32)
    assert (summary.rows, summary.errors) == (1, 0)
    assert table(summary.out)[0]["path"].endswith("/caf\\udce9.jpg")
