"""Configurations of a few steps."""

from typing import Any

from tchexnet.training import config as configs
from tchexnet.training.config import Config

PLAN = {
    "name": "tiny",
    "architecture": "chexnet",
    "labels": ["Mass", "Edema"],
    "batch_size": 8,
    "recipe": {"size": 32},
    "stages": [{"name": "all", "first": "all", "epochs": 2, "learning_rate": 1e-3, "batch_norm": "train"}],
}


def one_stage(stage: dict[str, Any], **settings: Any) -> Config:
    """`PLAN` with another stage: the head, unaugmented and at a constant rate, unless said otherwise."""
    usual = {
        "name": "one",
        "first": "head",
        "epochs": 2,
        "learning_rate": 1e-3,
        "schedule": "constant",
        "augmentation": False,
    }
    return configs.from_dict({**PLAN, **settings, "stages": [{**usual, **stage}]})
