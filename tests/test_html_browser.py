"""The page in a real browser: Chromium, from a file, as a stranger would open it."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from beatomizer.outputs.files import html as page_format
from beatomizer.outputs.files.options import FileOptions
from beatomizer.progress import silent
from beatomizer.safety.judge import judge
from beatomizer.safety.limit import limit
from beatomizer.safety.safe_show import SafeShow
from beatomizer.show.show import Show
from beatomizer.timebase import FPS
from tests.browsers import chromium
from tests.made_shows import made_cues, made_show, write_click_song

pytestmark = pytest.mark.integration

SECONDS = 40.0
TITLE = "</script><img src=x onerror=\"document.title='owned'\">"
"""A hostile title: every test that uses ``page_file`` runs with it."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium("--disable-gpu", "--autoplay-policy=user-gesture-required") as browser:
        yield browser


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    song = write_click_song(folder / "song.wav", SECONDS)
    return written(
        made_show(SECONDS, 8, made_cues(SECONDS, title=TITLE, artist=TITLE), song), folder / "show.html"
    )


def written(show: SafeShow, path: Path) -> Path:
    page_format.write(show, path, FileOptions(), silent)
    return path


class Visit:
    """One open page, with all that it complained about and asked for."""

    def __init__(self, browser: Any, file: Path, **context: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 800, "height": 500}, **context})
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())
        self.page.wait_for_selector("#start-full:not([disabled])")

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def get(self, expression: str) -> Any:
        """A value of the running page, e.g. ``page.position``."""
        return self.page.evaluate(f"(() => {{ const page = beatomizerProbe.page; return {expression}; }})()")

    def until(self, expression: str) -> None:
        """Wait until the expression is true. (Playwright's own waiting uses eval, which the page forbids.)"""
        for _ in range(400):
            if self.get(expression):
                return
            self.page.wait_for_timeout(25)
        pytest.fail(f"never true: {expression}; position {self.get('page.position')}, {self.complaints}")

    def start(self, calm: bool = False) -> None:
        self.page.click("#start-calm" if calm else "#start-full")
        self.until("page.position > 0.2 && page.gate.value === 1")

    def canvas(self) -> np.ndarray:
        """The light canvas as it is now, ``[10, 16, 3]``."""
        url = self.page.evaluate(
            """() => { const small = document.createElement('canvas'); small.width = 16; small.height = 10;
            const context = small.getContext('2d'); context.imageSmoothingQuality = 'high';
            context.drawImage(document.getElementById('light-canvas'), 0, 0, 16, 10);
            return small.toDataURL(); }"""
        )
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGB"))


def test_it_opens_from_a_file_without_a_word_and_warns_first(browser: Any, page_file: Path) -> None:
    with Visit(browser, page_file) as visit:
        assert visit.page.is_visible("#notice")
        assert "flash" in visit.page.inner_text("#notice-text")
        assert "broadcast" in visit.page.inner_text("#notice-text")
        assert not visit.page.is_visible("#play"), "no control before the notice is answered"
        before = visit.canvas()
        visit.page.keyboard.press("b")
        visit.page.keyboard.press("ArrowRight")
        visit.page.wait_for_timeout(400)
        np.testing.assert_array_equal(visit.canvas(), before, "the stage stands still behind the notice")
        assert not visit.get("page.clock.playing")
        visit.start()
        assert not visit.page.is_visible("#notice")
        visit.page.wait_for_timeout(300)
        assert visit.complaints == []
        assert [url for url in visit.requests if not url.startswith(("file:", "blob:", "data:"))] == []
        assert visit.page.title() != "owned"
        assert visit.page.locator("img").count() == 0
        assert visit.page.inner_text("#title").startswith("</script><img")


@pytest.mark.realtime
def test_light_follows_the_sound(browser: Any, page_file: Path) -> None:
    with Visit(browser, page_file) as visit:
        visit.start()
        for place in (None, 31.7):
            if place is not None:
                visit.get(f"page.seek({place})")
                visit.until(f"page.position > {place + 0.3} && page.gate.value === 1")
            visit.get("page.drawn.length = 0")
            visit.page.wait_for_timeout(1500)
            drawn = np.array(visit.get("page.drawn"))
            assert len(drawn) > 15
            assert drawn[-1, 1] - drawn[0, 1] > 1.0, "the sound goes on"
            error_ms = np.abs((drawn[:, 0] + 0.5) / FPS - drawn[:, 1]) * 1000
            assert np.median(error_ms) <= 20


