"""The studio's page in a real browser against a real server: the first five minutes, and what comes after."""

import io
import json
import re
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from beatomizer.safety.judge import judge
from beatomizer.studio.pages import lighter, page_files
from beatomizer.timebase import FPS
from tests.browsers import chromium
from tests.made_shows import write_click_song
from tests.studio_server import StudioProcess, studio

pytestmark = pytest.mark.integration

HOSTILE = "<img src=x onerror=\"document.title='owned'\">'\"&{{name}}\u202e"
SECONDS = 24.0
QUIET = r"409|Failed to load resource: net::ERR_|WebSocket connection to"
"""What a browser says by itself when a server is away."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    pytest.importorskip("starlette", reason="needs the extra 'studio'")
    with chromium("--autoplay-policy=user-gesture-required") as browser:
        yield browser


@pytest.fixture(scope="module")
def server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioProcess]:
    with studio(tmp_path_factory.mktemp("studio")) as process:
        yield process


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_click_song(tmp_path_factory.mktemp("song") / "Nice song.wav", SECONDS)


@pytest.fixture(scope="module")
def ready(server: StudioProcess, song: Path) -> str:
    """The id of a project that has everything."""
    return str(server.until(server.upload(song)["id"])["id"])


class Visit:
    """One open page, with all that it complained about."""

    def __init__(self, browser: Any, address: str, answered: str = "", **context: Any) -> None:
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 720}, **context})
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if answered:
            self.page.add_init_script(f"sessionStorage.setItem('beatomizer.light', '{answered}')")
        self.page.goto(address)
        self.page.wait_for_selector("body.ready", state="attached")

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def get(self, expression: str) -> Any:
        """A value of the running page, e.g. ``transport.position_s``."""
        names = "store, transport, stage, desk, measures"
        return self.page.evaluate(f"(() => {{ const {{ {names} }} = beatomizer; return {expression}; }})()")

    def until(self, expression: str, within_s: float = 60.0) -> None:
        """Wait until the expression is true. (Playwright's own waiting uses eval, which the page forbids.)"""
        end = time.monotonic() + within_s
        while not self.get(expression):
            if time.monotonic() > end:
                pytest.fail(
                    f"never true: {expression}; {self.page.inner_text('body')[:300]}; {self.complaints}"
                )
            self.page.wait_for_timeout(25)

    def whole(self) -> None:
        """Wait for the refined show with its sound."""
        self.until(
            "store.light && store.project && !store.project.coarse && transport.hasSound && store.wave"
        )


def opened(browser: Any, server: StudioProcess, project: str, **context: Any) -> Visit:
    visit = Visit(browser, f"{server.origin}/#project={project}", **{"answered": "full", **context})
    visit.whole()
    return visit


def picture(visit: Visit) -> np.ndarray:
    """The light of the stage, small, ``[9, 16, 3]``."""
    image = visit.page.locator("#light-canvas").screenshot()
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGB").resize((16, 9)))


def test_the_first_five_minutes(browser: Any, server: StudioProcess, song: Path, tmp_path: Path) -> None:
    with Visit(browser, server.origin) as visit:
        page = visit.page
        assert page.is_visible("#choose")
        assert page.is_visible("#demo")
        assert page.is_visible("#blackout")
        page.set_input_files("#file", song)
        page.wait_for_selector("#notice[open]")
        assert "seizures" in page.inner_text("#notice-text")
        page.keyboard.press("Escape")
        assert page.is_visible("#notice"), "Esc is no answer"
        visit.until("store.light")
        assert not visit.get("transport.playing"), "nothing moves before the answer"
        assert visit.get("stage.gate.value") == 0
        page.click("#notice-full")
        visit.until("transport.playing && transport.position_s > 0.3 && stage.gate.value > 0.9")
        visit.whole()
        assert visit.get("store.past.length") == 0, "listening is no step of hers"
        visit.until("transport.audio.currentTime > 0.5")
        assert page.input_value("#name") == "Nice song"

        page.keyboard.press("Space")
        visit.until("!transport.playing")
        page.click(".timeline .part >> nth=0")
        assert page.get_attribute("#tab-cue", "aria-selected") == "true"
        before = visit.get("store.light.planes.slice(0, 20000).reduce((sum, value) => sum + value, 0)")
        look = "strobe" if visit.get("store.cues.cues[0].look") != "strobe" else "pulse"
        page.click(f".inspector .look:has-text('{look}') >> nth=0")
        visit.until("store.canUndo && store.savedState.state === 'saved'")
        visit.until(f"store.light.planes.slice(0, 20000).reduce((sum, value) => sum + value, 0) !== {before}")
        assert visit.get("store.kept.length") == 1, "an edited section is pinned"

        page.click("#export-button")
        for box in page.query_selector_all("#export-formats input:checked"):
            box.uncheck()
        page.check("#export-formats input[value='.json']")
        page.click("#export-go")
        with page.expect_download() as download:
            page.click(".download")
        download.value.save_as(tmp_path / "cues.json")
        cues = json.loads((tmp_path / "cues.json").read_text(encoding="utf-8"))["cues"]
        assert look in {cue["look"] for cue in cues}, "the file has the edit"
        page.keyboard.press("Escape")
        page.keyboard.press("Control+z")
        visit.until(f"!store.cues.cues.slice(0, 3).some((cue) => cue.look === '{look}')")
        assert visit.complaints == []


def test_wishes_of_the_show_tab(browser: Any, server: StudioProcess, ready: str, tmp_path: Path) -> None:
    flag = Image.new("RGB", (60, 40), (200, 20, 30))
    flag.paste((20, 60, 220), (0, 0, 30, 40))
    flag.save(tmp_path / "flag.png")
    with opened(browser, server, ready) as visit:
        page = visit.page
        shows = visit.get("store.project.show")
        page.focus("#panel-show input[type=range]")
        page.keyboard.press("End")
        visit.until("store.project.wishes.energy === 1")
        page.click("text=More palettes")
        page.click("#panel-show .choice:has-text('neon')")
        visit.until("store.project.wishes.palette === 'neon' && store.cues.palette.includes('#ff00c8')")
        page.set_input_files("#panel-show input[type=file]", tmp_path / "flag.png")
        visit.until("/^#[0-9a-f]{6},#/.test(store.project.wishes.palette)")
        hues = visit.get("store.project.wishes.palette").split(",")
        assert any(int(color[1:3], 16) > 2 * int(color[5:7], 16) for color in hues), hues
        assert any(int(color[5:7], 16) > 2 * int(color[1:3], 16) for color in hues), hues
        page.focus("#panel-show .swatch >> nth=0")
        page.keyboard.press("Alt+ArrowRight")
        visit.until(f"store.project.wishes.palette.startsWith('{hues[1]},{hues[0]}')")
        page.click("#panel-show .swatch.add")
        visit.until(f"store.project.wishes.palette.split(',').length === {len(hues) + 1}")
        page.focus("#panel-show .swatch >> nth=0")
        page.keyboard.press("Delete")
        visit.until(f"store.project.wishes.palette.split(',').length === {len(hues)}")
        page.click("text=Another idea")
        visit.until("store.project.wishes.seed !== 0")
        page.click("#panel-show button:has-text('Back')")
        visit.until("store.project.wishes.seed === 0")
        page.select_option("#panel-show select >> nth=0", "calm")
        visit.until("store.project.report && store.project.report.profile === 'calm'")
        assert "No flash" in page.inner_text("#panel-show .report")
        page.fill("#panel-show input[type=number]", "3")
        page.keyboard.press("Enter")
        visit.until("stage.zones === 3 && store.light.values === 9")
        assert visit.get("store.project.show") > shows
        page.fill("#panel-show input[type=number]", "8")
        page.keyboard.press("Enter")
        visit.until("store.light.values === 24 && stage.zones === 8")
        assert visit.complaints == []


def test_lamps_are_moved_by_pointer_and_keys_and_stay(
    browser: Any, server: StudioProcess, ready: str
) -> None:
    with opened(browser, server, ready) as visit:
        page = visit.page
        page.click("#arrange")
        assert visit.get("document.activeElement.parentElement.id") == "lamps", "the arrows move one at once"
        box = page.locator("#lamps .lamp >> nth=2").bounding_box()
        page.mouse.move(box["x"] + 18, box["y"] + 18)
        page.mouse.down()
        page.mouse.move(box["x"] + 70, box["y"] + 120, steps=4)
        page.mouse.up()
        page.focus("#lamps .lamp >> nth=5")
        for _ in range(8):
            page.keyboard.press("Shift+ArrowDown")
        assert "on the floor" in str(page.get_attribute("#lamps .lamp >> nth=5", "aria-label"))
        end = time.monotonic() + 20
        while (lamps := server.project(ready)["stage"]["lamps"]) is None or lamps[5][1] < 0.7:
            assert time.monotonic() < end
            page.wait_for_timeout(50)
        assert lamps[2][1] > 0.1
        assert lamps[0] == pytest.approx([0.0625, 0.0], abs=0.001)
    with opened(browser, server, ready) as visit:
        assert visit.get("stage.stage.lamps[5].up")
        visit.page.click("#arrange")
        visit.page.click("#straighten")
        visit.until("!stage.stage.lamps[5].up")


def test_blackout_calm_mute_and_help_by_keys(browser: Any, server: StudioProcess, ready: str) -> None:
    with opened(browser, server, ready) as visit:
        press = visit.page.keyboard.press
        press("Space")
        visit.until("transport.playing && stage.gate.value === 1")
        press("b")
        visit.until("stage.gate.value === 0", within_s=5)
        assert visit.page.get_attribute("#blackout", "aria-pressed") == "true"
        assert picture(visit)[:4].max() < 40
        press("b")
        visit.until("stage.gate.value === 1")
        press("c")
        visit.until("stage.calm.value === 1")
        press("m")
        assert visit.get("transport.audio.muted")
        press("Home")
        visit.until("transport.position_s < 2")
        press("ArrowRight")
        visit.until("transport.position_s > 4.9")
        press("l")
        visit.until("transport.loop !== null")
        press("l")
        press("?")
        assert visit.page.is_visible("#help")
        press("Escape")
        assert not visit.page.is_visible("#help")
        visit.page.click("#name")
        press("End")
        visit.page.keyboard.type(" b?")
        assert not visit.get("stage.gate.blackout"), "keys are not taken from text"
        press("Enter")
        visit.until("store.project.name.endsWith(' b?')")
        assert server.project(ready)["name"].endswith(" b?")
        assert visit.complaints == []


def test_hostile_names_and_tags_are_text(browser: Any, server: StudioProcess, tmp_path: Path) -> None:
    song = tmp_path / "song.flac"
    _tagged(song, title=HOSTILE, artist=HOSTILE)
    body = list(song.read_bytes())
    with Visit(browser, server.origin, answered="full") as visit:
        visit.page.evaluate(
            """([bytes, name]) => { const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], name));
            window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })); }""",
            [body, HOSTILE + ".flac"],
        )
        visit.until("store.light")
        assert "<img src=x" in visit.page.input_value("#name")
        visit.page.click("#projects-button")
        visit.page.wait_for_selector("#recent-list li:has-text('<img src=x')")
        assert visit.page.locator("img").count() == 0
        assert visit.page.title() != "owned"
        assert visit.complaints == []


def test_what_is_no_song_says_so(browser: Any, server: StudioProcess, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not music " * 50)
    (tmp_path / "empty.mp3").write_bytes(b"")
    with Visit(browser, server.origin) as visit:
        visit.page.set_input_files("#file", tmp_path / "empty.mp3")
        visit.page.wait_for_selector("#start-trouble:has-text('empty')")
        Image.new("RGB", (8, 8)).save(tmp_path / "beach.png")
        visit.page.set_input_files("#file", tmp_path / "beach.png")
        visit.page.wait_for_selector("#start-trouble:has-text('Open a show first')")
        visit.page.set_input_files("#file", tmp_path / "notes.txt")
        visit.page.wait_for_selector("#work.failed")
        assert "'notes' is text" in visit.page.inner_text("#work-text"), "called by its own name"
        assert visit.page.is_visible("#work-again")
        assert not visit.page.is_visible("#notice"), "nothing flashes"
        assert visit.get("document.querySelectorAll('#panel-show .part:not([inert])').length") == 0
        visit.page.click("#home")
        visit.page.click("#recent-list .failed .plain")
        visit.page.click("#ask-yes")
        visit.page.wait_for_selector("#recent-list .failed", state="detached")


def test_what_happens_while_a_project_is_fetched_is_not_lost(
    browser: Any, server: StudioProcess, tmp_path: Path
) -> None:
    (tmp_path / "words.mp3").write_text("not music " * 50)
    with Visit(browser, server.origin, answered="full") as visit:

        def slow(route: Any) -> None:
            answer = route.fetch()
            while server.running(route.request.url.rsplit("/", 1)[1]):
                time.sleep(0.05)
            visit.page.wait_for_timeout(200)
            route.fulfill(response=answer)

        visit.page.route(re.compile(r"/api/projects/[a-z0-9]{12}$"), slow, times=1)
        visit.page.set_input_files("#file", tmp_path / "words.mp3")
        visit.page.wait_for_selector("#work.failed", timeout=20_000)
        made = visit.page.evaluate("location.hash.split('=')[1]")
    assert server.ask("DELETE", f"/api/projects/{made}").status == 200


def test_it_fits_every_screen(browser: Any, server: StudioProcess, ready: str) -> None:
    screens = ((360, 640), (390, 844), (844, 390), (1280, 720), (1440, 900), (3840, 2160))
    with opened(browser, server, ready) as visit:
        for place in ("studio", "start"):
            if place == "start":
                visit.page.click("#home")
            for width, height in screens:
                visit.page.set_viewport_size({"width": width, "height": height})
                visit.page.wait_for_timeout(120)
                over = visit.page.evaluate(
                    "Math.max(document.documentElement.scrollWidth, document.body.scrollWidth, "
                    "...[...document.querySelectorAll('main, #studio, #start, #side')].map((one) => one.scrollWidth))"
                )
                assert over <= width, f"{place} scrolls sideways at {width}"
                for name in (
                    "blackout",
                    *(("play", "light-canvas") if place == "studio" else ("choose", "demo")),
                ):
                    box = visit.page.locator(f"#{name}").bounding_box()
                    assert box is not None, name
                    assert box["x"] >= 0, name
                    assert box["x"] + box["width"] <= width, (name, width)
                    assert box["y"] + box["height"] <= height, (name, width)


def test_keyboard_only(browser: Any, server: StudioProcess, ready: str) -> None:
    """From the start screen to a changed show without a pointer."""
    with Visit(browser, server.origin) as visit:
        page, press = visit.page, visit.page.keyboard.press
        page.wait_for_selector("#recent-list .open")
        reached = _tab_to(page, "document.activeElement.matches('#recent-list .open')")
        assert {"home", "blackout", "choose", "demo"} <= reached
        press("Enter")
        page.wait_for_selector("#notice[open]")
        press("Enter")
        visit.whole()
        press("Space")
        visit.until("transport.playing")
        reached = _tab_to(page, "document.activeElement.id === 'tab-show'")
        assert {"calm", "arrange", "full", "loop", "mute", "volume", "zoom-in"} <= reached
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "the focus is seen"
        press("ArrowRight")
        assert page.get_attribute("#tab-cue", "aria-selected") == "true"
        press("ArrowLeft")
        _tab_to(page, "document.activeElement.textContent === 'Another idea'")
        press("Enter")
        visit.until("store.canUndo")
        names = page.evaluate(
            """[...document.querySelectorAll('button, input, select, canvas, [role=tab], a')]
            .filter((one) => one.checkVisibility() && !one.closest('[aria-hidden=true]'))
            .filter((one) => !(one.getAttribute('aria-label') || one.textContent.trim() || one.title
              || one.getAttribute('aria-labelledby') || one.labels?.length)).map((one) => one.outerHTML)"""
        )
        assert names == [], "everything has a name"


def test_axe_finds_nothing_serious(browser: Any, server: StudioProcess, ready: str) -> None:
    axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the 'test' group")
    axe = axe_api.Axe()
    address = f"{server.origin}/#project={ready}"
    with Visit(
        browser, address, bypass_csp=True
    ) as visit:  # axe is put into the page, which the page forbids
        page = visit.page

        def look(place: str) -> None:
            found = axe.run(page).response["violations"]
            serious = [one for one in found if one["impact"] in ("serious", "critical")]
            assert not serious, (place, [(one["id"], one["nodes"][0]["target"]) for one in serious])

        page.wait_for_selector("#notice[open]")
        look("notice")
        page.click("#notice-full")
        visit.whole()
        look("show")
        page.click(".timeline .part >> nth=0")
        look("cue")
        for tab in ("lights", "live"):
            page.click(f"#tab-{tab}")
            look(tab)
        page.keyboard.press("e")
        look("export")
        page.keyboard.press("Escape")
        page.set_viewport_size({"width": 390, "height": 844})
        look("phone")
        page.click("#home")
        look("start")


def test_fingers_find_every_control(browser: Any, server: StudioProcess, ready: str) -> None:
    """At least 24 px each way (WCAG 2.2, 2.5.8); what lies unseen in a label is as large as that."""
    added = server.ask("POST", "/api/lights/add", {"kind": "ddp", "host": "127.0.0.1", "port": 9})
    assert added.status == 201
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
    with opened(browser, server, ready, **phone) as visit:
        for tab in ("show", "cue", "lights", "live"):
            visit.page.click(f"#tab-{tab}")
            if tab == "cue":
                visit.page.click(".timeline .part >> nth=0")
            visit.page.wait_for_selector(f"#panel-{tab} :is(button, input)")
            small = visit.page.evaluate(
                """(() => { for (const one of document.querySelectorAll('details')) one.open = true;
                const controls = [...document.querySelectorAll('button, a[href], input, select, summary')];
                return controls.filter((one) => one.checkVisibility() && !one.closest('[aria-hidden=true]'))
                  .map((one) => [one, (one.matches('.unseen') && one.closest('label') || one).getBoundingClientRect()])
                  .filter(([, box]) => box.width < 23.9 || box.height < 23.9)
                  .map(([one, box]) => [one.outerHTML.slice(0, 120), box.width, box.height]); })()"""
            )
            assert [one for one in small if 'type="file"' not in one[0]] == [], tab
    assert server.ask("DELETE", f"/api/lights/{added.json['id']}").status == 200


def _tab_to(page: Any, there: str, most: int = 60) -> set[str]:
    """Press Tab until a condition holds; the ids passed on the way."""
    passed = set()
    for _ in range(most):
        page.keyboard.press("Tab")
        passed.add(str(page.evaluate("document.activeElement.id")))
        if page.evaluate(there):
            return passed
    raise AssertionError(f"not reached: {there}; {passed}")


def test_reduced_motion_suggests_calm_light(browser: Any, server: StudioProcess, ready: str) -> None:
    address = f"{server.origin}/#project={ready}"
    with Visit(browser, address, reduced_motion="reduce") as visit:
        visit.page.wait_for_selector("#notice[open]")
        assert visit.page.is_visible("#notice-reduced")
        assert visit.page.evaluate("document.activeElement.id") == "notice-calm"
        visit.page.keyboard.press("Enter")
        visit.until("stage.allowed && stage.calm.value === 1")


def test_the_server_is_killed_and_comes_back(browser: Any, song: Path, tmp_path: Path) -> None:
    first = StudioProcess(tmp_path)
    project = first.until(first.upload(song)["id"])["id"]
    with opened(browser, first, project) as visit:
        first.end(9)
        visit.page.wait_for_selector("#offline:not([hidden])")
        visit.page.click(".timeline .part >> nth=0")
        visit.page.click(".inspector .look:has-text('sparkle') >> nth=0")
        visit.until("store.savedState.state === 'offline'")
        visit.page.keyboard.press("Space")
        visit.until("transport.playing")
        with studio(tmp_path, "--port", str(first.port)) as second:
            visit.page.wait_for_selector("#offline", state="hidden")
            visit.until("store.savedState.state === 'saved'")
            assert any(cue["look"] == "sparkle" for cue in second.project(project)["cues"]["cues"])
        loud = [text for text in visit.complaints if not re.search(QUIET, text)]
        assert loud == []


def test_a_slow_network_shows_how_far_it_is(browser: Any, server: StudioProcess, ready: str) -> None:
    with Visit(browser, server.origin, answered="full") as visit:
        wire = visit.context.new_cdp_session(visit.page)
        wire.send("Network.enable")
        slow = {"offline": False, "latency": 250, "downloadThroughput": 60_000, "uploadThroughput": 60_000}
        wire.send("Network.emulateNetworkConditions", slow)
        visit.page.click("#recent-list .open:has-text('Nice song') >> nth=0")
        assert visit.page.is_visible("#work"), "it says that it works"
        visit.until("store.light && transport.hasSound")
        assert not visit.page.is_visible("#work")
        visit.page.keyboard.press("Space")
        visit.until("transport.playing && transport.position_s > 0.5")
        assert visit.complaints == []


@pytest.mark.realtime
def test_light_follows_the_sound_at_sixty_frames(browser: Any, server: StudioProcess, ready: str) -> None:
    with opened(browser, server, ready) as visit:
        visit.page.keyboard.press("Space")
        for place in (None, 12.3):
            if place is not None:
                visit.get(f"transport.seek({place})")
            visit.until("transport.playing && transport.position_s > 0.5 && stage.gate.value === 1")
            visit.page.wait_for_timeout(500)
            visit.get("measures.drawn.length = measures.frames.length = 0")
            visit.page.wait_for_timeout(3000)
            drawn, frames = np.array(visit.get("measures.drawn")), np.array(visit.get("measures.frames"))
            error_ms = np.abs((drawn[:, 0] + 0.5) / FPS - drawn[:, 1]) * 1000
            assert drawn[-1, 1] - drawn[0, 1] > 2.0, "the sound goes on"
            assert np.median(error_ms) <= 20
            assert 1000 / np.median(frames) >= 55


def test_hands_cannot_make_the_stage_flash(browser: Any, server: StudioProcess, ready: str) -> None:
    """Scrubbing, jumping, other lights and play/pause at every rate, on the worst light there is."""
    with Visit(browser, server.origin) as visit:
        frames = visit.page.evaluate(
            """async () => { const { Preview } = await import('/static/preview.js');
            const box = document.createElement('div'); document.body.append(box);
            box.style.width = '160px'; box.style.height = '90px'; box.style.position = 'fixed';
            const canvases = [0, 1].map(() => document.createElement('canvas')); box.append(...canvases);
            let clock = 1000; performance.now = () => clock;
            const preview = new Preview(...canvases), out = [];
            const fake = (swap) => ({ frames: 6000, values: 12, frameAt: (s) => Math.floor(s * 60),
              colors(s, calm, to) { to.fill(Math.floor(s) % 2 ^ swap ? 255 : 0); return Math.floor(s * 60); } });
            preview.setLight(fake(0)); preview.allow(false);
            let seed = 7, position = 0, playing = false, swap = 0;
            const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
            for (let frame = 0; frame < 9000; frame++) {
              clock += 1000 / 60; const eager = 0.3 * (Math.floor(frame / 900) % 5) / 4 + 0.01;
              if (playing) position += 1 / 240;
              if (random() < eager) { position = Math.floor(random() * 90); preview.jump(); }
              if (random() < eager / 2) playing = !playing;
              if (random() < eager / 2) preview.setLight(fake(swap ^= 1));
              preview.tick(clock, position, playing, false);
              const shown = preview.drawn || new Float32Array(12);
              out.push(shown[0] * preview.gate.value);
            } return out; }"""
        )
    white = np.repeat(np.round(np.array(frames)).astype(np.uint8)[:, None, None], 3, axis=2)
    assert white.max() == 255
    counts = judge(white, "broadcast").counts
    assert max(int(count.max()) for count in counts.values()) <= 6


def test_live_sound_without_a_song(browser: Any, server: StudioProcess) -> None:
    with Visit(browser, server.origin, answered="full") as visit:
        visit.page.click("#go-live")
        assert visit.page.get_attribute("#tab-live", "aria-selected") == "true"
        assert not visit.page.is_visible("#timeline")
        visit.get("stage.showLive(new Uint8Array(15).fill(200), 5)")
        visit.until("stage.source === 'live' && stage.zones === 5 && stage.gate.value === 1")
        assert picture(visit).max() > 120
        visit.get("stage.showProject()")
        visit.until("stage.gate.value === 0")
        visit.page.go_back()
        visit.page.wait_for_selector("#choose")
        assert visit.complaints == []


def test_the_page_is_light(browser: Any, server: StudioProcess, ready: str) -> None:
    """All that is sent to open, play and shape a show, uncompressed."""
    with opened(browser, server, ready) as visit:
        sizes = visit.page.evaluate(
            """performance.getEntries().filter((one) => one.decodedBodySize && !one.name.includes('/api/'))
            .map((one) => [one.name, one.decodedBodySize])"""
        )
    assert len(sizes) > 20
    assert sum(size for _, size in sizes) < 250_000, sorted(sizes, key=lambda one: one[1])


def test_files_served_lighter_keep_their_lines() -> None:
    for path in page_files().values():
        text = path.read_bytes()
        served = lighter(text, path.suffix)
        if path.suffix in (".js", ".css", ".html"):
            assert served.count(b"\n") == text.count(b"\n"), path
            assert all(line.count(b"`") % 2 == 0 for line in text.split(b"\n")), (
                f"{path}: text over several lines"
            )
        else:
            assert served == text
    code = b"  a = 1;\n  /* one\n     two */\n/** three */ b = '/*';\n  // four\n  c = 2; // five\n"
    assert lighter(code, ".js") == b"a = 1;\n\n\n/** three */ b = '/*';\n\nc = 2; // five\n"
    assert lighter(b"a , b { c: d; }\n", ".css") == b"a,b{c:d;}\n"
    assert lighter(b"  x ", ".png") == b"  x "


def _tagged(path: Path, **tags: str) -> None:
    """A short song as FLAC with tags."""
    import av

    with wave.open(str(write_click_song(path.with_suffix(".wav"), 6.0)), "rb") as sound:
        rate, data = sound.getframerate(), sound.readframes(sound.getnframes())
    samples = np.frombuffer(data, dtype="<i2").reshape(1, -1)
    with av.open(str(path), "w") as container:
        container.metadata.update(tags)
        stream = container.add_stream("flac", rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "s16", "stereo")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
