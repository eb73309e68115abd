"""What `tchexnet train --data` may be: a prepared folder, NIH's folder, or a CSV of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from tchexnet.errors import ConfigError, DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tchexnet.datasets.records import Records
    from tchexnet.training.config import Config

CHEXPERT = Path("chexpert/CheXpert-v1.0-small")
TEACHER_BATCH = 16


class Parts(NamedTuple):
    """The records to train on and to choose the epoch by; what was assumed on the way, a sentence each."""

    train: Records
    valid: Records
    notes: tuple[str, ...]


def read(config: Config, data: Path | None, image_list: str | None, teacher: str | None) -> Parts:
    """The records of `--data`, with the configuration's labels.

    Args:
        data: None explains how to get some.
        image_list: an image list of NIH's folder.
        teacher: the preset that scores uncertain labels, where the policy is `self-trained`.

    Raises:
        DataError: there are no data, or they have faults.
        ConfigError: the label policy needs another head, or a teacher.
    """
    from tchexnet.datasets import nih, prepared, splits, table

    if data is None:
        _explain_chexpert()
    if data.is_dir() and (data / prepared.MANIFEST).is_file():
        return _prepared(config, data, teacher)
    if data.is_file():
        records = table.read(data, labels=list(config.labels))
    elif data.is_dir():
        records = nih.read(data, image_list)
    else:
        raise DataError(f"There is no {data}; give a prepared folder, NIH's folder, or a CSV file.")
    train, valid = splits.split_by_patient(records.only(*config.labels), config.validation, config.split_seed)
    return Parts(train, valid, records.notes)


def _prepared(config: Config, folder: Path, teacher: str | None) -> Parts:
    from tchexnet.datasets import manifest, prepared

    train, valid, _ = prepared.read(folder)
    train, valid = train.only(*config.labels), valid.only(*config.labels)
    policies = {label: manifest.read(folder).policies[label] for label in config.labels}
    return Parts(_at_training(config, train, policies, teacher), valid, (*train.notes, *valid.notes))


def _at_training(config: Config, train: Records, policies: dict[str, str], teacher: str | None) -> Records:
    from tchexnet.datasets.policies import AT_TRAINING, apply

    late = {label: policy for label, policy in policies.items() if policy in AT_TRAINING}
    if not late or train.uncertain is None:
        return train
    if "multiclass" in late.values() and config.head != "three-way":
        raise ConfigError(
            "The data were prepared with the label policy 'multiclass', which needs a third output; add "
            "--set head=three-way."
        )
    if "self-trained" in late.values() and teacher is None:
        raise ConfigError("The label policy 'self-trained' needs a teacher; add --teacher PRESET.")
    scores = _taught(train, str(teacher)) if "self-trained" in late.values() else None
    unsure = train.uncertain & np.array([label in late for label in train.labels])
    return replace(train, y=np.where(unsure, apply(train, late, teacher=scores), train.y).astype(np.float32))


def _taught(train: Records, teacher: str) -> NDArray[np.float32]:
    import tchexnet
    from tchexnet.labels import NIH_TO_CHEXPERT

    preset: Any = tchexnet.load(teacher)
    names = {NIH_TO_CHEXPERT.get(label, label): label for label in reversed(preset.labels)}
    names |= {label: label for label in preset.labels}
    columns = [preset.labels.index(names.get(label, label)) for label in train.labels]
    scores = np.zeros(train.y.shape, np.float32)
    rows = np.flatnonzero(train.uncertain.any(axis=1)) if train.uncertain is not None else np.array([], int)
    for start in range(0, len(rows), TEACHER_BATCH):
        some = rows[start : start + TEACHER_BATCH]
        answers = preset.predict([str(train.path(row)) for row in some])
        scores[some] = np.stack([answer.array[columns] for answer in answers])
    return scores


def _explain_chexpert() -> NoReturn:
    if CHEXPERT.is_dir():
        raise DataError(
            f"{CHEXPERT} is there and must be prepared once: tchexnet prepare chexpert --root {CHEXPERT} --out "
            "data/chexpert; then train with --data data/chexpert --from chexnet."
        )
    raise DataError(
        f"{CHEXPERT} is not there; chexpert/README.md says how to get it. To try on other data: tchexnet train "
        "configs/starter-tchexnet.toml --data FOLDER_OF_NIH --list train_val_list.txt --from chexnet --out runs/mine."
    )