def test_the_sound_is_where_the_clock_says(browser: Any, page_file: Path) -> None:
    with Visit(browser, page_file) as visit:
        onsets = visit.page.evaluate(
            """async () => {
            const text = document.getElementById('sound').textContent;
            const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
            const sound = await new OfflineAudioContext(2, 1, 48000).decodeAudioData(bytes.buffer);
            const data = sound.getChannelData(0);
            return [10, 25, 39].map((at) => {
              const from = at * 48000 - 4800;
              return (from + data.subarray(from).findIndex((value) => Math.abs(value) > 0.45)) / 48 - at * 1000; });
            }"""
        )
        assert np.abs(onsets).max() < 1.0, f"clicks are {onsets} ms off"


def test_keys(browser: Any, page_file: Path) -> None:
    with Visit(browser, page_file) as visit:
        press = visit.page.keyboard.press
        visit.start()
        press("Space")
        visit.until("!page.clock.playing")
        assert visit.page.get_attribute("#play", "aria-label") == "Play"
        still = visit.get("page.position")
        press("ArrowRight")
        visit.until(f"Math.abs(page.position - {still + 5}) < 0.05")
        press("ArrowLeft")
        visit.until(f"Math.abs(page.position - {still}) < 0.05")
        press("Space")
        visit.until("page.clock.playing")
        press("m")
        visit.until("page.audio.muted")
        press("c")
        visit.until("page.calm.value === 1")
        assert visit.page.get_attribute("#calm-switch", "aria-pressed") == "true"
        press("?")
        assert visit.page.is_visible("#help")
        press("b")
        visit.until("page.gate.value === 0")
        press("b")
        press("?")
        assert not visit.page.is_visible("#help")
        press("f")
        visit.until("document.fullscreenElement !== null")
        press("f")
        visit.until("document.fullscreenElement === null")
        press("End")
        visit.until("page.clock.ended || page.position > 39")
        press("Home")
        visit.until("page.position < 5")


def test_blackout_fades_to_dark_within_300_ms_and_back(browser: Any, page_file: Path) -> None:
    with Visit(browser, page_file) as visit:
        visit.start()
        dark_after = visit.page.evaluate(
            """() => new Promise((resolve) => { const page = beatomizerProbe.page, began = performance.now();
            window.dispatchEvent(new KeyboardEvent('keydown', { key: 'b' }));
            const look = () => page.gate.value === 0 ? resolve(performance.now() - began) : requestAnimationFrame(look);
            look(); })"""
        )
        assert dark_after < 300 + 80, "0.2 s, and a frame or two of a slow machine"
        assert visit.canvas().max() < 24
        assert visit.page.get_attribute("#blackout", "aria-pressed") == "true"
        visit.page.click("#blackout")
        visit.until("page.gate.value === 1")


def test_the_gate_keeps_hands_from_strobing(browser: Any, page_file: Path) -> None:
    """The worst hands: toggles and jumps at every rate for minutes, on full white light."""
    with Visit(browser, page_file) as visit:
        levels = visit.page.evaluate(
            """() => { const gate = new beatomizerProbe.Gate(), calm = new beatomizerProbe.Glide(false), out = [];
            let seed = 1; const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
            for (let frame = 0; frame < 12000; frame++) {
              const now = frame * 1000 / 60, eager = 0.02 + 0.3 * (Math.floor(frame / 600) % 10) / 10;
              if (random() < eager) gate.blackout = !gate.blackout;
              if (random() < eager / 3) gate.dip(now);
              if (random() < eager) calm.on = !calm.on;
              out.push([gate.step(now), calm.step(now)]);
            } return out; }"""
        )
    gate, calm = np.array(levels).T
    assert gate.max() == 1.0
    assert gate.min() == 0.0
    assert np.diff(gate).max() <= 1 / 18 + 1e-6, "0.3 s up"
    for level in (gate, 1 - calm):
        white = np.repeat(np.round(level * 255).astype(np.uint8)[:, None, None], 3, axis=2)
        counts = judge(white, "broadcast").counts
        assert max(int(count.max()) for count in counts.values()) <= 3, (
            "hands make at most 1.5 flashes a second"
        )


