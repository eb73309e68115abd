"""report.html: one file that needs nothing else, with every label, in strict HTML, and pictures only where asked."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from math import nan
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tchexnet.datasets.records import Records
from tchexnet.datasets.scored import Scored
from tchexnet.evaluation.calibration import fit
from tchexnet.evaluation.decisions import Calibrated
from tchexnet.evaluation.measure import Settings
from tchexnet.evaluation.operating_points import Goal
from tchexnet.explain.localising import Row
from tchexnet.explain.sanity import Similarity
from tchexnet.labels import NIH14, Vocabulary
from tchexnet.report import page
from tchexnet.report.evaluation import Evaluation, evaluate
from tchexnet.report.mistakes import EACH, worst

LABELS = ("Edema", "Pleural_Thickening", "Hernia")


@pytest.fixture(scope="module")
def scored() -> Scored:
    rng = np.random.default_rng(2)
    y = np.stack([rng.random(300) < 0.3, rng.random(300) < 0.2, np.zeros(300, bool)], axis=1).astype(np.float32)
    scores = 1 / (1 + np.exp(-y - rng.normal(size=y.shape)))
    extra = pd.DataFrame({"sex": ["M", "F", ""] * 100, "age": np.arange(300) / 3})
    records = Records(
        Path("nowhere"),
        tuple(f"<b>{k}.png" for k in range(300)),
        tuple(str(k // 2) for k in range(300)),
        Vocabulary(NIH14.name, LABELS),
        y,
        extra=extra,
    )
    others = {"Edema": scores[:, 0] + 0.2 * y[:, 0]}
    return Scored(records, scores, others, "<old>", "new & better", (), ("A note.",))


@pytest.fixture(scope="module")
def evaluation(scored: Scored) -> Evaluation:
    known = {"Edema": Calibrated(fit(scored.records.y[:, 0], scored.scores[:, 0]), 0.2, "sensitivity=0.9")}
    return evaluate(
        scored,
        calibrated=known,
        goals=[Goal("youden"), Goal("ppv", 1.0)],
        settings=Settings(rounds=40),
        identity={"preset": {"name": "<old>", "list": None}},
        warnings=["Seen before."],
    )


@pytest.fixture(scope="module")
def text(evaluation: Evaluation, scored: Scored) -> str:
    return page.render(evaluation, worst(scored))


class Balance(HTMLParser):
    """Every element that is opened is closed, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.loads += [value for name, value in attrs if name in ("src", "href", "xlink:href") and value[0] != "#"]
        if tag not in {"meta", "br", "img", "!doctype"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_is_balanced_and_loads_nothing(text: str) -> None:
    parser = Balance()
    parser.feed(text)
    assert parser.open == [] and parser.loads == []
    assert not re.search(r"url\((?!#)|@import|<script|<link", text)


def test_what_the_maps_are_worth_is_shown_only_where_it_was_measured(evaluation: Evaluation, text: str) -> None:
    shares = {"map": (0.25, 0.125, 0.5), "random": (0.07, None, None), "mean": (0.5, 0.25, 0.75)}
    rows = [
        Row(label, name, measure, overlap, 8, *shares[name], None if overlap is None else 1.5)
        for label in ("all", "Mass")
        for name in shares
        for measure, overlap in (("iou", 0.1), ("pointing", None))
    ]
    alike = [Similarity("predictions", 6, 0.314, 0.456, 1), Similarity("conv5", 6, nan, 0.4, 6)]
    shown = re.sub(r"\s+", " ", page.render(evaluation, {}, page.Maps(rows, alike)))
    parser = Balance()
    parser.feed(shown)
    assert parser.open == [] and parser.loads == []
    assert shown.count("IoU &gt; 0.1") == 1, "every finding is in localization.csv, and only their sum here"
    cells = "<td>8</td><td><b>0.25</b></td><td>0.12 to 0.50</td><td>0.07</td><td>0.50</td><td>0.25 to 0.75</td>"
    assert f"<td>IoU > 0.1</td>{cells}<td>1.50</td>" in shown.replace("&gt;", ">")
    assert f"<td>pointing</td>{cells}<td>—</td>" in shown
    assert "<td>predictions</td><td>6</td><td>0.314</td><td>0.456</td><td>1</td>" in shown
    assert "<td>conv5</td><td>6</td><td>—</td>" in shown
    assert "heatmaps are worth" in shown and "heatmaps are worth" not in text
    assert "find the box" not in page.render(evaluation, {}, page.Maps((), alike))


def test_it_says_what_was_measured(text: str, evaluation: Evaluation) -> None:
    shown = re.sub(r"\s+", " ", text)
    mean = evaluation.measured.macro
    assert f"Mean AUC {mean.value:.3f}" in shown and f"{mean.low:.3f} to {mean.high:.3f}" in shown
    for sentence in ("Pleural Thickening", "no positive among 300 images.", "A note.", "Seen before."):
        assert sentence in shown
    assert "research use, not a medical device" in shown and "stored sensitivity=0.9" in shown
    assert "no threshold reaches it" in shown or "ppv=1" in shown
    assert "not known" in shown and "80+" in shown


def test_names_are_escaped(text: str) -> None:
    assert "&lt;old&gt;" in text and "<old>" not in text and "new &amp; better" in text and "<b>1" not in text


def test_published_numbers_stand_apart_with_their_images(text: str) -> None:
    _, quoted = text.split("Published elsewhere, on other images")
    assert "Quoted, not reproduced" in quoted and "0.8878" in quoted and "22,433-image test list" in quoted


def test_plots_follow_the_colours_of_the_page(text: str) -> None:
    plots = re.findall(r"<svg.*?</svg>", text, flags=re.DOTALL)
    assert len(plots) == 1 + 2 * 3
    assert all("currentColor" in plot and "#010203" not in plot for plot in plots)
    assert all(re.match(r"<svg(?![^>]*\bwidth=)(?=[^>]*viewBox=)", plot) for plot in plots)
    assert "prefers-color-scheme: dark" in text and 'name="viewport"' in text


def test_the_same_evaluation_is_the_same_text(text: str, evaluation: Evaluation, scored: Scored) -> None:
    assert page.render(evaluation, worst(scored)) == text


def test_worst_mistakes_are_the_highest_negatives_and_the_lowest_positives(scored: Scored) -> None:
    found = worst(scored)["Edema"]
    assert [one.positive for one in found] == [False] * EACH + [True] * EACH
    y, scores = scored.records.y[:, 0], scored.scores[:, 0]
    assert found[0].score == scores[y == 0].max() and found[EACH].score == scores[y == 1].min()
    assert [one.positive for one in worst(scored)["Hernia"]] == [False] * EACH
    assert all(one.picture == "" == one.heat for one in found)


def test_pictures_and_heatmaps_come_from_the_images(scored: Scored, tmp_path: Path) -> None:
    names = tuple(f"{k}.png" for k in range(300))
    rng = np.random.default_rng(0)
    here = replace(scored, records=replace(scored.records, root=tmp_path, images=names))
    first = worst(here)["Edema"][0]
    Image.fromarray(rng.integers(0, 255, (300, 200), dtype=np.uint8)).save(tmp_path / first.image)
    asked: list[tuple[str, str]] = []

    def explain(path: Path, label: str) -> Image.Image:
        asked.append((path.name, label))
        return Image.new("RGB", (200, 300))

    found = worst(here, tmp_path, explain)["Edema"]
    assert (
        found[0].picture.startswith("data:image/jpeg;base64,") and found[0].heat and asked[0] == (first.image, "Edema")
    )
    assert found[1].picture == ""


def test_one_label_is_the_headline(scored: Scored) -> None:
    one = replace(scored, records=scored.records.only("Edema"), scores=scored.scores[:, :1], others={})
    text = page.render(evaluate(one, settings=Settings(rounds=20)), {})
    assert '<p class="head">AUC 0.' in text and "Mean AUC" not in text


def test_nothing_to_measure_is_said_in_the_headline(scored: Scored) -> None:
    one = replace(scored, records=scored.records.only("Hernia"), scores=scored.scores[:, 2:], others={})
    text = page.render(evaluate(one, settings=Settings(rounds=20)), {})
    assert "No AUC" in text and "Hernia: no positive among 300 images." in text and "<svg" not in text
