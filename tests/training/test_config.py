"""Configurations: what a TOML file may say, and how a slip is answered."""

import json
from pathlib import Path

import pytest

from tchexnet.errors import ConfigError
from tchexnet.training import config as configs

STAGE = {"name": "all", "first": "all", "epochs": 1, "learning_rate": 1e-3}


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[2].glob("configs/*.toml")), ids=lambda path: path.stem)
def test_every_shipped_configuration_is_understood_and_names_its_command(path: Path) -> None:
    config = configs.read(path)
    assert config.stages
    assert f"tchexnet train configs/{path.name}" in path.read_text()


def test_a_stage_inherits_the_common_augmentation() -> None:
    config = configs.from_dict(
        {
            "name": "x",
            "architecture": "chexnet",
            "augmentation": {"rotate": 3.0},
            "stages": [STAGE, {**STAGE, "name": "plain", "augmentation": False}],
        }
    )
    assert config.stages[0].augmentation is not None
    assert config.stages[0].augmentation.rotate == 3.0
    assert config.stages[1].augmentation is None


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"name": "x", "architecture": "chexnet"}, r"no \[\[stages\]\]"),
        ({"name": "x", "stages": [STAGE]}, "lacks the setting 'architecture'"),
        (
            {"name": "x", "architecture": "chexnet", "stages": [{**STAGE, "epoch": 3}]},
            "stage 'all' has no setting 'epoch'",
        ),
        ({"name": "x", "architecture": "chexnet", "stages": [STAGE], "batchsize": 3}, "has no setting 'batchsize'"),
        ({"name": "x", "architecture": "resnet", "stages": [STAGE]}, "architecture must be chexnet or tchexnet"),
        ({"name": "x", "architecture": "chexnet", "stages": [STAGE, STAGE]}, "two stages named 'all'"),
        ({"name": "x", "architecture": "chexnet", "stages": [{**STAGE, "epochs": 0}]}, "epochs must be"),
        ({"name": "x", "architecture": "chexnet", "stages": [{**STAGE, "learning_rate": -1}]}, "learning_rate must be"),
        (
            {"name": "x", "architecture": "chexnet", "stages": [STAGE], "optimizer": "lion"},
            "optimizer must be adamw or sgd",
        ),
        ({"name": "x", "architecture": "chexnet", "stages": [STAGE], "ema": 1}, "ema must be at least 0 and below 1"),
        ({"name": "x", "architecture": "chexnet", "stages": [STAGE], "batch_size": 0}, "batch_size must be"),
        (
            {"name": "x", "architecture": "chexnet", "stages": [{**STAGE, "rates": {"conv6": 1}}]},
            "a block of rates must be",
        ),
        (
            {"name": "x", "architecture": "chexnet", "stages": [{**STAGE, "schedule": "step"}]},
            "schedule must be one-cycle",
        ),
        (
            {"name": "x", "architecture": "chexnet", "stages": [{**STAGE, "cache": {"type": 3}}]},
            "has no setting 'type'",
        ),
    ],
)
def test_slips_are_named(fields: dict, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        configs.from_dict(fields)


def test_no_file_and_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no configuration"):
        configs.read(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(ConfigError, match="is no TOML"):
        configs.read(tmp_path / "bad.toml")


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[2].glob("configs/*.toml")), ids=lambda path: path.stem)
def test_a_configuration_survives_the_run_folder(path: Path) -> None:
    config = configs.read(path)
    assert configs.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_changes_are_put_over_the_file() -> None:
    path = Path(__file__).parents[2] / "configs" / "tchexnet.toml"
    assert configs.read(path, ["stages.head.epochs=1", "seed=7"]).stages[0].epochs == 1
    with pytest.raises(ConfigError, match="has no setting 'epoch'"):
        configs.read(path, ["stages.head.epoch=1"])
