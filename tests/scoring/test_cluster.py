"""Scoring on Ray: the rows and errors of the local path, whatever dies on the way."""

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tchexnet.errors import ConfigError, EngineError
from tchexnet.labels import NIH14
from tchexnet.scoring import job as jobs
from tchexnet.scoring import manifest
from tchexnet.scoring.actor import Outcome, ShardScorer, Work
from tchexnet.scoring.cluster import PASSES, Cluster
from tchexnet.scoring.manifest import Span
from tchexnet.scoring.ray_session import Node
from tchexnet.scoring.run import Progress, run
from tchexnet.scoring.settings import Settings

from .samples import FAULTS, make_folder

GOOD = 44
SMALL = Settings(precision="fp32", shard=4, batch=2)
COMMAND = """
import sys
from tchexnet.cli import main, score
score.Settings.__new__.__defaults__ = (*score.Settings.__new__.__defaults__[:-2], 4, "openvino")
main()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_folder(tmp_path_factory.mktemp("source") / "in", GOOD)


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory) -> Path:
    """The CSV file of the local path."""
    out = tmp_path_factory.mktemp("whole") / "scores.csv"
    run(str(folder), out, SMALL)
    return out


@pytest.fixture
def ray() -> None:
    pytest.importorskip("ray", reason="the extra [ray] is not installed")


@contextmanager
def process(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A driver, whose Ray processes end with it."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    started = subprocess.Popen([sys.executable, *command], start_new_session=True, **pipes)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


def assert_the_same(out: Path, whole: Path) -> None:
    """The rows equal within 1e-6, nothing lost, nothing twice, in order; the errors to the byte."""
    found, expected = pd.read_csv(out), pd.read_csv(whole)
    assert list(found["path"]) == list(expected["path"])
    np.testing.assert_allclose(found[list(NIH14)], expected[list(NIH14)], rtol=0, atol=1e-6)
    assert found[["preset", "warnings"]].equals(expected[["preset", "warnings"]])
    assert jobs.errors_path(out).read_bytes() == jobs.errors_path(whole).read_bytes()
    assert not jobs.job_folder(out).exists()


@pytest.mark.slow
def test_two_nodes_one_worker_killed_one_node_lost(ray, folder: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    script = str(Path(__file__).with_name("two_nodes.py"))
    with process(script, str(folder), str(out), "kill_worker", "8", "remove_node", "24") as driver:
        stdout, stderr = driver.communicate(timeout=500)
    assert driver.returncode == 0, stderr
    assert "killed 1 of 2 actors" in stdout and "removed a node" in stdout
    assert stdout.splitlines()[-1] == f"({GOOD}, {len(FAULTS)})"
    assert_the_same(out, whole)


@pytest.mark.slow
def test_the_command_killed_and_resumed(ray, folder: Path, whole: Path, tmp_path: Path) -> None:
    """On a cluster that ends with the driver; the options, the exit code and the report of the local path."""
    out = tmp_path / "scores.csv"
    ask = ["-c", COMMAND, "score", str(folder), "--out", str(out), "--precision", "fp32", "--batch", "2", "--ray"]
    shards = jobs.job_folder(out) / "shards"
    with process(*ask) as driver:
        while len(list(shards.glob("*.parquet"))) < 3:
            assert driver.poll() is None, driver.stderr.read()
        os.kill(driver.pid, signal.SIGKILL)
    assert not out.exists()
    assert len(list(shards.glob("*.parquet"))) < 14
    with process(*ask, "--resume") as driver:
        stdout, stderr = driver.communicate(timeout=500)
    assert (driver.returncode, stdout) == (1, f"{out}\n"), stderr
    assert f"{GOOD} scored, {len(FAULTS)} could not be read, see {jobs.errors_path(out)}" in stderr
    assert_the_same(out, whole)


def test_without_ray_the_command_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "ray.py").write_text("raise ImportError")
    make_folder(tmp_path / "in", 1, faults=False)
    ask = ["score", str(tmp_path / "in"), "--out", str(tmp_path / "s.csv"), "--ray"]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    command = [sys.executable, "-c", "from tchexnet.cli import main; main()", *ask]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "--ray needs Ray, which is not installed: pip install 'tchexnet[ray]'" in ran.stderr


# The parts below need no Ray: a worker is an object, and a pass an iterator.


def begun(folder: Path, out: Path) -> Work:
    """The work of a job that was interrupted after its first shard."""

    def interrupt(done: int, total: int | None, errors: int) -> None:
        if total and done > 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(str(folder), out, SMALL, tell=interrupt)
    with jobs.working_on(out) as job:
        return Work(job.identity, SMALL, job.manifest, job.kept, 1)


def call(scorer: ShardScorer, span: Span) -> Outcome:
    answer = scorer({name: np.array([value]) for name, value in span._asdict().items()})
    return Outcome(**{name: values[0] for name, values in answer.items()})


def test_a_worker_goes_on_with_a_local_run(folder: Path, whole: Path, tmp_path: Path) -> None:
    out = tmp_path / "scores.csv"
    work = begun(folder, out)
    kept = {path: path.stat().st_mtime_ns for path in work.kept.folder.iterdir()}
    assert kept
    scorer = ShardScorer(work)
    spans = list(manifest.spans(Path(work.manifest), 4, 3))
    found = [call(scorer, span) for span in reversed(spans)]
    assert sum(one.size for one in found) == GOOD + len(FAULTS)
    assert sum(one.errors for one in found) == len(FAULTS)
    assert not any(one.trouble for one in found)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "what is there is left alone"
    run(str(folder), out, SMALL, resume=True)
    assert_the_same(out, whole)


def test_a_worker_that_sees_nothing_or_another_network_refuses_for_good(folder: Path, tmp_path: Path) -> None:
    work = begun(folder, tmp_path / "scores.csv")
    span = next(manifest.spans(Path(work.manifest), 4, 1))
    (other := dict(work.begun))["files"] = {}
    for wrong, sentence in [
        (work._replace(begun=work.begun | {"source": "/nowhere"}), "does not see /nowhere"),
        (work._replace(begun=work.begun | {"folder": "/nowhere"}), "in /nowhere: put the source and --out on storage"),
        (work._replace(begun=other), "The preset chexnet or the tchexnet of .* is another one"),
    ]:
        outcome = call(ShardScorer(wrong), span)
        assert outcome.final
        with pytest.raises(EngineError, match=sentence):
            raise EngineError(outcome.trouble)
    work.manifest.unlink()
    outcome = call(ShardScorer(work), span)
    assert not outcome.final and outcome.trouble.startswith("FileNotFoundError")


class Scripted(Cluster):
    """A cluster whose passes are written down beforehand."""

    def script(self, *passes: list[Outcome]) -> list[int]:
        asked: list[int] = []
        answers = iter(passes)

        def one(spans: list[Span], work: object) -> Iterator[Outcome]:
            asked.append(len(spans))
            return iter(next(answers, []))

        object.__setattr__(self, "_pass", one)
        heard: list[int] = []
        spans = [Span(i, 4, 0, 0) for i in range(3)]
        self._all(spans, None, Progress(lambda done, total, errors: heard.append(done), 12))
        assert heard[-1] == 12
        return asked


def test_passes_go_on_over_what_is_not_done() -> None:
    good = [Outcome(i, 4, 0) for i in range(3)]
    assert Scripted().script(good) == [3]
    assert Scripted().script([good[1]], [], [], [good[1], good[0]], [good[2]]) == [3, 2, 2, 2, 1]


def test_what_does_not_get_done_ends_the_run() -> None:
    full = Outcome(0, 4, 0, "OSError: the disk is full")
    with pytest.raises(EngineError, match="3 tries at shard 0 and 2 others .*the disk is full.*--resume"):
        Scripted().script(*[[full]] * PASSES)
    with pytest.raises(EngineError, match="another one"):
        Scripted().script([full._replace(trouble="another one", final=True)])


@pytest.mark.parametrize(
    ("cluster", "cores", "room"),
    [
        (Cluster(), 4, 2 + 1 + 2),
        (Cluster(), 5, 1 + 1 + 1),
        (Cluster(gpus=1), 4, 2),
        (Cluster(gpus=0.5), 2, 4),
        (Cluster(actors=7), 99, 7),
    ],
)
def test_room_for_actors(cluster: Cluster, cores: int, room: int) -> None:
    assert cluster._room([Node(8, 0), Node(7, 0), Node(0, 0), Node(9, 2)], cores) == room


def test_no_room_for_an_actor() -> None:
    with pytest.raises(ConfigError, match="No machine of the cluster has 9 cores and 0 GPUs .*the largest has 8"):
        Cluster()._room([Node(8, 0)], 9)


def test_a_manifest_is_cut_where_its_entries_end(tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    entries = ["a.png", 'b "x".png', "c\nd.png", "", "e,f.png", "g\udcff.png", "h.png"]
    assert manifest.write(path, entries).count == 7
    for shards in (1, 2, 9):
        spans = list(manifest.spans(path, 2, shards))
        parts = [manifest.parse(path.read_bytes()[span.start : span.stop]) for span in spans]
        assert [one for part in parts for one in part] == entries == list(manifest.read(path))
        assert [len(part) for part in parts] == [span.size for span in spans]
        assert [span.first for span in spans] == list(range(0, 4, shards))
    with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
        assert len(list(csv.reader(file))) == 8
