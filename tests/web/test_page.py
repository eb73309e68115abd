"""The page, in a real browser: what a person sees, does with mouse and keys, and takes away."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from tchexnet.labels import NIH14
from tests.web.browser import chromium

pytestmark = pytest.mark.slow

GREY = """() => {
  const canvas = document.getElementById("canvas");
  const { data } = canvas.getContext("2d").getImageData(canvas.width / 2 | 0, canvas.height / 2 | 0, 1, 1);
  return [...data];
}"""


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def server(repo, tmp_path_factory):
    from tests.web.conftest import started

    with started(repo, tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def page(browser, server):
    """The page of a fresh visitor; an error in its scripts, or a request to anywhere else, fails the test."""
    # Playwright evaluates strings, which the page's own policy forbids; test_the_policy_holds looks at that policy.
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=True, accept_downloads=True)
    page = context.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url) if elsewhere(request.url, server.address) else None)
    page.goto(server.address)
    yield page
    context.close()
    assert wrong == []


def elsewhere(url: str, address: str) -> bool:
    return not url.startswith((address, "blob:", "data:"))


def read_sample(page) -> None:
    page.get_by_role("button", name="Use the sample").click()
    page.locator(".score").nth(14).wait_for()
    page.locator("#stage:not(.busy)").wait_for()


def grey(page) -> int:
    page.wait_for_timeout(250)
    return page.evaluate(GREY)[0]


def test_the_sample_is_read_by_both_presets_side_by_side(page):
    read_sample(page)
    chexnet, tchexnet = page.locator(".card").all()
    scores = [float(text.replace("<", "")) for text in chexnet.locator(".score").all_inner_texts()]
    assert len(scores) == len(NIH14) and scores == sorted(scores, reverse=True)
    assert tchexnet.locator(".pick").all_inner_texts() == ["Pneumothorax"]
    left, right = chexnet.bounding_box(), tchexnet.bounding_box()
    assert abs(left["y"] - right["y"]) < 2 and right["x"] > left["x"] + left["width"] - 1
    assert "12 bits, DICOM" in page.locator("#caption").inner_text()
    assert "Not a medical device and not a diagnosis" in page.locator(".notice").inner_text()
    assert "highest score" in page.locator("#status").inner_text()


def test_a_window_changes_the_picture_by_mouse_keys_and_sliders(page):
    read_sample(page)
    first = grey(page)
    box = page.locator("#canvas").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0], middle[1] - 150, steps=4)
    page.mouse.up()
    dragged = grey(page)
    assert dragged > first, "dragging up lowers the level, which brightens"
    page.keyboard.press("i")
    assert grey(page) == pytest.approx(255 - dragged, abs=1)
    assert page.locator("#invert").get_attribute("aria-pressed") == "true"
    page.keyboard.press("r")
    assert grey(page) == first
    page.locator("#level").fill("20")
    assert grey(page) > first
    page.get_by_role("button", name="Auto").click()
    from playwright.sync_api import expect

    expect(page.locator("#width")).not_to_have_value("100")


def zoom(page) -> int:
    """Screen pixels a hundred pixels of the radiograph."""
    page.wait_for_timeout(250)
    return int(re.search(r"Zoom (\d+)", page.locator("#figures").inner_text())[1])


def test_zoom_and_pan(page):
    read_sample(page)
    fitted = zoom(page)
    page.locator("#canvas").hover()
    page.mouse.wheel(0, -400)
    assert zoom(page) > 1.5 * fitted
    before = grey(page)
    page.get_by_role("radio", name="Pan").click()
    box = page.locator("#canvas").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 420, steps=4)
    page.mouse.up()
    assert grey(page) != before
    page.keyboard.press("1")
    assert zoom(page) == 100
    page.keyboard.press("0")
    assert zoom(page) == fitted


def test_a_finding_shows_its_heatmap_and_the_slider_its_strength(page):
    read_sample(page)
    assert page.locator("#opacity").is_disabled()
    page.locator(".card", has_text="tCheXNet").locator(".pick").click()
    page.locator("#legend").wait_for()
    assert re.search(r"Pneumothorax, tchexnet, Grad-CAM \d+ . \d+", page.locator("#legend").inner_text())
    page.locator(".pick[data-label=Infiltration]").click()
    page.get_by_text(re.compile(r"Infiltration, chexnet, CAM")).wait_for()
    red, _, blue, _ = (page.wait_for_timeout(250), page.evaluate(GREY))[1]
    assert abs(red - blue) > 10, "colour lies over the grey"
    page.locator("#opacity").fill("0")
    red, _, blue, _ = (page.wait_for_timeout(250), page.evaluate(GREY))[1]
    assert red == blue
    page.locator(".pick[data-label=Infiltration]").click()
    assert page.locator("#legend").is_hidden()


def test_everything_is_reached_by_keyboard_and_named(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the findings"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator(".score").nth(14).wait_for()
    unnamed = page.evaluate("""() => [...document.querySelectorAll("button, a, input, canvas, select")]
      .filter((e) => !(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length))
      .map((e) => e.outerHTML)""")
    assert unnamed == []
    page.locator(".pick").first.focus()
    page.keyboard.press("Enter")
    page.locator("#legend").wait_for()
    assert page.locator(".pick[aria-pressed=true]").count() == 1
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("#help").is_hidden()


def test_json_and_png_are_saved(page, repo):
    read_sample(page)
    with page.expect_download() as found:
        page.get_by_role("button", name="JSON").click()
    answers = json.loads(found.value.path().read_text())
    assert [answer["preset"] for answer in answers] == ["chexnet", "tchexnet"]
    assert list(answers[0]["scores"]) == list(NIH14)
    with page.expect_download() as found:
        page.get_by_role("button", name="PNG").click()
    picture = Image.open(io.BytesIO(found.value.path().read_bytes()))
    assert picture.width >= 384 and picture.height > picture.width
    assert np.asarray(picture.convert("L"))[-30:].max() > 150, "the line below says what it is"


def test_several_files_are_a_list_and_a_bad_one_says_why(page, repo, tmp_path):
    good = repo / "hello_world_images" / "mean_chest.png"
    bad = tmp_path / "notes.png"
    bad.write_text("no image")
    page.locator("#file").set_input_files([good, bad])
    page.locator(".score").nth(14).wait_for()
    page.keyboard.press("ArrowDown")
    page.get_by_role("alert").get_by_text(
        "notes.png is no PNG, JPEG, TIFF or DICOM image: give one of these."
    ).wait_for()
    assert page.locator("#list tr[aria-selected=true]").inner_text() == "notes.png"
    page.keyboard.press("ArrowUp")
    page.locator(".score").nth(14).wait_for()
    assert page.locator("#problem").is_hidden()


def test_a_dropped_file_is_read(page, repo):
    data = (repo / "hello_world_images" / "mean_chest.png").read_bytes()
    page.evaluate(
        """(bytes) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png"));
          document.body.dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer: transfer }));
        }""",
        list(data),
    )
    page.locator(".score").nth(14).wait_for()
    assert "dropped.png" in page.locator("#caption").inner_text()


def test_a_file_name_is_never_markup(page, repo):
    data = (repo / "hello_world_images" / "mean_chest.png").read_bytes()
    name = "<img src=x onerror=alert(1)>.png"
    page.locator("#file").set_input_files({"name": name, "mimeType": "image/png", "buffer": data})
    page.locator(".score").nth(14).wait_for()
    assert name in page.locator("#caption").inner_text()
    assert page.locator("#caption img").count() == 0


def test_the_model_card_is_readable(page):
    page.get_by_role("button", name="Model card of chexnet").click()
    card = page.locator("#card")
    card.locator("table").first.wait_for()
    assert "chexnet" in card.inner_text() and "|---" not in card.inner_text()


@pytest.mark.parametrize("width", [390, 768, 1440, 3840])
def test_nothing_overflows_from_phone_to_4k(page, width):
    page.set_viewport_size({"width": width, "height": int(width * 0.6) if width > 700 else 844})
    read_sample(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#canvas").bounding_box()["height"] > 250


def test_the_policy_holds(browser, server):
    """Without Playwright's way round it: scripts from the page's own files run, and no other."""
    page = browser.new_page()
    page.goto(server.address)
    page.get_by_role("button", name="Use the sample").click()
    page.locator(".score").nth(14).wait_for()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=`taken`\">')")
    page.wait_for_timeout(300)
    assert page.title() == "tchexnet"
    assert any("Content Security Policy" in text for text in said)
    page.close()


def test_the_openapi_page_draws_from_its_own_files(page, server):
    page.goto(f"{server.address}/docs")
    page.get_by_text("/v1/predict").first.wait_for()