def test_the_drawn_stage_flashes_no_more_than_the_show(browser: Any, tmp_path: Path) -> None:
    """A show at the edge of what is allowed, drawn frame by frame and judged as pixels."""
    t = np.arange(FPS * 4)
    wanted = np.zeros((len(t), 6, 3), dtype=np.uint8)
    for zone in range(6):
        wanted[:, zone] = np.where((t // (5 + zone) % 2)[:, None] > 0, [255, 255 - 30 * zone, 40 * zone], 0)
    show = limit(Show(wanted))
    assert judge(show.rgb8).ok
    with Visit(
        browser, written(show, tmp_path / "edge.html"), viewport={"width": 480, "height": 320}
    ) as visit:
        frames = visit.page.evaluate(
            """async (count) => { const page = beatomizerProbe.page, small = document.createElement('canvas');
            small.width = 12; small.height = 8; const context = small.getContext('2d', { willReadFrequently: true });
            const out = [];
            for (let frame = 0; frame < count; frame++) {
              page.light.colors(frame / 60 + 1e-4, 0, page.colors);
              page.stage.draw(page.colors, 1);
              context.drawImage(document.getElementById('light-canvas'), 0, 0, 12, 8);
              out.push(Array.from(context.getImageData(0, 0, 12, 8).data));
            } return out; }""",
            show.frames,
        )
    regions = np.array(frames, dtype=np.uint8).reshape(show.frames, 96, 4)[..., :3]
    assert regions.max() > 90, "the stage is lit"
    assert judge(regions).ok


def test_reduced_motion_means_calm_light(browser: Any, page_file: Path) -> None:
    with Visit(browser, page_file, reduced_motion="reduce") as visit:
        assert visit.page.is_visible("#reduced")
        assert "primary" in (visit.page.get_attribute("#start-calm", "class") or "")
        visit.page.keyboard.press("Enter")  # the focus is on the suggestion
        visit.until("page.position > 0.2")
        assert visit.get("page.calm.value") == 1
        visit.page.click("#calm-switch")
        visit.until("page.calm.value === 0")


def test_it_fits_every_screen(browser: Any, page_file: Path) -> None:
    screens = ((360, 640), (390, 844), (844, 390), (1280, 800), (1920, 1080))
    with Visit(browser, page_file, viewport={"width": 360, "height": 640}) as visit:
        card = visit.page.locator(".card").bounding_box()
        assert card["x"] >= 0
        assert card["x"] + card["width"] <= 360
        assert visit.page.locator("#start-full").bounding_box()["y"] < 640, "the choice is in sight"
        visit.page.click("#start-full")
        for width, height in screens:
            visit.page.set_viewport_size({"width": width, "height": height})
            visit.until(f"page.stage.width === {width}")
            for name in ("play", "seek", "time", "mute", "calm-switch", "blackout", "full"):
                box = visit.page.locator(f"#{name}").bounding_box()
                assert box is not None, name
                assert box["x"] >= 0, name
                assert box["x"] + box["width"] <= width, name
                assert box["y"] + box["height"] <= height, name
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
            assert visit.get("page.stage.end - page.stage.truss") > 0.3 * height, "room for the stage"


@pytest.mark.parametrize("zones", [1, 512])
def test_a_show_without_sound_plays_by_the_clock(browser: Any, tmp_path: Path, zones: int) -> None:
    with Visit(browser, written(made_show(2.0, zones), tmp_path / "mute.html")) as visit:
        visit.page.click("#start-full")
        visit.until("page.position > 0.7 && page.gate.value === 1")
        assert not visit.page.is_visible("#mute")
        assert visit.canvas().max() > 20
        visit.until("page.clock.ended")
        visit.page.keyboard.press("Space")
        visit.until("page.clock.playing && page.position < 1.5")
        assert visit.complaints == []


def test_every_control_has_a_name_and_can_be_reached_by_keyboard(browser: Any, page_file: Path) -> None:
    with Visit(browser, page_file) as visit:
        visit.start()
        names = visit.page.eval_on_selector_all(
            "#controls button, #controls input",
            "all => all.map((one) => one.getAttribute('aria-label') || one.textContent.trim())",
        )
        assert all(names)
        visit.page.evaluate("document.activeElement.blur()")
        reached = set()
        for _ in range(10):
            visit.page.keyboard.press("Tab")
            reached.add(visit.page.evaluate("document.activeElement.id"))
        assert {"seek", "play", "mute", "volume", "calm-switch", "blackout", "help-button", "full"} <= reached
        visit.page.focus("#blackout")
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Shift+Tab")
        assert visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
