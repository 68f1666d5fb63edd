"""The review page: takes and clips are judged by keyboard in a real browser, and the build does what was said."""

import contextlib
import csv
import http.client
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from beatomizer.cli import main
from beatomizer.dataset.build import build
from beatomizer.dataset.clip import MISSING
from beatomizer.dataset.packed import SPLITS
from beatomizer.dataset.review_desk import ReviewDesk
from beatomizer.dataset.shards import read_clips, set_facts
from beatomizer.dataset.takes_table import read_table
from beatomizer.dataset.trims import Trim
from beatomizer.dataset.verdicts import VERDICTS_FILE, Judgement, Verdict, read_judgements, record
from beatomizer.dataset.whereabouts import FILE
from tests.browsers import chromium
from tests.made_takes import composed, film

pytest.importorskip("starlette", reason="needs the 'studio' extra")
pytest.importorskip("uvicorn", reason="needs the 'studio' extra")

from beatomizer.studio.byte_ranges import part_of

pytestmark = pytest.mark.realtime  # films that play in a browser, half a minute of them: they run alone

COLOURS_OF_40_FRAMES = """new Promise((done) => {
  const seen = [], cell = document.querySelector("#zones div");
  const look = () => {
    seen.push(getComputedStyle(cell).backgroundColor);
    if (seen.length < 40) requestAnimationFrame(look);
    else done(seen);
  };
  look();
})"""
EVIL = "<img src=x onerror=document.title='owned'>"


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A composed and filmed take that browsers play, a film in an old coder, light without a film, a still."""
    folder = tmp_path_factory.mktemp("takes")
    words = ["--takes", "1", "--seed", "4", "--film", "--size", "128x72", "--workers", "1", "--quiet"]
    assert main(["dataset", "compose", "-o", str(folder), *words]) == 0
    film(folder / "old.mp4", 31.0)
    film(folder / "still.mp4", seed=5, still=True)
    composed(folder, 3)
    return folder


@pytest.fixture(scope="module")
def whole(takes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of them. Do not change it."""
    shards = tmp_path_factory.mktemp("whole") / "set"
    build([takes], shards)
    return shards


@pytest.fixture
def shards(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "set"))


def ids(shards: Path) -> dict[str, str]:
    """The takes by their names."""
    return {Path(row["name"]).stem: row["id"] for row in read_table(shards / "takes.csv") if row["id"]}


