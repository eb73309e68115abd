"""`tchexnet score`: a whole folder, table or archive to one table of scores."""

from __future__ import annotations

import time
from typing import Annotated

import typer
from rich.progress import Progress

from tchexnet.cli import talk
from tchexnet.cli.on_ray import HELP_PANEL, cluster_of
from tchexnet.presets import preset as presets
from tchexnet.presets import store
from tchexnet.scoring.run import Summary, run
from tchexnet.scoring.settings import Settings
from tchexnet.scoring.storage import place

_HELP = """Score every radiograph of a source into one CSV or Parquet file; go on after a crash with --resume.

What cannot be read becomes a row of FILE.errors.csv, and the exit code is 1.

Example: tchexnet score ./pngs --out scores.csv --resume

On a Ray cluster: tchexnet score s3://bucket/cxr --out s3://bucket/scores.parquet --ray head:6379
"""


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
    batch: Annotated[
        int | None, typer.Option(min=1, help="Radiographs a batch; 1 to 4 by default, by precision.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Batches at once; by default one a core, and two more.")
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
        typer.Option(min=1, rich_help_panel=HELP_PANEL, help="Workers; by default as many as there is room for."),
    ] = None,
    cpus_per_actor: Annotated[
        int | None, typer.Option(min=1, rich_help_panel=HELP_PANEL, help="Cores of a worker; at most 4 by default.")
    ] = None,
    gpus_per_actor: Annotated[
        float | None, typer.Option(min=0.0, rich_help_panel=HELP_PANEL, help="GPUs of a worker; they compute in fp32.")
    ] = None,
) -> None:
    settings = Settings(preset, features, precision, batch, workers, column)
    cluster = cluster_of(ray, actors, cpus_per_actor, gpus_per_actor)
    if cluster and cluster.gpus:
        settings = settings._replace(engine="keras", precision="fp32" if precision == "auto" else precision)
    if precision == "int8":
        _say_what_int8_costs(preset)
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


def _say_what_int8_costs(name: str) -> None:
    from tchexnet.presets import quantising

    preset = presets.read(store.find(name))
    preset.network("int8")  # which says how to make one, where there is none
    talk.say(quantising.verdict(quantising.read_report(preset)))


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
