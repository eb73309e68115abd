"""`tchexnet predict` and the hello scripts, as processes: what is printed where, and with which exit code."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tchexnet.labels import NIH14

SAMPLE = "hello_world_images/mean_chest.png"
NUMBER = r"(?:\d+\.\d*(?:e-\d+)?)"


def test_hello_chexnet_has_its_exact_form(run) -> None:
    lines = run("hello_CheXNet.py", SAMPLE).stdout.splitlines()
    assert lines[0] == SAMPLE
    assert [line.split()[0] for line in lines[1:]] == list(NIH14)
    for line in lines[1:]:
        _label, score = line.split(" ")
        assert str(np.float32(score)) == score and 0 <= float(score) <= 1


def test_hello_tchexnet_has_its_exact_form(run) -> None:
    path, score = run("hello_tCheXNet.py", SAMPLE).stdout.splitlines()
    assert path == SAMPLE
    assert re.fullmatch(rf"Pneumothorax {NUMBER}", score)


def test_hello_features_has_its_exact_form(run) -> None:
    path, features = run("hello_CheXNet_features.py", SAMPLE).stdout.split("\n", 1)
    assert path == SAMPLE
    assert re.fullmatch(rf"1024 \[{NUMBER} +{NUMBER} +{NUMBER} +\.\.\. +{NUMBER} +{NUMBER} +{NUMBER}\]\n", features)


def test_hello_defaults_to_the_samples_and_both_read_alike(run) -> None:
    lines = run("hello_tCheXNet.py").stdout.splitlines()
    assert lines[::2] == ["hello_world_images/mean_chest.dcm", SAMPLE]
    dicom, png = (float(line.split()[1]) for line in lines[1::2])
    assert abs(dicom - png) < 1e-3


def test_hello_goes_on_after_a_bad_image_and_says_so(run, tmp_path: Path) -> None:
    bad = tmp_path / "empty.png"
    bad.touch()
    ran = run("hello_tCheXNet.py", str(bad), SAMPLE, code=1)
    assert ran.stdout.splitlines()[0] == SAMPLE
    assert ran.stderr.startswith("error: ") and str(bad) in ran.stderr and len(ran.stderr.splitlines()) == 1


def test_predict_prints_json_lines_and_refuses_one_by_one(tool, tmp_path: Path) -> None:
    black = tmp_path / "black.png"
    Image.fromarray(np.zeros((200, 200), np.uint8)).save(black)
    ran = tool("predict", SAMPLE, str(black), SAMPLE, "no/such.png", "--json", "--features", code=1)
    first, second = (json.loads(line) for line in ran.stdout.splitlines())
    assert first == second
    assert first["path"] == SAMPLE and first["preset"] == "chexnet" and first["warnings"] == []
    assert list(first["scores"]) == list(NIH14) and len(first["features"]) == 1024
    assert len(ran.stderr.splitlines()) == 2


def test_top_is_the_highest_first(tool) -> None:
    everything = json.loads(tool("predict", SAMPLE, "--json").stdout)["scores"]
    top = json.loads(tool("predict", SAMPLE, "--json", "--top", "3").stdout)["scores"]
    assert list(top) == sorted(everything, key=everything.__getitem__, reverse=True)[:3]


def test_text_output_of_predict_is_that_of_hello(run, tool) -> None:
    assert tool("predict", SAMPLE).stdout == run("hello_CheXNet.py", SAMPLE).stdout
    assert tool("predict", SAMPLE, "--features").stdout == run("hello_CheXNet_features.py", SAMPLE).stdout


@pytest.mark.parametrize(
    "arguments",
    [["predict"], ["predict", SAMPLE, "--precision", "fp8"], ["predict", SAMPLE, "--top", "0"], ["predikt", SAMPLE]],
)
def test_wrong_usage_is_exit_2_and_silent_on_stdout(tool, arguments: list[str]) -> None:
    assert tool(*arguments, code=2).stdout == ""


def test_an_unknown_preset_is_one_sentence(tool) -> None:
    ran = tool("predict", SAMPLE, "--preset", "chexnt", code=1)
    assert ran.stderr == "error: There is no preset 'chexnt'. Did you mean 'chexnet'?\n"


def test_presets_list_and_show(tool) -> None:
    assert {line.split("\t")[0] for line in tool("presets", "list").stdout.splitlines()} >= {"chexnet", "tchexnet"}
    assert tool("presets", "show", "tchexnet").stdout.startswith("# tchexnet")
    assert json.loads(tool("presets", "show", "chexnet", "--json").stdout)["labels"] == list(NIH14)


@pytest.mark.parametrize(
    "command", [["predict"], ["explain"], ["score"], ["serve"], ["train"], ["presets", "list"], ["presets", "show"]]
)
def test_every_help_shows_a_complete_example(tool, command: list[str]) -> None:
    assert "Example: tchexnet" in tool(*command, "--help").stdout