class Served:
    """``dataset review SHARDS --serve`` in a process of its own."""

    def __init__(self, shards: Path, port: int = 0) -> None:
        words = ["dataset", "review", str(shards), "--serve", "--no-browser", "--port", str(port)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "beatomizer", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        said = self.lines.get(timeout=60)
        assert "The review is open at http://127.0.0.1:" in said, said
        self.address = said.split(" at ")[1].strip()
        self.port = int(self.address.split(":")[2].split("/")[0])

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def end(self, how: int = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def ask(
        self, path: str, body: object = None, method: str = "", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            told = {"Host": f"127.0.0.1:{self.port}"}
            data = None
            if body is not None:
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                told |= {"Origin": f"http://127.0.0.1:{self.port}", "X-Beatomizer": "1"}
            told |= {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method or ("GET" if body is None else "POST"), path, data, told)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def say(self, id: str, said: object, before: object = None, **headers: str) -> tuple[int, Any]:
        status, _, body = self.ask(
            "/api/review/verdicts", {"id": id, "said": said, "before": before}, **headers
        )
        return status, json.loads(body)


@pytest.fixture
def served(shards: Path) -> Iterator[Served]:
    server = Served(shards)
    try:
        yield server
    finally:
        begun = time.monotonic()
        code = server.end()
    assert code in (0, 130)
    assert time.monotonic() - begun < 10, "Ctrl-C ends it at once"


@pytest.fixture(scope="module")
def reading(whole: Path) -> Iterator[Served]:
    """For tests that say nothing."""
    server = Served(whole)
    try:
        yield server
    finally:
        server.end()
        assert not (whole / VERDICTS_FILE).exists()


ACCEPT = {"verdict": "accept", "note": "", "trim": None}
REJECT = {"verdict": "reject", "note": "why", "trim": None}


# Attacks


def test_only_the_set_is_served(reading: Served, whole: Path, takes: Path, tmp_path: Path) -> None:
    known, served = ids(whole), reading
    old = known["old"]
    status, head, body = served.ask(f"/api/review/takes/{old}/media", Range="bytes=4-11")
    assert (status, head["content-range"]) == (206, f"bytes 4-11/{(takes / 'old.mp4').stat().st_size}")
    assert body == (takes / "old.mp4").read_bytes()[4:12]
    assert head["content-type"] == "video/mp4"
    assert "default-src 'none'" in head["content-security-policy"]
    assert served.ask(f"/api/review/takes/{old}/media")[2] == (takes / "old.mp4").read_bytes()
    assert served.ask(f"/api/review/takes/{old}/media", Range="bytes=99999999-")[0] == 416

    secret = tmp_path / "secret.mp4"
    shutil.copy(takes / "still.mp4", secret)
    foreign = "f" * 16
    paths = [
        *(f"/api/review/takes/{name}/media" for name in (foreign, f"{old}-0000", old.upper(), "..", "%2e%2e")),
        f"/api/review/takes/..%2f..%2f{secret}/media",
        f"/api/review/takes/{old}/media/../../../../etc/passwd",
        f"/api/review/takes/{old}%00/media",
        f"/api/review/media?path={secret}",
        f"/api/review/takes/{old}/verdicts.csv",
        f"/api/review/clips/{old}/sound",
        f"/api/review/clips/{old}-0007/sound",
        f"/api/review/clips/{old}-00000/sound",
        f"/api/review/clips/{foreign}-0000/film",
        f"/api/review/clips/{known['take-00000003']}-0000/film",  # was never filmed
        "/api/review/clips/..%2f..%2fverdicts/pictures",
        "/static/review/../../review_routes.py",
        "/static/review/%2e%2e/%2e%2e/review_routes.py",
        "/static/review//etc/passwd",
        "/api/projects",
    ]  # fmt: skip
    for path in paths:
        status, _, body = served.ask(path)
        assert status in (400, 404), path
        assert json.loads(body)["error"], path
        assert b"Traceback" not in body


def test_a_set_from_a_stranger_cannot_have_other_files_shown(shards: Path, tmp_path: Path) -> None:
    known = ids(shards)
    secret = tmp_path / "private.mp4"
    film(secret, 3.0, seed=9)
    text = tmp_path / "id_rsa"
    text.write_text("secret")
    link = tmp_path / "link.mp4"
    link.symlink_to(secret)
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    place = shards / "work" / FILE
    told = json.loads(place.read_text())
    for media in (
        secret,
        text,
        link,
        pipe,
        tmp_path,
        tmp_path / "gone.mp4",
        Path("/dev/zero"),
        Path("/proc/self/environ"),
    ):
        told[known["old"]]["media"] = str(media)
        place.write_text(json.dumps(told))
        desk = ReviewDesk(shards)
        with contextlib.closing(desk), contextlib.suppress(Exception):
            desk.media(known["old"]).file.close()
            pytest.fail(f"{media} was opened")
        with contextlib.closing(ReviewDesk(shards)) as desk, contextlib.suppress(Exception):
            desk.film(f"{known['old']}-0000")
            pytest.fail(f"{media} was filmed")


def test_only_verdicts_about_this_set_are_written(served: Served, shards: Path) -> None:
    take = ids(shards)["old"]
    clip = f"{take}-0000"
    wrong: list[tuple[object, int]] = [
        ({"id": "f" * 16, "said": ACCEPT, "before": None}, 404),
        ({"id": f"{take}-0009", "said": ACCEPT, "before": None}, 404),
        ({"id": "../../x", "said": ACCEPT, "before": None}, 404),
        ({"id": [take], "said": ACCEPT, "before": None}, 400),
        ({"id": take, "said": {"verdict": "perhaps"}, "before": None}, 400),
        ({"id": take, "said": {**ACCEPT, "note": "x" * 501}, "before": None}, 400),
        ({"id": take, "said": {**ACCEPT, "note": ["x"]}, "before": None}, 400),
        ({"id": take, "said": {**ACCEPT, "more": 1}, "before": None}, 400),
        ({"id": take, "said": {**ACCEPT, "trim": [3, 2]}, "before": None}, 400),
        ({"id": take, "said": {**ACCEPT, "trim": [0, "9"]}, "before": None}, 400),
        ({"id": take, "said": {**ACCEPT, "trim": [True, 9]}, "before": None}, 400),
        ({"id": take, "said": {**ACCEPT, "trim": [3, 99]}, "before": None}, 400),
        ({"id": clip, "said": {**ACCEPT, "trim": [3, 16]}, "before": None}, 400),
        ({"id": clip, "said": {**REJECT, "trim": [3, 9]}, "before": None}, 400),
        ({"id": take, "said": ACCEPT}, 400),
        (b'{"id": 1', 400),
        (b"[]", 400),
        (b'{"id": "x", "said": {"verdict": "accept", "trim": [NaN, 3]}, "before": null}', 400),
        (b"[" * 5000, 400),
        (b'{"id": "' + b"x" * 20_000 + b'"}', 413),
    ]
    for body, expected in wrong:
        status, _, answer = served.ask("/api/review/verdicts", body)
        assert status == expected, (body, answer)
        assert json.loads(answer)["error"]
    assert served.say(take, ACCEPT, Origin="http://evil.example")[0] == 403
    assert served.say(take, ACCEPT, X_Beatomizer="0")[0] == 403
    assert served.say(take, ACCEPT, Host="evil.example")[0] == 421
    assert not (shards / VERDICTS_FILE).exists()
    assert served.say(take, {**ACCEPT, "note": "=1+1\n\x1b[2J" + EVIL})[0] == 200
    assert read_judgements(shards)[take].note == f"=1+1 [2J{EVIL}"


def test_two_tabs_and_a_command_line_do_not_overwrite_each_other(served: Served, shards: Path) -> None:
    take, other = ids(shards)["old"], ids(shards)["still"]
    assert served.say(take, ACCEPT)[0] == 200
    status, answer = served.say(take, REJECT)  # a tab that had not seen it
    assert (status, answer["judged"]) == (409, ACCEPT)
    assert served.say(take, REJECT, ACCEPT)[0] == 200
    record(shards, {other: Judgement(Verdict.REJECT, "by hand")})
    status, answer = served.say(other, ACCEPT)
    assert (status, answer["judged"]["note"]) == (409, "by hand")
    told = json.loads(served.ask("/api/review/verdicts")[2])
    assert set(told["judged"]) == {take, other}
    assert served.ask(f"/api/review/verdicts?rev={told['rev']}")[0] == 204
    clips = [f"{take}-0000", f"{take}-0001", f"{other}-0000"]
    threads = [threading.Thread(target=served.say, args=(clip, ACCEPT)) for clip in clips]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(read_judgements(shards)) == {take, other, *clips}
    (shards / VERDICTS_FILE).write_text("id,verdict\nx,y\n")
    assert served.say(take, ACCEPT)[0] == 503
    assert (shards / VERDICTS_FILE).read_text() == "id,verdict\nx,y\n", "what cannot be read is left alone"


def test_what_was_answered_outlives_a_kill(shards: Path) -> None:
    take = ids(shards)["old"]
    server = Served(shards)
    assert server.say(take, {**ACCEPT, "trim": [2.5, 20]})[0] == 200
    server.end(signal.SIGKILL)
    assert read_judgements(shards) == {take: Judgement(Verdict.ACCEPT, "", Trim(2.5, 20.0))}
    assert not list(shards.glob(".beatomizer-*"))
    with (shards / VERDICTS_FILE).open(newline="") as file:
        assert list(csv.reader(file)) == [["id", "verdict", "note", "trim"], [take, "accept", "", "2.5-20"]]


def test_a_set_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dataset", "review", str(tmp_path), "--serve", "--no-browser", "--port", "0"]) == 3
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, (0, 100)), ("bytes=0-", (0, 100)), ("bytes=10-19", (10, 20)), ("bytes=90-200", (90, 100)),
        ("bytes=-5", (95, 100)), ("bytes=-500", (0, 100)), ("bytes=100-", None), ("bytes=9-3", None),
        ("bytes=-0", None), ("bytes=-", (0, 100)), ("bytes=0-1,4-5", (0, 100)), ("chapters=1-2", (0, 100)),
        ("bytes=1-" + "9" * 30, (0, 100)),
    ],
)  # fmt: skip
def test_parts_of_a_file(header: str | None, part: tuple[int, int] | None) -> None:
    assert part_of(header, 100) == part


