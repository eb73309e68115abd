"""`tchexnet prepare`: counts on stdout, talk on stderr, one example in every help."""

import re
import tarfile
from collections.abc import Callable
from inspect import Parameter, signature
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from typer.testing import CliRunner

from tchexnet.cli import prepare as commands
from tchexnet.cli.prepare import app
from tchexnet.datasets import chexpert, policies, prepare, prepared
from tchexnet.errors import DataError


def run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("command", ["chexpert", "nih", "table"])
def test_every_help_holds_a_complete_example(command: str) -> None:
    code, out, _ = run(command, "--help")
    examples = [line.strip() for line in out.splitlines() if line.strip().startswith(f"tchexnet prepare {command} ")]
    assert code == 0 and len(examples) == 1 and "--out data/" in examples[0]


def test_chexpert(make_chexpert: Callable[..., Path], tmp_path: Path) -> None:
    rows = [(f"patient{i // 3:05}/study{i}/view1_frontal.jpg", {"Edema": "1.0"}) for i in range(10)]
    root = make_chexpert(train=rows)
    code, out, err = run("chexpert", "--root", root, "--recipe", "paper", "--out", tmp_path / "out")
    assert (code, out) == (0, "train 8 images 3 patients\nvalid 2 images 2 patients\n")
    assert err == "patients in both train and valid, since the paper splits by row: 1\n"
    code, out, err = run("chexpert", "--root", root, "--policy", "zeros,Edema=ones", "--out", tmp_path / "two")
    assert code == 0 and err == "" and out.startswith("train ")


def test_nih_from_archives(nih_root: Path, tmp_path: Path) -> None:
    (tmp_path / "box").mkdir()
    with tarfile.open(tmp_path / "box/images_001.tar.gz", "w:gz") as tar:
        tar.add(nih_root / "images", "images")
    for image in (nih_root / "images").iterdir():
        image.unlink()
    words = ["nih", "--root", nih_root, "--out", tmp_path / "out", "--fraction", "0.34"]
    with pytest.raises(DataError, match="images not found: 4"):
        run(*words)
    code, out, err = run(*words, "--archives", tmp_path / "box")
    assert code == 0 and out.endswith("test 2 images 1 patients\n") and "6 images unpacked" in err
    assert len(prepared.read(tmp_path / "out").train) > 0


def test_table(tmp_path: Path) -> None:
    for i in range(4):
        (tmp_path / f"{i}.png").touch()
    (tmp_path / "my.csv").write_text("image,x,y\n" + "".join(f"{i}.png,{i % 2},1\n" for i in range(4)))
    code, out, err = run("table", tmp_path / "my.csv", "--out", tmp_path / "out", "--labels", "x", "--fraction", 0.5)
    assert (code, out) == (0, "train 2 images 2 patients\nvalid 2 images 2 patients\n")
    assert "no patient column" in err
    assert tuple(prepared.read(tmp_path / "out").train.labels) == ("x",)


def test_the_help_knows_all_policies() -> None:
    said = re.sub(r"-?\s+", "", run("chexpert", "--help")[1])
    assert re.sub(r"-|\s", "", ", ".join(policies.POLICIES)) in said.replace("-", "")


def test_the_words_and_defaults_are_the_python_twins() -> None:
    for command, twin in (
        (commands.chexpert, prepare.chexpert),
        (commands.nih, prepare.nih),
        (commands.table, prepare.table),
    ):
        ours, theirs = signature(command).parameters, signature(twin).parameters
        for name in set(ours) & set(theirs) - {"labels"}:
            assert theirs[name].default in (ours[name].default, Parameter.empty)
    words = [get_args(kind) for kind in (prepare.Recipe, policies.Blank, chexpert.View)]
    hints = get_type_hints(commands.chexpert)
    assert words == [get_args(hints[name]) for name in ("recipe", "blank", "view")]


def test_a_wrong_word_is_wrong_usage(tmp_path: Path) -> None:
    assert run("chexpert", "--recipe", "best", "--out", tmp_path)[0] == 2
    assert run("nih")[0] == 2
