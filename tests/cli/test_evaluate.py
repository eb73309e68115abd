"""`tchexnet evaluate` from tables, as a process: what it prints, writes and refuses."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tchexnet.evaluation.auc import auc
from tchexnet.evaluation.compare import compare
from tchexnet.report import files


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """truth.csv, a.csv and b.csv of 200 images; b ranks Edema better than a; Hernia has no positive."""
    rng = np.random.default_rng(0)
    y = np.stack([rng.random(200) < 0.4, rng.random(200) < 0.3, np.zeros(200, bool)], axis=1).astype(int)
    names = [f"{k:03d}.png" for k in range(200)]
    truth = pd.DataFrame(y, columns=["Edema", "Mass", "Hernia"])
    truth.insert(0, "image", names)
    truth["subject"], truth["sex"], truth["age"] = [f"p{k // 2}" for k in range(200)], ["M", "F"] * 100, range(200)
    truth.to_csv(tmp_path / "truth.csv", index=False)
    for name, gain in (("a", 0.5), ("b", 3.0)):
        scores = 1 / (1 + np.exp(-gain * y - rng.normal(size=y.shape)))
        table = pd.DataFrame(scores, columns=["Edema", "Mass", "Hernia"])
        table.insert(0, "path", [f"/some/where/{one}" for one in names])
        table.sample(frac=1, random_state=1).to_csv(tmp_path / f"{name}.csv", index=False)
    return tmp_path


def read(out: Path) -> dict:
    return json.loads((out / "metrics.json").read_text(), parse_constant=pytest.fail)


def test_tables_are_measured_and_compared(tool, made: Path) -> None:
    out = made / "out"
    tables = ("--scores", made / "a.csv", "--labels", made / "truth.csv", "--compare", made / "b.csv")
    ran = tool("evaluate", *tables, "--patient", "subject", "--out", out, "--rounds", "200", "--point", "youden")
    found = read(out)
    truth = pd.read_csv(made / "truth.csv").set_index("image")
    a, b = (
        pd.read_csv(made / f"{name}.csv").assign(image=lambda frame: frame.path.str[-7:]).set_index("image")
        for name in "ab"
    )
    expected = auc(truth.Edema, a.Edema[truth.index])
    edema = found["labels"]["Edema"]
    assert (edema["n"], edema["positives"]) == (200, int(truth.Edema.sum()))
    assert (edema["auc"], edema["auc_low"], edema["auc_high"]) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    test = compare(truth.Edema, a.Edema[truth.index], b.Edema[truth.index])
    said = found["compare"]["Edema"]
    assert (said["difference"], said["p"]) == pytest.approx((test.value, test.p))
    assert said["sentence"].startswith("b is better than a: AUC") and said["sentence"] in ran.stdout
    assert found["labels"]["Hernia"]["auc"] is None
    assert found["labels"]["Hernia"]["reason"] == "no positive among 200 images"
    assert (found["images"], found["patients"]) == (200, 100)
    assert found["macro"]["labels"] == ["Edema", "Mass"] and found["macro"]["left_out"] == ["Hernia"]
    assert {(one["column"], one["group"]) for one in found["subgroups"]} >= {("sex", "F"), ("age", "0-17")}
    assert {one["point"] for one in found["operating_points"]} == {"youden"}
    with (out / "metrics.csv").open() as file:
        assert [row["label"] for row in csv.DictReader(file)] == ["Edema", "Mass", "Hernia"]


def test_a_second_evaluation_leaves_no_table_of_the_first(tool, made: Path) -> None:
    out = made / "out"
    tables = ("--scores", made / "a.csv", "--labels", made / "truth.csv", "--out", out, "--rounds", "20")
    tool("evaluate", *tables, "--compare", made / "b.csv", "--point", "f1")
    assert (out / "compare.csv").is_file() and (out / "operating_points.csv").is_file()
    tool("evaluate", *tables)
    assert not (out / "compare.csv").exists() and not (out / "operating_points.csv").exists()
    assert "compare" not in read(out)


def test_the_same_command_writes_the_same_bytes(tool, made: Path) -> None:
    tables = ("--scores", made / "a.csv", "--labels", made / "truth.csv", "--rounds", "50")
    for name in ("one", "two"):
        tool("evaluate", *tables, "--out", made / name)
    for path in (made / "one").iterdir():
        assert path.read_bytes() == (made / "two" / path.name).read_bytes(), path.name


def test_mismatches_are_named_on_stderr_and_in_a_table(tool, made: Path) -> None:
    table = pd.read_csv(made / "a.csv")
    table.loc[0, "path"] = "/else/where/zzz.png"
    table.to_csv(made / "c.csv", index=False)
    ran = tool("evaluate", "--scores", made / "c.csv", "--labels", made / "truth.csv", "--out", made, "--rounds", "9")
    assert "1 images of" in ran.stderr and "zzz.png" in ran.stderr
    assert "/else/where/zzz.png" in (made / "unmatched.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "Give --scores and --labels, or --preset and --data."),
        (["--scores", "{}/no.csv", "--labels", "{}/truth.csv"], 1, "no such file"),
        (["--scores", "{}/a.csv", "--labels", "{}/truth.csv", "--point", "best"], 1, "no operating point"),
        (["--scores", "{}/a.csv", "--labels", "{}/truth.csv", "--by", "ward"], 1, "no column 'ward'"),
        (["--scores", "{}/a.csv", "--labels", "{}/truth.csv", "--patient", "case"], 1, "lacks the column 'case'"),
    ],
)
def test_wrong_use_is_one_sentence(tool, made: Path, arguments: list[str], code: int, sentence: str) -> None:
    ran = tool("evaluate", "--out", made / "x", *(one.format(made) for one in arguments), code=code)
    assert sentence in " ".join(ran.stderr.replace("│", " ").split())
    assert ran.stdout == "" and "Traceback" not in ran.stderr


def test_help_shows_an_example(tool) -> None:
    assert "Example: tchexnet evaluate" in tool("evaluate", "--help").stdout


def test_a_preset_is_run_on_data_and_compared_with_another(tool, repo: Path, tmp_path: Path) -> None:
    chest = np.asarray(Image.open(repo / "hello_world_images" / "mean_chest.png"), np.float32)
    for k in range(12):
        Image.fromarray((chest * (0.5 + k / 24)).astype(np.uint8)).save(tmp_path / f"{k:02d}.png")
    (tmp_path / "03.png").write_bytes(b"no image")
    rows = "".join(f"{k:02d}.png,p{k},{k % 2}\n" for k in range(12))
    (tmp_path / "t.csv").write_text("image,patient,Pneumothorax\n" + rows)
    out = tmp_path / "out"
    data = ("--data", tmp_path / "t.csv", "--out", out, "--rounds", "20", "--min-positives", "2")
    ran = tool("evaluate", "--preset", "chexnet", "--compare", "tchexnet", *data, code=1)
    found = read(out)
    assert found["images"] == 11 and found["identity"]["preset"]["name"] == "chexnet"
    assert "chexnet" in found["compare"]["Pneumothorax"]["sentence"]
    assert "1 images could not be read" in ran.stderr and "03.png" in (out / "errors.csv").read_text()
    assert list(pd.read_csv(out / "scores.csv").columns)[-2:] == ["preset", "warnings"]
    text = (out / "report.html").read_text()
    assert text.count("data:image/jpeg") == 12 and text.count("heatmap") == 6
    again = tool(
        "evaluate", "--scores", out / "scores.csv", "--labels", tmp_path / "t.csv", "--out", tmp_path / "again"
    )
    assert read(tmp_path / "again")["labels"].keys() == {"Pneumothorax"} and "report.html" in again.stdout
    assert "data:image/jpeg" not in (tmp_path / "again" / "report.html").read_text()


def test_maps_are_held_against_boxes(tool, repo: Path, tmp_path: Path) -> None:
    chest = np.asarray(Image.open(repo / "hello_world_images" / "mean_chest.png"), np.float32)
    names = [f"{k:08d}_000.png" for k in range(1, 5)]
    (tmp_path / "images").mkdir()
    for k, name in enumerate(names):
        Image.fromarray((chest * (0.6 + k / 10)).astype(np.uint8)).save(tmp_path / "images" / name)
    head = "Image Index,Finding Labels,Patient ID\n"
    (tmp_path / "Data_Entry_2017.csv").write_text(
        head + "".join(f"{name},{'Mass' if k % 2 else 'No Finding'},{k}\n" for k, name in enumerate(names))
    )
    boxes = tmp_path / "boxes.csv"
    boxes.write_text(
        "Image Index,Finding Label,Bbox [x,y,w,h]\n" + "".join(f"{one},Mass,256,256,512,512\n" for one in names)
    )
    out = tmp_path / "out"
    words = ("evaluate", "--out", out, "--boxes", boxes, "--rounds", "5", "--no-images")
    ran = tool(*words, "--preset", "chexnet", "--data", tmp_path)
    assert "pointing\t4\t" in ran.stdout
    assert json.loads((out / "localization.json").read_text())["boxes"] == 4
    assert set(pd.read_csv(out / "localization.csv")["map"]) == {"map", "random", "mean"}
    assert "find the box" in (out / "report.html").read_text()
    assert "--preset and --data" in tool(*words, code=2).stderr


def test_maps_before_and_after_randomising_are_in_the_report(tool, repo: Path, tmp_path: Path) -> None:
    chest = np.asarray(Image.open(repo / "hello_world_images" / "mean_chest.png"), np.float32)
    for k in range(4):
        turned = chest if k % 2 else chest[:, ::-1]
        Image.fromarray((turned * (0.5 + k / 8)).astype(np.uint8)).save(tmp_path / f"{k}.png")
    (tmp_path / "4.png").write_bytes(b"no image")
    (tmp_path / "t.csv").write_text("image,Mass,Edema\n0.png,1,0\n1.png,1,1\n2.png,0,1\n3.png,0,0\n4.png,1,1\n")
    out = tmp_path / "out"
    words = ("evaluate", "--randomise", "--rounds", "5", "--min-positives", "1", "--no-images", "--out", out)
    ran = tool(*words, "--preset", "chexnet", "--data", tmp_path / "t.csv", code=1)
    table = pd.read_csv(out / "randomised.csv")
    assert list(table["stage"][:3]) == ["none; against the next radiograph", "none; against noise", "predictions"]
    assert table["stage"].iloc[-1] == "conv1" and set(table["n"]) == {4}, "two findings of two readable radiographs"
    assert abs(table["spearman"].iloc[-1]) < 0.9
    text = (out / "report.html").read_text()
    assert "depend on the weights" in text and f"<td>{table['ssim'].iloc[-1]:.3f}</td>" in text
    assert "randomised\tn\tspearman\tssim" in ran.stdout
    assert "--preset and --data" in tool(*words, code=2).stderr
    (tmp_path / "one.csv").write_text("image,Mass\n0.png,1\n1.png,0\n")
    ran = tool(*words, "--preset", "chexnet", "--data", tmp_path / "one.csv", code=1)
    assert "at least two radiographs with a finding" in ran.stderr and "Traceback" not in ran.stderr


def test_calibrate_and_then_evaluate_with_the_stored_decisions(tool, made: Path, monkeypatch) -> None:
    monkeypatch.setenv("TCHEXNET_HOME", str(made / "home"))
    tables = ("--scores", made / "a.csv", "--labels", made / "truth.csv", "--patient", "subject")
    ran = tool("calibrate", "--preset", "chexnet", *tables, "--point", "sensitivity=0.9", "--prevalence", "Mass=0.05")
    assert ran.stdout.splitlines()[-1].endswith("calibration.json")
    assert "Hernia is not calibrated: 0 positives" in ran.stderr and "stays as it is" in ran.stderr
    tool("evaluate", "--preset", "chexnet", *tables, "--out", made / "out", "--rounds", "20")
    found = read(made / "out")
    edema = found["labels"]["Edema"]
    assert edema["probability_ece"] < edema["score_ece"] and edema["probability_brier"] < edema["score_brier"]
    (point,) = [one for one in found["operating_points"] if one["label"] == "Edema"]
    assert point["point"] == "stored sensitivity=0.9" and point["sensitivity"] >= 0.9
    tool("calibrate", "--preset", "chexnet", *tables, "--point", "none", "--method", "temperature")
    tool("evaluate", "--preset", "chexnet", *tables, "--out", made / "out", "--rounds", "20")
    assert read(made / "out")["operating_points"] == []


FULL = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, ({0}, {0})); from tchexnet.cli import main; main()"
"""The command on a disk that takes no file of more bytes."""


def test_a_full_disk_is_one_sentence_and_leaves_no_half_file(run, made: Path) -> None:
    tables = ("--scores", made / "a.csv", "--labels", made / "truth.csv")
    ran = run("-c", FULL.format(20_000), "evaluate", *tables, "--out", made / "out", "--rounds", "5", code=1)
    last = ran.stderr.splitlines()[-1]
    assert last.startswith("error: ") and "cannot be read or written (File too large)" in last
    assert "Traceback" not in ran.stderr
    assert {path.name for path in (made / "out").iterdir()} <= {"metrics.json", *files.TABLES}, "no half report"


def test_a_full_disk_keeps_a_calibration_from_being_stored(run, made: Path, monkeypatch) -> None:
    monkeypatch.setenv("TCHEXNET_HOME", str(made / "home"))
    tables = ("--scores", made / "a.csv", "--labels", made / "truth.csv")
    ran = run("-c", FULL.format(20_000), "calibrate", "--preset", "chexnet", *tables, code=1)
    assert "cannot be read or written" in ran.stderr and "Traceback" not in ran.stderr
    assert list((made / "home" / "presets").iterdir()) == [], "no half preset"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--prevalence", "Edma=0.1"], "'Edma' is not"),
        (["--prevalence", "Edema=often"], "give LABEL=NUMBER"),
        (["--prevalence", "Edema=1.5"], "between 0 and 1"),
        (["--point", "Edema:best"], "no operating point"),
    ],
)
def test_a_calibration_that_cannot_be_is_one_sentence(tool, made: Path, monkeypatch, arguments, sentence) -> None:
    monkeypatch.setenv("TCHEXNET_HOME", str(made / "home"))
    tables = ("--scores", made / "a.csv", "--labels", made / "truth.csv")
    ran = tool("calibrate", "--preset", "chexnet", *tables, *arguments, code=1)
    assert sentence in ran.stderr and "Traceback" not in ran.stderr and not (made / "home").exists()