# What the desk shows


def test_the_desk_shows_the_label_that_is_in_the_set(whole: Path) -> None:
    with contextlib.closing(ReviewDesk(whole)) as desk:
        take = ids(whole)["take-00000003"]
        header, light = _unpacked(desk.light(take))
        clips = {clip.key: clip for split in SPLITS for clip in read_clips(whole, split)}
        assert header["clips"] == [f"{take}-0000", f"{take}-0001"]
        shown = light[: 2 * 900 * header["rows"] * 3].reshape(2, 900, header["rows"], 3)
        for number, key in enumerate(header["clips"]):
            assert np.abs(shown[number].astype(float) - clips[key].rgb / 257).max() <= 1
        assert (light[-1800:].reshape(2, 900)[1] == clips[header["clips"][1]].flags).all()
        header, curve = _unpacked(desk.loudness(take))
        sound = clips[f"{take}-0000"].sound[: 24_000 // 20]
        assert abs(curve[0] / 255 * 60 - 60 - 10 * np.log10((sound.astype(float) ** 2).mean())) < 0.3
        header, pictures = _unpacked(desk.pictures(f"{ids(whole)['old']}-0001"))
        assert len(header["pts"]) == len(pictures) / (32 * 18 * 3) == 15 * 12
        assert desk.sound(f"{take}-0001")[:4] == b"fLaC"


def _unpacked(data: bytes) -> tuple[dict[str, Any], np.ndarray[Any, np.dtype[np.uint8]]]:
    length = int.from_bytes(data[:4], "little")
    return json.loads(data[4 : 4 + length]), np.frombuffer(data[4 + length :], np.uint8)


def test_a_set_without_its_work_folder_is_still_shown(shards: Path) -> None:
    shutil.rmtree(shards / "work")
    with contextlib.closing(ReviewDesk(shards)) as desk:
        told = {take["title"]: take for take in desk.summary()["takes"]}
        assert [take["media"] for take in told.values()] == [""] * 4
        assert len(told["old"]["clips"]) == 2
        assert not told["still"]["clips"], "it was left out, so its clips are nowhere"
        assert _unpacked(desk.light(told["old"]["id"]))[0]["rows"] == 1
        desk.judge(f"{told['old']['id']}-0001", Judgement(Verdict.REJECT), None)


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium("--disable-gpu", "--autoplay-policy=no-user-gesture-required") as browser:
        yield browser


class Visit:
    """The page in a browser, with all that it complained about."""

    def __init__(
        self, browser: Any, address: str, width: int = 1280, height: int = 800, **options: Any
    ) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": height}, **options)
        self.complaints: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(address)
        self.page.wait_for_selector("body.ready")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def current(self) -> str:
        return str(self.page.evaluate("review.state.list.current.id"))

    def go(self, id: str) -> None:
        """By keyboard."""
        for key in ("j", "k"):
            for _ in range(20):
                if self.current == id:
                    return
                self.press(key)
        pytest.fail(f"{id} was not reached")

    def wait(self, condition: str) -> None:
        # Not wait_for_function: the page's policy forbids to evaluate text, as it should.
        until_s = time.monotonic() + 30
        while not self.page.evaluate(condition):
            assert time.monotonic() < until_s, f"never: {condition}"
            self.page.wait_for_timeout(50)

    def saved(self) -> None:
        self.wait("!review.state.verdicts.waiting.length && !review.state.verdicts.sending")


@pytest.mark.integration
def test_a_set_is_judged_by_keyboard_and_the_build_does_it(
    browser: Any, served: Served, shards: Path, takes: Path
) -> None:
    known = ids(shards)
    old, still, light, filmed = (known[name] for name in ("old", "still", "take-00000003", "take-00000000"))
    visit = Visit(browser, served.address)
    visit.page.keyboard.press("?")
    assert visit.page.is_visible("#help")
    visit.press("Escape")

    visit.go(filmed)  # Chromium plays it as it is
    visit.press(" ")
    assert visit.page.is_visible("#notice"), "it may flash: asked before the first picture moves"
    visit.press("Enter")
    visit.wait("review.player.way === 'media' && review.player.position > 0.3")
    drawn = visit.page.evaluate("review.measures.drawn.slice(-20)")
    assert all(int(position * 60 + 1e-6) == frame for position, frame in drawn)
    visit.press(
        " ", "Shift+ArrowRight", "t", "i", "Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight", "o"
    )
    start, end = visit.page.evaluate("review.trim.points")
    assert end - start == pytest.approx(15, abs=0.02)
    visit.press("Enter")
    assert visit.current not in (filmed, f"{filmed}-0000"), "a judged take's clips are judged"

    visit.go(old)  # an old coder: made playable by the server
    visit.press("j", "t", "ArrowRight", "ArrowRight", "i", "Enter")
    visit.wait("review.player.moving && review.player.video.videoWidth === 96")
    assert visit.current == f"{old}-0001"
    visit.press("r")

    visit.go(still)
    visit.press("n")
    visit.page.keyboard.type("I like it; j k")
    visit.press("Enter", "a")
    visit.go(light)  # light without a film
    assert not visit.page.is_visible("#picture")
    assert visit.page.is_visible("#zones")
    visit.press("r", "u", "x")
    visit.saved()
    assert (
        visit.page.inner_text("#count")
        == f"{3 + _clips(shards, filmed)} of {5 + _clips(shards, filmed)} judged"
    )

    assert read_judgements(shards) == {
        filmed: Judgement(Verdict.ACCEPT, "", Trim(round(start, 3), round(end, 3))),
        f"{old}-0000": Judgement(Verdict.ACCEPT, "", Trim(2.0, 15.0)),
        f"{old}-0001": Judgement(Verdict.REJECT),
        still: Judgement(Verdict.ACCEPT, "I like it; j k"),
    }
    assert visit.complaints == [] or all("404" in one for one in visit.complaints)
    visit.page.close()

    with contextlib.closing(ReviewDesk(shards)) as desk:
        build([takes], shards)
        used = {one["key"]: one["used"] for take in desk.summary()["takes"] for one in take["clips"]}
        assert used[f"{still}-0000"], "the desk shows the set as it was built last"
        assert not used[f"{old}-0001"]
    flags = {clip.key: clip.flags for split in SPLITS for clip in read_clips(shards, split)}
    assert f"{old}-0001" not in flags
    assert f"{still}-0000" in flags, "a person's word is stronger than a flag"
    assert ((flags[f"{old}-0000"] & MISSING) != 0)[:120].all()
    kept = [
        np.flatnonzero((flags[key] & MISSING) == 0) + int(key[-4:]) * 900
        for key in flags
        if key.startswith(filmed)
    ]
    assert min(map(min, kept)) == max(round(start * 60), 0)
    assert max(map(max, kept)) < end * 60
    assert set(set_facts(shards)["trims"]) == {filmed, f"{old}-0000"}


def _clips(shards: Path, take: str) -> int:
    return int(next(row["clips"] for row in read_table(shards / "takes.csv") if row["id"] == take))


@pytest.mark.integration
def test_filters_search_two_tabs_and_a_server_that_comes_back(browser: Any, shards: Path) -> None:
    known = ids(shards)
    table = shards / "takes.csv"
    table.write_text(table.read_text().replace(",old,", f',"{EVIL}",'))
    server = Served(shards)
    try:
        visit, other = Visit(browser, server.address), Visit(browser, server.address)
        assert visit.page.title() != "owned"
        assert EVIL in visit.page.inner_text("#list")
        visit.page.click("#filters button[value=flagged]")
        assert visit.page.locator("#list .take:visible").count() >= 1
        visit.page.click("#filters button[value=all]")
        visit.press("/")
        visit.page.keyboard.type("static")
        visit.press("Enter")
        assert visit.current == known["still"]
        visit.press("r")
        visit.saved()
        other.page.evaluate("review.state.verdicts.look()")
        other.wait(f"review.state.verdicts.of('{known['still']}')?.verdict === 'reject'")

        clip = f"{known['old']}-0000"
        record(shards, {clip: Judgement(Verdict.REJECT, "by hand")})
        other.go(clip)
        other.press("a")
        other.wait("!document.getElementById('toast').hidden")
        assert "meanwhile: Rejected" in other.page.inner_text("#toast")
        assert other.current == clip

        server.end(signal.SIGKILL)
        other.go(f"{known['old']}-0001")
        other.press("a")
        other.wait("document.getElementById('saved').dataset.state === 'offline'")
        assert f"{known['old']}-0001" not in read_judgements(shards)
        server = Served(shards, server.port)
        other.saved()
        assert read_judgements(shards)[f"{known['old']}-0001"] == Judgement(Verdict.ACCEPT)
        visit.page.close()
        other.page.close()
    finally:
        server.end()


@pytest.mark.integration
def test_it_fits_a_telephone_and_calm_is_calm(browser: Any, reading: Served, whole: Path) -> None:
    for width, height in ((844, 390), (360, 740)):
        visit = Visit(browser, reading.address, width, height, reduced_motion="reduce")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.page.is_visible("#accept")
        if width == 360:
            small = "[...document.querySelectorAll('button')].filter((b) => b.offsetHeight && b.offsetHeight < 38)"
            assert visit.page.evaluate(f"{small}.map((b) => b.id)") == []
            assert visit.page.evaluate("document.body.classList.contains('calm')")
            visit.page.click("#list-button")
            visit.page.click(f"#item-{ids(whole)['old']}")
            assert not visit.page.is_visible("#list"), "choosing closes the list"
            visit.page.click("#play")
            assert visit.page.is_visible("#reduced")
            visit.page.click("#start-calm")
            visit.wait("review.player.position > 1.2")
            colours = visit.page.evaluate(COLOURS_OF_40_FRAMES)
            values = np.array([[int(part) for part in colour[4:-1].split(",")] for colour in colours])
            assert np.abs(np.diff(values, axis=0)).max() < 25, "no flash comes through"
        visit.page.close()


@pytest.mark.integration
def test_everything_has_a_name_and_can_be_reached(browser: Any, reading: Served) -> None:
    visit = Visit(browser, reading.address)
    nameless = visit.page.evaluate(
        """[...document.querySelectorAll("button, input, [role=slider], [role=option]")].filter((one) => {
          const label = one.getAttribute("aria-label") || one.textContent.trim() || one.labels?.[0]?.textContent.trim();
          return !label;
        }).map((one) => one.outerHTML)"""
    )
    assert nameless == []
    reached = set()
    for _ in range(30):
        visit.press("Tab")
        reached.add(visit.page.evaluate("document.activeElement.id"))
    assert {
        "search",
        "list",
        "seek",
        "play",
        "accept",
        "reject",
        "trim-button",
        "note",
        "help-button",
    } <= reached
    outline = visit.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none" or visit.page.evaluate("document.activeElement === document.body")
    visit.page.close()


@pytest.mark.integration
def test_axe_finds_nothing_serious(browser: Any, reading: Served) -> None:
    axe_api = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the 'test' group")
    visit = Visit(
        browser, reading.address, bypass_csp=True
    )  # axe is put into the page, which the page forbids
    found = []
    for keys in ((), ("t",), ("Escape", "?"), ("Escape", " ")):
        visit.press(*keys)
        visit.page.wait_for_timeout(300)
        told = axe_api.Axe().run(visit.page).response
        assert len(told["passes"]) > 15
        found += told["violations"]
    wrong = [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found]
    assert wrong == []
    visit.page.close()
