"""Score a whole source into one table. A run that dies loses at most one shard, and goes on with `resume`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from tchexnet.classifier import Classifier
from tchexnet.errors import ConfigError, DataError
from tchexnet.scoring import job as jobs
from tchexnet.scoring import manifest, pipeline, sources, stored_job, tables
from tchexnet.scoring.batch import Failure, Result
from tchexnet.scoring.job import Job
from tchexnet.scoring.opening import Opener
from tchexnet.scoring.settings import Settings
from tchexnet.scoring.storage import Place, Url
from tchexnet.scoring.stored_job import StoredJob

AnyJob = Job | StoredJob


class Summary(NamedTuple):
    """What became of a run: the finished table, the table of errors, and how many rows each has."""

    out: Place
    errors_out: Place
    rows: int
    errors: int


class Tell(Protocol):
    """Hears how far a run is: entries done, of all (None while they are listed), and errors among them."""

    def __call__(self, done: int, total: int | None, errors: int) -> None: ...


class Scorer(Protocol):
    """Computes and commits every shard of a job that is not there yet; `cluster.Cluster` does it on many machines."""

    def score(
        self, job: AnyJob, begun: dict[str, Any], settings: Settings, classifier: Classifier, tell: Tell
    ) -> None: ...


def run(
    source: str,
    out: Place,
    settings: Settings,
    resume: bool = False,
    tell: Tell = lambda done, total, errors: None,
    scorer: Scorer | None = None,
) -> Summary:
    """Score `source` into `out`, a `.csv` or `.parquet` file, and what could not be read into its `.errors.csv`.

    Args:
        resume: go on with a run on `out` that was interrupted; where there is none, begin one.
        scorer: where the work is done; None: in this process.

    Raises:
        DataError: the source or the output cannot be used, another run works on it, or it was begun as another run.
        PresetError, EngineError, ConfigError: the preset or the precision cannot be used here.
    """
    if out.suffix not in tables.FORMATS:
        raise ConfigError(f"{out} ends neither in .csv nor in .parquet; name the output so.")
    if out.exists() and not resume:
        raise DataError(f"{out} is there already, and nothing was scored; give another --out, or delete it.")
    if out.exists() and not jobs.job_folder(out).exists():
        errors = jobs.errors_path(out)
        return Summary(out, errors, tables.count(out), tables.count(errors) if errors.exists() else 0)
    with _working_on(out) as job:
        if job.identity is not None and not resume:
            raise DataError(f"{job.folder} holds an unfinished run; go on with --resume, or delete it to begin anew.")
        classifier = settings.classifier()
        begun = _begun(job, source, settings, classifier, tell)
        (scorer or Here()).score(job, begun, settings, classifier, tell)
        rows, errors_count = job.finish(list(classifier.labels), settings.features, classifier.calibrated)
    return Summary(out, jobs.errors_path(out), rows, errors_count)


def _working_on(out: Place) -> AbstractContextManager[AnyJob]:
    return stored_job.working_on(out) if isinstance(out, Url) else jobs.working_on(out)


def _begun(job: AnyJob, source: str, settings: Settings, classifier: Classifier, tell: Tell) -> dict[str, Any]:
    """The identity of the run: its own, held against what is asked now; or a new one, with a new manifest."""
    identity, begun = settings.identity(source, classifier, job.out), job.identity
    if begun is not None:
        job.check(identity)
        return begun
    found = sources.entries(source, settings.column)
    listed = manifest.write(job.manifest, found.entries, lambda count: tell(count, None, 0))
    identity |= {"container": found.container, "count": listed.count, "manifest_sha256": listed.sha256}
    job.begin(identity)
    return identity


class Here:
    """Scores in this process, on all its cores."""

    def score(self, job: AnyJob, begun: dict[str, Any], settings: Settings, classifier: Classifier, tell: Tell) -> None:
        """See `Scorer`."""
        count, size = begun["count"], begun["shard"]
        done = job.done(count, size)
        progress = Progress(tell, count)
        progress.add(sum(min(size, count - number * size) for number in done), sum(done.values()))
        batches = pipeline.Plan(begun["batch"], settings.threads(), Opener(begun["container"]))
        todo = manifest.shards(job.manifest, size, done)
        for number, result in pipeline.score_shards(classifier, todo, batches, progress.hear):
            job.commit(number, tables.shard_table(result, begun["labels"], begun["preset"], begun["features"]))


class Progress:
    """Counts what is done for whoever wants to hear it."""

    def __init__(self, tell: Tell, total: int) -> None:
        self._tell, self._total, self._done, self._errors = tell, total, 0, 0

    def add(self, done: int, errors: int) -> None:
        """So many entries more are done, and so many of them are errors."""
        self._done, self._errors = self._done + done, self._errors + errors
        self._tell(self._done, self._total, self._errors)

    def hear(self, result: Result) -> None:
        """A batch more is done."""
        self.add(len(result), sum(isinstance(one, Failure) for one in result))
