"""`tchexnet train`: teach a network, from random weights or from a preset."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tchexnet.cli import talk, train_data, train_origin
from tchexnet.errors import ConfigError

if TYPE_CHECKING:
    from tchexnet.training.hooks import Hooks

DEFAULT_CONFIG = Path("configs/tchexnet.toml")

_HELP = """Train the stages of a configuration; the best epoch on the validation patients becomes OUT/preset.

Example: tchexnet train configs/starter-chexnet.toml --data nih/ --list train_val_list.txt --out runs/chexnet
"""


def command(
    config: Annotated[Path, typer.Argument(help="A TOML file; configs/ has examples.")] = DEFAULT_CONFIG,
    data: Annotated[
        Path | None, typer.Option(help="A folder that `tchexnet prepare` wrote, NIH's folder, or a CSV file.")
    ] = None,
    image_list: Annotated[str | None, typer.Option("--list", help="An NIH image list in DATA.")] = None,
    out: Annotated[Path, typer.Option(help="The run folder.")] = Path("runs/latest"),
    start: Annotated[
        str | None, typer.Option("--from", help="A preset, imagenet, or a file of weights, for its backbone.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in OUT.")] = False,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="key=value over the file; stages.head.epochs=2, for example.")
    ] = None,
    teacher: Annotated[str | None, typer.Option(help="The preset that labels the uncertain (self-trained).")] = None,
    devices: Annotated[str, typer.Option(help="TensorFlow devices, with commas; by default every GPU.")] = "",
    checkpoint_every: Annotated[float, typer.Option(help="Seconds between checkpoints within an epoch.")] = 300.0,
    licence: Annotated[str, typer.Option(help="Licence of the finished preset.")] = "unknown",
) -> None:
    from tchexnet.training import config as configs
    from tchexnet.training import finish
    from tchexnet.training.start import initial_weights, settled
    from tchexnet.training.trainer import Trainer

    settings = configs.read(config, changes or ())
    train, valid, notes = train_data.read(settings, data, image_list, teacher)
    for note in notes:
        talk.say(note)
    parent = train_origin.read(start)
    settings = settled(settings, parent)
    shared = len(set(train.patients) & set(valid.patients))
    who = f"{shared} patients in both, since the data were split by row" if shared else "no patient in both"
    talk.say(f"{len(train)} images to learn from, {len(valid)} to choose the best epoch by; {who}")
    if (out / "checkpoint.npz").exists() and not resume:
        raise ConfigError(f"{out} holds a run already; go on with --resume, or give another --out.")
    with talk.bar() as bar:
        trainer = Trainer(
            settings,
            train,
            valid,
            out,
            initial_weights(settings, parent),
            _hooks(bar, settings.batch_size),
            devices.split(",") if devices else None,
            checkpoint_every,
        )
        try:
            model = trainer.run(go_on=resume)
        except KeyboardInterrupt:
            talk.say(f"interrupted; the same command with --resume goes on from {out / 'checkpoint.npz'}")
            raise
    preset = finish.write_preset(model, settings, train, valid, out, parent, licence)
    print(preset.folder)


command.__doc__ = _HELP


def _hooks(bar, batch_size: int) -> Hooks:  # type: ignore[no-untyped-def]
    from tchexnet.training.hooks import Hooks

    reading = bar.add_task("reading", figure="", visible=False)
    caching = bar.add_task("frozen layers", figure="", visible=False)
    task = bar.add_task("training", figure="", visible=False)
    pace = Pace()

    def on_read(done: int, total: int) -> None:
        bar.update(reading, completed=done, total=total, visible=done < total)

    def on_cache(done: int, total: int) -> None:
        figure = f"{pace(('cache', total), done):.0f} images/s"
        bar.update(caching, completed=done, total=total, figure=figure, visible=done < total)

    def on_step(stage, epoch, step, steps, loss) -> None:  # type: ignore[no-untyped-def]
        where = f"{stage.name}, epoch {epoch + 1} of {stage.epochs}"
        figure = f"loss {loss:.4f}, {pace((stage.name, epoch), step) * batch_size:.0f} images/s"
        bar.update(task, description=where, completed=step, total=steps, figure=figure, visible=True)

    def on_epoch(row: dict[str, object]) -> None:
        talk.say(f"{row['stage']}, epoch {row['epoch']}: loss {row['loss']:.4f}, validation AUC {row['valid_auc']:.4f}")

    return Hooks(on_step, on_epoch, on_read, on_cache, talk.say)


class Pace:
    """How many a second, since the first call of the same work; 0 at that call."""

    def __init__(self) -> None:
        self._work: object = None
        self._since, self._from = 0.0, 0

    def __call__(self, work: object, done: int) -> float:
        now = time.monotonic()
        if work != self._work:
            self._work, self._since, self._from = work, now, done
        return (done - self._from) / (now - self._since) if now > self._since else 0.0
