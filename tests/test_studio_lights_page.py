"""The Lights tab in real Chromium: a lamp is added, lit by what the page plays, lined up, and darkened."""

import json
import struct
import time
import zlib

import numpy as np
import pytest

from beatomizer.studio.lights_desk import SHOW_LEAD_S
from tests.browsers import chromium
from tests.lamps import Lamp
from tests.songs import beat_song, write_wav
from tests.studio_server import studio

pytestmark = [pytest.mark.integration, pytest.mark.realtime]

HARM = ("serious", "critical")


@pytest.fixture(scope="module")
def browser():
    with chromium("--autoplay-policy=no-user-gesture-required") as browser:
        yield browser


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(30_000)
    yield page
    page.close()


def until(page, expression, timeout_s=30.0):
    """The page's policy forbids Playwright's own waiting by text."""
    end = time.monotonic() + timeout_s
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        time.sleep(0.05)


def page_clock(page):
    """Seconds to add to performance.now() for our monotonic clock: the quickest of some questions."""
    answers = []
    for _ in range(12):
        before = time.monotonic()
        theirs = page.evaluate("performance.now()") / 1000.0
        after = time.monotonic()
        answers.append((after - before, (before + after) / 2.0 - theirs))
    return min(answers)[1]


def brightness(server, id):
    """Of the project's light, each frame: the mean of all zones."""
    body = server.ask("GET", f"/api/projects/{id}/light").body
    (length,) = struct.unpack("<I", body[:4])
    header = json.loads(body[4 : 4 + length])
    planes = zlib.decompress(body[4 + length : 4 + length + header["light_bytes"]])
    shape = (header["zones"] * 3, header["frames"])
    return np.cumsum(np.frombuffer(planes, np.uint8).reshape(shape), axis=1, dtype=np.uint8).mean(axis=0)


def lateness_s(times, light, frames, where):
    """By how much later than the page the lamp shows the show: the shift at which the two agree best."""
    shifts = np.arange(-0.2, 0.2, 0.004)
    positions = np.array([where(at_s) for at_s in times])
    likeness = []
    for shift in shifts:
        expected = frames[np.clip(((positions - shift) * 60).astype(int), 0, len(frames) - 1)]
        likeness.append(np.corrcoef(expected, light)[0, 1])
    print(f"likeness {max(likeness):.3f}")
    assert max(likeness) > 0.8
    return shifts[int(np.argmax(likeness))]


def test_a_lamp_follows_what_the_page_plays(page, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("BEATOMIZER_SETTINGS", str(tmp_path / "settings"))
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    with Lamp() as lamp, studio(tmp_path / "studio") as server:
        id = server.upload(write_wav(tmp_path / "song.wav", beat_song(30.0, bpm=100.0)))["id"]
        server.until(id)
        page.goto(f"{server.origin}/#project={id}")
        page.click("#notice-full")
        until(
            page,
            "window.beatomizer?.store?.project?.state === 'ready' && window.beatomizer.transport.hasSound",
        )
        page.click("#tab-lights")
        page.get_by_label("Kind of light").select_option("ddp")
        page.get_by_label("Address of the light").fill("8.8.8.8")
        page.get_by_label("Address of the light").press("Enter")
        until(
            page,
            "document.querySelector('#panel-lights .trouble').textContent.includes('not on this network')",
        )
        page.get_by_label("Address of the light").fill(f"127.0.0.1:{lamp.port}")
        page.get_by_label("Address of the light").press("Enter")
        page.get_by_role("button", name="Light this show").click()
        until(page, "document.querySelector('#panel-lights .go').textContent.includes('Stop')")
        if not page.evaluate("window.beatomizer.transport.playing"):
            page.click("#play")
        time.sleep(7.0)
        ahead_s = page_clock(page)
        drawn = np.array(page.evaluate("window.beatomizer.measures.drawn"))
        until(page, "document.querySelector('#panel-lights .rate').textContent.includes('fps')")
        page.keyboard.press("b")
        lamp.wait(lambda lamp: lamp.is_dark)
        page.keyboard.press("b")
        page.get_by_label("5 ms earlier").click()
        until(page, "document.querySelector('#panel-lights input[type=number]').value === '-5'")
        page.get_by_role("button", name="Stop the lights").click()
        until(page, "document.querySelector('#panel-lights .go').textContent.includes('Light this show')")
        assert lamp.is_dark
        frames = brightness(server, id)
    drawn_s, heard_s = drawn[:, 2] / 1000.0 + ahead_s, drawn[:, 1]
    kept = [n for n, at_s in enumerate(lamp.times) if drawn_s[0] + 1.5 < at_s < drawn_s[-1]]
    times, light = np.array(lamp.times)[kept], np.array([lamp.colours[n].mean() for n in kept])
    late_s = lateness_s(times, light, frames, lambda at_s: np.interp(at_s, drawn_s, heard_s))
    print(
        f"lamp after the sound: {1000 * late_s:.0f} ms (wanted {-1000 * SHOW_LEAD_S:.0f}), {len(kept)} packets"
    )
    assert abs(late_s + SHOW_LEAD_S) <= 0.020 + 0.020  # the goal, and a busy machine
    assert troubles == []


RIG = """
[outputs]
bar = "ddp://127.0.0.1:9"
[[fixture]]
name = "<b>Left</b>"
kind = "strip"
pixels = 4
output = "bar"
[[fixture]]
name = "Back"
role = "background"
kind = "strip"
output = "bar"
"""


def test_axe_finds_nothing_serious_in_either_tab_on_a_phone(browser, tmp_path, monkeypatch) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the 'test' group").Axe()
    monkeypatch.setenv("BEATOMIZER_SETTINGS", str(tmp_path / "settings"))
    with studio(tmp_path / "studio") as server:
        assert server.ask("PUT", "/api/rig", {"text": RIG}).status == 200
        place = {"kind": "ddp", "host": "127.0.0.1", "port": 9, "name": "<i>Lamp</i>"}
        assert server.ask("POST", "/api/lights/add", place).status == 201
        id = server.upload(write_wav(tmp_path / "song.wav", beat_song(6.0)))["id"]
        server.until(id)
        page = browser.new_page(viewport={"width": 360, "height": 740}, bypass_csp=True)  # for axe itself
        page.goto(f"{server.origin}/#project={id}")
        page.click("#notice-calm")
        for tab in ("live", "lights"):  # each is fetched when it is opened, so the order matters
            page.click(f"#tab-{tab}")
            if tab == "live":
                until(page, "document.querySelector('#panel-live select')?.options.length > 0")
                until(page, "document.querySelector('#panel-live').textContent.includes('(2 chosen')")
            else:
                until(page, "document.querySelectorAll('#panel-lights .light').length === 2")
            found = axe.run(page).response["violations"]
            serious = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in HARM]
            assert serious == [], tab
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.locator("#panel-lights b, #panel-lights i:not(.dot)").all_text_contents() == ["bar"]
        page.close()
