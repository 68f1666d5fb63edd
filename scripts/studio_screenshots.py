"""Photograph the studio for README and docs, from nothing: a composed song, a real server, a real Chromium, a lamp.

    python scripts/studio_screenshots.py [--only start playing editing lights live export phone review] [--out FOLDER]

Needs playwright, Chromium, the extra ``studio``, and PulseAudio's tools for ``live``. All of it stays on this machine.
"""

import argparse
import contextlib
import io
import json
import os
import re
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from beatomizer.audio.load import load_audio
from beatomizer.composer.compose import compose
from beatomizer.composer.song_file import write_song
from beatomizer.timebase import SAMPLE_RATE
from tests.lamps import Lamp
from tests.pulse_server import MISSING, PulseServer
from tests.studio_server import StudioProcess, studio

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 2,
}
MOST_BYTES = 150_000
"""Of one picture."""

SONGS = {5: "Night bus.flac", 17: "Second summer.flac"}
"""Beside the demo, so that the list of shows is one; seeds of the composer."""

REVIEWED_S = 6.0
"""So far into a take its films are lively."""

LIVE_FROM_S, LIVE_FOR_S = 8, 30
"""Of the song that is played: without its intro, and long enough for tempo and light to settle."""

LATENCY_MS = 500
"""Of the player: with 20 ms the sound stands still now and then on a busy machine (docs/lab-notebook.md)."""

MOVING = 8
"""Pictures of what moves; a busy machine takes some of them too late."""

BRIGHT = 7
"""Of the 24 colour values of 8 lamps, in a lively moment of live mode."""

STEADY = 15
"""Frames over which a lively moment lasts: no picture comes at the very frame that was meant."""

NAMES = ("start", "playing", "editing", "lights", "live", "export", "phone", "review")


