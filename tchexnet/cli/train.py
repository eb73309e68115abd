"""`tchexnet train`: teach a network, from random weights or from a preset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from tchexnet.cli import talk
from tchexnet.errors import ConfigError, DataError
from tchexnet.presets import preset as presets
from tchexnet.presets import store

if TYPE_CHECKING:
    from tchexnet.datasets.records import Records
    from tchexnet.training.config import Config
    from tchexnet.training.trainer import Hooks

DEFAULT_CONFIG = Path("configs/tchexnet.toml")
CHEXPERT = Path("chexpert/CheXpert-v1.0-small")

_HELP = """Train the stages of a configuration; the best epoch on the validation patients becomes OUT/preset.

Example: tchexnet train configs/starter-chexnet.toml --data nih/ --list train_val_list.txt --out runs/chexnet
"""


def command(
    config: Annotated[Path, typer.Argument(help="A TOML file; configs/ has examples.")] = DEFAULT_CONFIG,
    data: Annotated[Path | None, typer.Option(help="A folder that `tchexnet prepare` wrote, or NIH's.")] = None,
    image_list: Annotated[str | None, typer.Option("--list", help="An NIH image list in DATA.")] = None,
    out: Annotated[Path, typer.Option(help="The run folder.")] = Path("runs/latest"),
    start: Annotated[str | None, typer.Option("--from", help="A preset to start from.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in OUT.")] = False,
    licence: Annotated[str, typer.Option(help="Licence of the finished preset.")] = "unknown",
) -> None:
    from tchexnet.training import config as configs
    from tchexnet.training import finish
    from tchexnet.training.start import initial_weights
    from tchexnet.training.trainer import Trainer

    settings = configs.read(config)
    train, valid = _records(settings, data, image_list)
    parent = presets.read(store.find(start)) if start else None
    talk.say(f"{len(train)} images to learn from, {len(valid)} to choose the best epoch by; no patient in both")
    if (out / "checkpoint.npz").exists() and not resume:
        raise ConfigError(f"{out} holds a run already; go on with --resume, or give another --out.")
    with talk.bar() as bar:
        trainer = Trainer(settings, train, valid, out, initial_weights(settings, parent), _hooks(bar))
        try:
            model = trainer.run(go_on=resume)
        except KeyboardInterrupt:
            talk.say(f"interrupted; the same command with --resume goes on from {out / 'checkpoint.npz'}")
            raise
    preset = finish.write_preset(model, settings, train, valid, out, parent, licence)
    print(preset.folder)


command.__doc__ = _HELP


def _records(settings: Config, data: Path | None, image_list: str | None) -> tuple[Records, Records]:
    from tchexnet.datasets import nih, prepared, splits

    if data is None:
        _explain_chexpert()
    if (data / prepared.MANIFEST).is_file():
        train, valid, _ = prepared.read(data)
        return train.only(*settings.labels), valid.only(*settings.labels)
    records = nih.read(data, image_list).only(*settings.labels)
    return splits.split_by_patient(records, settings.validation, settings.split_seed)


def _explain_chexpert() -> NoReturn:
    if CHEXPERT.is_dir():
        raise DataError(
            f"{CHEXPERT} is there and must be prepared once: tchexnet prepare chexpert --root {CHEXPERT} "
            "--out data/chexpert; then train with --data data/chexpert --from chexnet."
        )
    raise DataError(
        f"{CHEXPERT} is not there; chexpert/README.md says how to get it. To try on other data: tchexnet train "
        "configs/starter-tchexnet.toml --data FOLDER_OF_NIH --list train_val_list.txt --from chexnet --out runs/mine."
    )


def _hooks(bar) -> Hooks:  # type: ignore[no-untyped-def]
    from tchexnet.training.trainer import Hooks

    reading = bar.add_task("reading", figure="", visible=False)
    task = bar.add_task("training", figure="", visible=False)

    def on_read(done: int, total: int) -> None:
        bar.update(reading, completed=done, total=total, visible=done < total)

    def on_step(stage, epoch, step, steps, loss) -> None:  # type: ignore[no-untyped-def]
        where = f"{stage.name}, epoch {epoch + 1} of {stage.epochs}"
        bar.update(task, description=where, completed=step, total=steps, figure=f"loss {loss:.4f}", visible=True)

    def on_epoch(row: dict[str, object]) -> None:
        talk.say(f"{row['stage']}, epoch {row['epoch']}: loss {row['loss']:.4f}, validation AUC {row['valid_auc']:.4f}")

    return Hooks(on_step, on_epoch, on_read)
