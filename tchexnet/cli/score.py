"""`tchexnet score`: a whole folder, table or archive to one table of scores."""

from __future__ import annotations

import re
import time
from typing import Annotated, Any

import typer
from rich.progress import Progress
from typer.core import TyperCommand

from tchexnet.cli import talk
from tchexnet.scoring.cluster import Cluster
from tchexnet.scoring.run import Summary, run
from tchexnet.scoring.settings import Settings
from tchexnet.scoring.storage import place

_HELP = """Score every radiograph of a source into one CSV or Parquet file; go on after a crash with --resume.

What cannot be read becomes a row of FILE.errors.csv, and the exit code is 1.

Example: tchexnet score ./pngs --out scores.csv --resume

On a Ray cluster: tchexnet score s3://bucket/cxr --out s3://bucket/scores.parquet --ray head:6379
"""
_ON_RAY = "With --ray"


def command(
    source: Annotated[
        str,
        typer.Argument(help="A folder, glob, CSV, ZIP or TAR file, or URL; - for paths on stdin.", show_default=False),
    ],
    out: Annotated[str, typer.Option(help="FILE.csv or FILE.parquet, or its URL.", show_default=False)],
    preset: Annotated[str, typer.Option(help="A preset's name, or its folder.")] = "chexnet",
    features: Annotated[bool, typer.Option("--features", help="The 1024 features beside the scores.")] = False,
    precision: Annotated[
        str, typer.Option(help="fp32, bf16, int8 (a quantised preset), or auto: bf16 where the processor has it.")
    ] = "auto",
    batch: Annotated[int | None, typer.Option(min=1, help="Radiographs a batch; 8 by default.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Batches at once; by default one a core, and one more.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with an interrupted run on FILE.")] = False,
    column: Annotated[str | None, typer.Option(help="A CSV's column of paths.")] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="[ADDRESS]",
            help="Score on a Ray cluster: HOST:PORT, auto (the one of this machine) or local (a new one, here). "
            "Without ADDRESS: RAY_ADDRESS, or else local.",
        ),
    ] = None,
    actors: Annotated[
        int | None,
        typer.Option(min=1, rich_help_panel=_ON_RAY, help="Workers; by default as many as there is room for."),
    ] = None,
    cpus_per_actor: Annotated[
        int | None, typer.Option(min=1, rich_help_panel=_ON_RAY, help="Cores of a worker; at most 4 by default.")
    ] = None,
    gpus_per_actor: Annotated[
        float | None, typer.Option(min=0.0, rich_help_panel=_ON_RAY, help="GPUs of a worker; they compute in fp32.")
    ] = None,
) -> None:
    settings = Settings(preset, features, precision, batch, workers, column)
    cluster = _cluster(ray, actors, cpus_per_actor, gpus_per_actor)
    if gpus_per_actor:
        settings = settings._replace(engine="keras", precision="fp32" if precision == "auto" else precision)
    began = time.monotonic()
    with talk.bar() as bar:
        progress = _Bar(bar)
        try:
            summary = run(source, place(out), settings, resume, progress, cluster)
        except KeyboardInterrupt:
            talk.say(f"interrupted; the same command with --resume goes on with {out}")
            raise
    _report(summary, progress.pace, time.monotonic() - began)
    if summary.errors:
        raise typer.Exit(1)


command.__doc__ = _HELP


def _cluster(ray: str | None, actors: int | None, cpus: int | None, gpus: float | None) -> Cluster | None:
    if ray is not None:
        return Cluster(ray or None, actors, cpus, gpus or 0.0)
    if actors or cpus or gpus:
        raise typer.BadParameter("--actors, --cpus-per-actor and --gpus-per-actor go with --ray.")
    return None


class OptionalAddress(TyperCommand):
    """A command whose `--ray` may stand alone: it takes the next word only where that looks like an address."""

    _ADDRESS = re.compile(r"auto|local|[^/\s-][^/\s]*:\d+")

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give a `--ray` that stands alone the empty address."""
        end = args.index("--") if "--" in args else len(args)
        for i in range(end):
            if args[i] == "--ray" and not (i + 1 < end and self._ADDRESS.fullmatch(args[i + 1])):
                args = [*args[:i], "--ray=", *args[i + 1 :]]
        return super().parse_args(ctx, args)


def _report(summary: Summary, pace: float, seconds: float) -> None:
    errors = f"{summary.errors:,} could not be read, see {summary.errors_out}" if summary.errors else "no errors"
    talk.say(f"{summary.rows:,} scored, {errors}; {seconds:.0f} s, {pace:.1f} images/s")
    print(summary.out)


class _Bar:
    """Shows how far a run is, and keeps its pace: images a second since the first batch of this sitting."""

    def __init__(self, bar: Progress) -> None:
        self._bar, self._task = bar, bar.add_task("listing", total=None, figure="")
        self._since: float | None = None
        self._first, self.pace = 0, 0.0

    def __call__(self, done: int, total: int | None, errors: int) -> None:
        if total is None:
            self._bar.update(self._task, completed=done)
            return
        now = time.monotonic()
        if self._since is None:
            self._since, self._first = now, done
        elif now > self._since:
            self.pace = (done - self._first) / (now - self._since)
        figure = f"{self.pace:.1f} images/s, {errors:,} errors"
        self._bar.update(self._task, description="scoring", completed=done, total=total, figure=figure)
