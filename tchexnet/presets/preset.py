"""A preset: trained weights with everything needed to use them rightly, in one folder.

preset.json           this description, with the sha256 of every file
weights.safetensors   Keras variables as `layer/variable`; kernels in float16, vectors in float32
network.xml, .bin     the same numbers for OpenVINO; outputs: scores, features, feature map
network_int8.xml, .bin, int8.json   where it was quantised: the network in int8, and how far its AUCs are from float32's
card.md               what it is for, how good it is, how it was made
aucs.csv preds.csv log.csv   the artefacts of its making
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from tchexnet.errors import PresetError
from tchexnet.images.recipe import Recipe
from tchexnet.labels import Vocabulary

DESCRIPTION = "preset.json"
WEIGHTS = "weights.safetensors"
NETWORK = "network.xml"
NETWORK_DATA = "network.bin"
NETWORK_INT8 = "network_int8.xml"
NETWORK_INT8_DATA = "network_int8.bin"
INT8_REPORT = "int8.json"
CARD = "card.md"
EPSILON = 1.001e-5
"""What `keras.applications` adds to variances in batch normalisation; torch adds 1e-5."""


@dataclass(frozen=True)
class Preset:
    """What preset.json says.

    Args:
        name: how people call it.
        architecture: `chexnet` or `tchexnet`.
        hidden: units of the hidden layer, or of each one if there are several, or None where there is none.
        labels: the findings, in the order of the network's outputs.
        recipe: how a radiograph becomes input.
        licence: an SPDX name, or `unknown`.
        training: data set, image list and its sha256, seeds, and what else is known.
        parent: the preset whose weights this one started from, or None.
        files: file name to sha256, for every other file of the folder.
        epsilon: what batch normalisation adds to variances.
        operating_points: label to the score that its makers call 0.5, where they say one.
        source: the file that it was imported from, and what is known about it.
        folder: where it stands; not part of the file.
    """

    name: str
    architecture: str
    labels: tuple[str, ...]
    recipe: Recipe
    hidden: int | tuple[int, ...] | None = None
    licence: str = "unknown"
    training: dict[str, Any] = field(default_factory=dict)
    parent: str | None = None
    files: dict[str, str] = field(default_factory=dict)
    epsilon: float = EPSILON
    operating_points: dict[str, float] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    folder: Path = Path()

    def __post_init__(self) -> None:
        if not isinstance(self.hidden, int | None):
            object.__setattr__(self, "hidden", tuple(self.hidden))

    @property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary(self.name, self.labels)

    @property
    def units(self) -> tuple[int, ...]:
        """Units of each hidden layer; empty where there is none."""
        if self.hidden is None:
            return ()
        return (self.hidden,) if isinstance(self.hidden, int) else self.hidden

    @property
    def card(self) -> str:
        """The model card, in Markdown."""
        return self.path(CARD).read_text()

    def path(self, name: str) -> Path:
        """The path of one of the preset's files, checked against its sha256.

        Raises:
            PresetError: it is missing or differs from the description.
        """
        path = self.folder / name
        if name not in self.files:
            raise PresetError(f"The preset {self.name!r} has no {name}; it has: {', '.join(self.files)}.")
        if not path.is_file():
            raise PresetError(f"{path} is missing; install the preset {self.name!r} again.")
        if sha256(path) != self.files[name]:
            raise PresetError(
                f"{path} is damaged: its sha256 is not the one in {DESCRIPTION}; install the preset again."
            )
        return path

    def network(self, precision: str) -> Path:
        """The `.xml` file that OpenVINO reads for a precision; it and its `.bin` checked.

        Raises:
            PresetError: a file is missing or damaged, or the preset was not quantised.
        """
        if precision != "int8":
            self.path(NETWORK_DATA)
            return self.path(NETWORK)
        if NETWORK_INT8 not in self.files:
            raise PresetError(
                f"The preset {self.name!r} has no int8 network; make it with tchexnet presets quantise {self.name} "
                "--data NIH_FOLDER --list train_val_list.txt, or use --precision bf16 or fp32."
            )
        self.path(INT8_REPORT)
        self.path(NETWORK_INT8_DATA)
        return self.path(NETWORK_INT8)


_DEFAULTS = Preset("", "", (), Recipe())
_IMPORTED = ("epsilon", "operating_points", "source")


def read(folder: Path) -> Preset:
    """The preset in a folder.

    Raises:
        PresetError: there is none, or its description cannot be understood.
    """
    path = folder / DESCRIPTION
    try:
        fields = json.loads(path.read_text())
        recipe = Recipe.from_dict(fields.pop("recipe"))
        labels = tuple(fields.pop("labels"))
        return Preset(**fields, recipe=recipe, labels=labels, folder=folder)
    except FileNotFoundError:
        raise PresetError(f"{folder} holds no {DESCRIPTION}; give a preset's folder or name.") from None
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise PresetError(f"{path} is no description of a preset ({error}); install the preset again.") from error


def write(preset: Preset) -> Preset:
    """Write preset.json for the files that stand in `preset.folder`; returns the preset with their sha256."""
    names = sorted(path.name for path in preset.folder.iterdir() if path.is_file() and path.name != DESCRIPTION)
    sealed = replace(preset, files={name: sha256(preset.folder / name) for name in names})
    fields = asdict(sealed)
    del fields["folder"]
    for name in _IMPORTED:
        if fields[name] == getattr(_DEFAULTS, name):
            del fields[name]
    (preset.folder / DESCRIPTION).write_text(json.dumps(fields, indent=2) + "\n")
    return sealed


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
