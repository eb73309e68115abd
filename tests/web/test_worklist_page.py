"""The worklist in a real browser: sort, filter, arrow keys, pages, and the same view per case."""

import csv
import os

import pytest

from tchexnet.labels import NIH14
from tests.web.browser import chromium
from tests.web.conftest import started

pytestmark = pytest.mark.slow

ROWS = 250


@pytest.fixture(scope="module")
def folder(tmp_path_factory, repo):
    """A table of 250 rows whose scores fall with the row, all images being the sample."""
    folder = tmp_path_factory.mktemp("worklist")
    (folder / "images").mkdir()
    sample = repo / "hello_world_images" / "mean_chest.png"
    first = folder / "images" / "case_000.png"
    first.write_bytes(sample.read_bytes())
    with (folder / "scores.csv").open("w", newline="") as scores, (folder / "truth.csv").open("w", newline="") as truth:
        tables = csv.writer(scores), csv.writer(truth)
        tables[0].writerow(["path", *NIH14])
        tables[1].writerow(["image", "Mass"])
        for row in range(ROWS):
            name = f"case_{row:03}.png"
            if row:
                os.link(first, folder / "images" / name)
            tables[0].writerow([name, *[f"{1 - row / ROWS:.3f}"] * 14])
            tables[1].writerow([name, row % 2])
    return folder


@pytest.fixture(scope="module")
def page(folder, repo):
    options = ["--browse", "scores.csv", "--images", "images", "--labels", "truth.csv"]
    with chromium() as browser, started(repo, folder, *options) as server:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(server.address)
        yield page


@pytest.fixture(autouse=True)
def fresh(page):
    page.reload()
    page.locator(".score").nth(14).wait_for()


def names(page) -> list[str]:
    return page.locator("#list tbody tr td:first-child").all_inner_texts()


def selected(page) -> str:
    return page.locator("#list tr[aria-selected=true] td:first-child").inner_text()


def settle(page) -> None:
    page.wait_for_timeout(600)


def test_the_first_case_is_open_and_arrows_go_on(page):
    assert names(page)[:2] == ["case_000.png", "case_001.png"] and selected(page) == "case_000.png"
    page.keyboard.press("ArrowDown")
    page.locator("#caption", has_text="case_001.png").wait_for()
    assert selected(page) == "case_001.png"
    page.keyboard.press("ArrowUp")
    page.locator("#caption", has_text="case_000.png").wait_for()


def test_arrows_cross_pages(page):
    page.keyboard.press("PageDown")
    page.get_by_text("101–200 of 250").wait_for()  # noqa: RUF001
    page.locator("#list tbody tr").first.click()
    page.locator("#caption", has_text="case_100.png").wait_for()
    page.keyboard.press("ArrowUp")
    page.locator("#caption", has_text="case_099.png").wait_for()
    assert selected(page) == "case_099.png"


def test_filters_and_orders(page):
    page.get_by_label("Finding", exact=True).select_option("Mass")
    page.get_by_label("Truth", exact=True).select_option("present")
    page.get_by_text("1–100 of 125").wait_for()  # noqa: RUF001
    page.get_by_label("Score from").fill("0.9")
    page.get_by_text("1–13 of 13").wait_for()  # noqa: RUF001
    page.get_by_role("button", name="Error").click()
    settle(page)
    assert names(page)[0] == "case_025.png"
    assert page.locator("th[data-sort=error]").get_attribute("aria-sort") == "descending"
    page.get_by_label("Name contains").fill("_01")
    settle(page)
    assert set(names(page)) == {f"case_0{n}.png" for n in range(11, 20, 2)}


def test_a_case_shows_its_truth_beside_the_scores(page):
    page.locator("#list tbody tr").nth(1).click()
    page.locator("#caption", has_text="case_001.png").wait_for()
    page.locator(".score").nth(14).wait_for()
    row = page.locator(".card tbody tr", has=page.locator("[data-label=Mass]"))
    assert row.locator(".truth").inner_text() == "present"
    page.locator(".pick[data-label=Mass]").click()
    page.locator("#legend").wait_for()