class Camera:
    """Pages of one browser, and the pictures of them."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self._browser, self._folder = browser, folder

    @contextlib.contextmanager
    def page(self, address: str, **context: Any) -> Iterator[Any]:
        """A page whose notice has been answered."""
        view = self._browser.new_context(**(context or DESKTOP))
        page = view.new_page()
        page.set_default_timeout(60_000)
        page.add_init_script("sessionStorage.setItem('beatomizer.light', 'full')")
        page.goto(address)
        page.wait_for_selector("body.ready", state="attached")
        yield page
        view.close()

    def shoot(self, page: Any, name: str, best_of: int = 1) -> None:
        """Write ``studio-NAME.jpg``, the brightest of some, as fine as its size allows. (Small PNGs show bands.)"""
        path = self._folder / f"studio-{name}.jpg"
        taken = [Image.open(io.BytesIO(page.screenshot())).convert("RGB") for _ in range(best_of)]
        whole = max(taken, key=lambda picture: float(np.asarray(picture).mean()))
        for quality in (92, 88, 84, 78, 70):
            whole.save(path, quality=quality, subsampling=0, optimize=True, progressive=True)
            if path.stat().st_size <= MOST_BYTES:
                break
        print(f"{path}  {path.stat().st_size // 1000} kB")


def until(page: Any, condition: str, within_s: float = 90.0) -> None:
    """Wait for a condition; the page's policy forbids Playwright's own way."""
    end = time.monotonic() + within_s
    while not page.evaluate(condition):
        if time.monotonic() > end:
            raise TimeoutError(condition)
        page.wait_for_timeout(20)


def lively_s(server: StudioProcess, id: str, start: float = 0.35, end: float = 0.8) -> float:
    """The moment with the most light, between two shares of a song, seconds."""
    body = server.ask("GET", f"/api/projects/{id}/light").body
    (length,) = struct.unpack("<I", body[:4])
    header = json.loads(body[4 : 4 + length])
    planes = zlib.decompress(body[4 + length : 4 + length + header["light_bytes"]])
    steps = np.frombuffer(planes, np.uint8).reshape(header["zones"] * 3, header["frames"])
    light = np.cumsum(steps, axis=1, dtype=np.uint8).astype(float).mean(axis=0)
    light = np.convolve(light, np.ones(STEADY) / STEADY, "same")
    first, last = int(start * len(light)), int(end * len(light))
    return (first + int(np.argmax(light[first:last]))) / 60.0


def whole(page: Any) -> None:
    """Wait until the refined show, its sound and its waveform are there."""
    until(
        page,
        "beatomizer.store.light && beatomizer.store.project && !beatomizer.store.project.coarse "
        "&& beatomizer.transport.hasSound && beatomizer.store.wave",
    )


def play_to(page: Any, at_s: float) -> None:
    """Play up to a moment, and on."""
    page.evaluate(f"beatomizer.transport.seek({max(0.0, at_s - 1.5)})")
    if not page.evaluate("beatomizer.transport.playing"):
        page.click("#play")
    until(page, f"beatomizer.transport.position_s >= {at_s - 0.2}")


def stand_at(page: Any, at_s: float) -> None:
    """Stand still at a moment, its light up."""
    if page.evaluate("beatomizer.transport.playing"):
        page.click("#play")
    page.evaluate(f"beatomizer.transport.seek({at_s})")
    page.wait_for_timeout(1500)
    page.evaluate("document.activeElement.blur()")


def part_at(page: Any, at_s: float) -> Any:
    """The part of the timeline that lies at a moment."""
    number = page.evaluate(
        f"beatomizer.store.cues.sections.findIndex((one) => one.start_s <= {at_s} && {at_s} < one.end_s)"
    )
    return page.locator(".timeline .part").nth(number)


def start(camera: Camera, server: StudioProcess, demo: str) -> None:
    with camera.page(server.origin) as page:
        page.wait_for_selector("#recent-list .open >> nth=2")
        page.wait_for_timeout(700)
        camera.shoot(page, "start")


def playing(camera: Camera, server: StudioProcess, demo: str) -> None:
    with camera.page(f"{server.origin}/#project={demo}") as page:
        whole(page)
        play_to(page, lively_s(server, demo))
        camera.shoot(page, "playing", MOVING)


def editing(camera: Camera, server: StudioProcess, demo: str) -> None:
    with camera.page(f"{server.origin}/#project={demo}") as page:
        whole(page)
        at_s = lively_s(server, demo)
        stand_at(page, at_s)
        part_at(page, at_s).click()
        page.click(".inspector .look:has-text('ripple') >> nth=0")
        until(page, "beatomizer.store.canUndo && beatomizer.store.savedState.state === 'saved'")
        until(page, "!document.querySelector('#say.shown')")
        for _ in range(2):
            page.click("#zoom-in")
        page.mouse.move(640, 300)
        stand_at(page, at_s)
        camera.shoot(page, "editing")
        page.keyboard.press("Control+z")
        until(page, "beatomizer.store.savedState.state === 'saved'")


def lights(camera: Camera, server: StudioProcess, demo: str) -> None:
    with Lamp() as sofa, Lamp() as shelf, camera.page(f"{server.origin}/#project={demo}") as page:
        whole(page)
        page.click("#tab-lights")
        page.get_by_label("Kind of light").select_option("ddp")
        for lamp, name in ((sofa, "Sofa strip"), (shelf, "Shelf")):
            page.get_by_label("Address of the light").fill(f"127.0.0.1:{lamp.port}")
            page.get_by_label("Address of the light").press("Enter")
            field = page.locator(f".light:has-text(':{lamp.port}') .light-label")
            field.fill(name)
            field.press("Tab")
        page.get_by_role("button", name="Light this show").click()
        play_to(page, lively_s(server, demo) - 4.0)
        until(
            page,
            "[...document.querySelectorAll('#panel-lights .dot')].filter((one) => one.matches('.on')).length === 2",
        )
        page.locator("#panel-lights").evaluate("(panel) => { panel.scrollTop = 0; }")
        until(page, f"beatomizer.transport.position_s >= {lively_s(server, demo) - 0.2}")
        camera.shoot(page, "lights", MOVING)
        page.get_by_role("button", name="Stop the lights").click()
        until(page, "document.querySelector('#panel-lights .go').textContent.includes('Light this show')")
    for light in server.ask("GET", "/api/lights").json["added"]:
        server.ask("DELETE", f"/api/lights/{light['id']}")


def live(camera: Camera, server: StudioProcess, pulse: PulseServer, song: Path) -> None:
    audio = load_audio(song)
    player = pulse.play(audio.samples[LIVE_FROM_S * SAMPLE_RATE :], SAMPLE_RATE, LATENCY_MS)
    try:
        with camera.page(f"{server.origin}/#live") as page:
            page.get_by_role("button", name="Listen").click()
            until(page, "document.querySelector('#panel-live .tempo').textContent.includes('BPM')")
            page.wait_for_timeout(LIVE_FOR_S * 1000)
            until(page, f"(beatomizer.stage.drawn ?? []).filter((value) => value > 150).length >= {BRIGHT}")
            camera.shoot(page, "live", MOVING)
            page.get_by_role("button", name="Stop").first.click()
            page.wait_for_timeout(500)
    finally:
        player.kill()
        player.wait()


def export(camera: Camera, server: StudioProcess, demo: str) -> None:
    with camera.page(f"{server.origin}/#project={demo}") as page:
        whole(page)
        stand_at(page, lively_s(server, demo))
        page.keyboard.press("e")
        for box in page.query_selector_all("#export-formats input:checked"):
            box.uncheck()
        for suffix in (".html", ".png"):
            page.check(f"#export-formats input[value='{suffix}']")
        page.click("#export-go")
        page.wait_for_selector(".download >> nth=1")
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(300)
        camera.shoot(page, "export")


def phone(camera: Camera, server: StudioProcess, demo: str) -> None:
    with camera.page(f"{server.origin}/#project={demo}", **PHONE) as page:
        whole(page)
        play_to(page, lively_s(server, demo))
        camera.shoot(page, "phone", MOVING)


def review(camera: Camera, folder: Path) -> None:
    made = ["dataset", "compose", "-o", folder / "takes", "--takes", "2", "--seed", "4", "--film"]
    command(*made, "--workers", "1", "--quiet")
    command("dataset", "build", folder / "takes", "-o", folder / "set", "--labels", "implied", "--quiet")
    with reviewed(folder / "set") as address, camera.page(address) as page:
        page.keyboard.press("a")
        page.keyboard.press(" ")
        page.click("#start-full")
        begin_s = page.evaluate("review.player.position")
        until(page, f"review.player.position > {begin_s + REVIEWED_S}")
        camera.shoot(page, "review")


def command(*words: object) -> None:
    """Run ``beatomizer …``."""
    subprocess.run([sys.executable, "-m", "beatomizer", *map(str, words)], check=True)


@contextlib.contextmanager
def reviewed(shards: Path) -> Iterator[str]:
    """``dataset review --serve``; its address."""
    words = [sys.executable, "-m", "beatomizer", "dataset", "review", str(shards)]
    words += ["--serve", "--no-browser", "--port", "0"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def main() -> None:
    """Compose, serve, look."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--out", type=Path, default=PICTURES)
    chosen = parser.parse_args()
    wanted = set(chosen.only)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ["BEATOMIZER_SETTINGS"] = str(folder / "settings")
        driver = stack.enter_context(sync_playwright())
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        camera = Camera(browser, chosen.out)
        if "review" in wanted:
            review(camera, folder)
        pulse = None
        if "live" in wanted and not MISSING:
            (folder / "pulse").mkdir()
            pulse = stack.enter_context(PulseServer(folder / "pulse"))
            pulse.unplug()
            words = (
                "sink_name=room",
                "rate=48000",
                "channels=2",
                "sink_properties=device.description=Speakers",
            )
            pulse.run("pactl", "load-module", "module-null-sink", *words)
            os.environ.update(pulse.environment)
        if wanted - {"review"}:
            photograph(camera, stack.enter_context(studio(folder / "studio")), folder, wanted, pulse)
        browser.close()


def photograph(
    camera: Camera, server: StudioProcess, folder: Path, wanted: set[str], pulse: PulseServer | None
) -> None:
    """All pictures of the studio that are wanted, with three shows in it."""
    for seed, name in SONGS.items() if "start" in wanted else ():
        write_song(compose(seed), folder / name)
        server.until(server.upload(folder / name)["id"])
    made = server.ask("POST", "/api/projects/demo", {"seed": 0}).json
    demo = str(server.until(made["id"])["id"])
    shots: dict[str, Callable[[Camera, StudioProcess, str], None]] = {
        "start": start, "playing": playing, "editing": editing, "lights": lights, "export": export, "phone": phone,
    }  # fmt: skip
    for name, shot in shots.items():
        if name in wanted:
            shot(camera, server, demo)
    if pulse is not None:
        write_song(compose(0), folder / "live.flac")
        live(camera, server, pulse, folder / "live.flac")
    elif "live" in wanted:
        print(f"no picture of live mode: {', '.join(MISSING)} missing")


if __name__ == "__main__":
    main()
