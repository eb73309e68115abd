"""`tchexnet score` as a process: what is printed where, with which exit code, and what an interruption leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.scoring.samples import FAULTS, make_folder

TOOL = [sys.executable, "-c", "from tchexnet.cli import main; main()", "score"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_folder(tmp_path_factory.mktemp("source") / "in", 10)


def score(*arguments: object, code: int = 0, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [*TOOL, *map(str, arguments)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, input=stdin)
    assert ran.returncode == code, ran.stdout + ran.stderr
    return ran


def test_a_folder_with_faults_is_exit_1_and_everything_is_written(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "scores.csv"
    ran = score(folder, "--out", out, code=1)
    assert ran.stdout == f"{out}\n"
    assert f"10 scored, {len(FAULTS)} could not be read, see {tmp_path}/new/scores.errors.csv" in ran.stderr
    assert len(out.read_text().splitlines()) == 11
    assert sorted(path.name for path in out.parent.iterdir()) == ["scores.csv", "scores.errors.csv"]


def test_paths_on_standard_input(folder: Path, tmp_path: Path) -> None:
    ran = score("-", "--out", tmp_path / "s.parquet", "--features", stdin=f"{folder}/b/001.png\n{folder}/b/002.jpg\n")
    assert "2 scored, no errors" in ran.stderr
    assert score("-", "--out", tmp_path / "s.parquet", "--resume").stdout == ran.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nowhere", "--out", "s.csv"], 1, "error: There is no nowhere; give a folder"),
        (["nowhere", "--out", "s.txt"], 1, "error: s.txt ends neither in .csv nor in .parquet"),
        (["nowhere", "--out", "s.csv", "--precision", "fp8"], 1, "error: 'fp8' is no precision"),
        (["nowhere", "--out", "s.csv", "--precision", "int8"], 1, "presets quantise chexnet"),
        (["nowhere"], 2, "--out"),
        (["nowhere", "--out", "s.csv", "--workers", "0"], 2, "--workers"),
    ],
)
def test_what_cannot_begin_says_so(arguments: list[str], code: int, sentence: str, tmp_path: Path) -> None:
    command = [*TOOL, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "120"}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert (ran.returncode, ran.stdout) == (code, "")
    assert sentence in ran.stderr
    assert not (tmp_path / "s.csv").exists()


def test_an_interruption_is_exit_130_and_the_run_goes_on(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    paths = tmp_path / "list.csv"
    paths.write_text("path\n" + f"{folder}/b/001.png\n" * 1100)
    command = [*TOOL, str(paths), "--out", str(out)]
    heard = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}  # a background job would ignore it
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **heard)
    shards = tmp_path / "scores.csv.tchexnet-job" / "shards"
    while not list(shards.glob("*.parquet")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (130, "")
    assert "the same command with --resume goes on" in stderr
    assert "1,100 scored" in score(paths, "--out", out, "--resume").stderr
