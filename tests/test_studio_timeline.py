"""The timeline and the inspector in a real browser on a real studio: mouse, keys, fingers, saving and undo."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from beatomizer.cues.format import to_json
from tests.browsers import chromium
from tests.made_shows import made_cues, write_click_song
from tests.studio_server import StudioProcess, studio

pytestmark = [pytest.mark.integration, pytest.mark.realtime]  # a playing page, by hand and eye: it runs alone

SECONDS = 42.0
BAR_S = 2.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioProcess]:
    folder = tmp_path_factory.mktemp("studio")
    song = write_click_song(folder / "clicks.wav", SECONDS)
    with studio(folder / "data", str(song)) as process:
        yield process


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium("--disable-gpu", "--autoplay-policy=no-user-gesture-required") as browser:
        yield browser


class Visit:
    """The studio with the song of the tests open, and its cue list as it was made."""

    def __init__(self, browser: Any, server: StudioProcess, **context: Any) -> None:
        self.server = server
        self.id = server.ask("GET", "/api/projects").json[0]["id"]
        project = server.until(self.id)
        cues = json.loads(to_json(made_cues(SECONDS)))
        put = server.ask(
            "PUT", f"/api/projects/{self.id}/cues", {"rev": project["rev"], "cues": cues, "kept": []}
        )
        assert put.status == 200, put.body
        self.context = browser.new_context(**{"viewport": {"width": 1280, "height": 720}, **context})
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(f"{server.origin}/#project={self.id}")
        self.page.locator("#notice-calm").click()
        self.wait("store.light && store.cues && transport.duration_s > 40")

    def __enter__(self) -> "Visit":
        return self

    def __exit__(self, *_: object) -> None:
        complaints = self.complaints
        self.context.close()
        assert complaints == []

    def get(self, expression: str) -> Any:
        script = "(() => { const { store, transport, timeline } = beatomizer; return %s; })()"
        return self.page.evaluate(script % expression)

    def wait(self, expression: str) -> None:
        for _ in range(600):
            if self.page.evaluate("typeof beatomizer === 'object'") and self.get(expression):
                return
            self.page.wait_for_timeout(30)
        raise AssertionError(f"never: {expression}")

    def saved(self) -> dict[str, Any]:
        """The project as the server has it, once the page is done saving."""
        self.wait("!store.unsaved")
        return self.server.project(self.id)

    def row(self, name: str, time_s: float) -> tuple[float, float]:
        """Where a moment lies in a row of the timeline, on the page."""
        box = self.page.locator(".timeline .surface").bounding_box()
        x = self.get(f"document.querySelector('.timeline').timeline.view.x({time_s})")
        top, tall = self.get(f"document.querySelector('.timeline').timeline.rows.{name}")
        return box["x"] + x, box["y"] + top + tall / 2

    def drag(self, row: str, start_s: float, end_s: float, *, let_go: bool = True) -> None:
        self.page.mouse.move(*self.row(row, start_s))
        self.page.mouse.down()
        self.page.mouse.move(*self.row(row, (start_s + end_s) / 2), steps=3)
        self.page.mouse.move(*self.row(row, end_s), steps=3)
        self.page.wait_for_timeout(60)
        if let_go:
            self.page.mouse.up()

    def starts(self) -> list[float]:
        return self.get("store.cues.sections.map((section) => section.start_s)")


@pytest.fixture(scope="module")
def opened(browser: Any, server: StudioProcess) -> Iterator[Visit]:
    with Visit(browser, server) as visit:
        yield visit


@pytest.fixture
def visit(opened: Visit) -> Visit:
    """The page with the cue list as it was made, whole, with nothing selected and nothing to undo."""
    opened.page.evaluate(
        """(cues) => {
          const { store, transport } = beatomizer;
          store.project.kept = [];
          store.edit("begin", () => JSON.parse(cues));
          store.select(null);
          store.past.length = store.future.length = 0;
          transport.loop = null;
          document.querySelector(".timeline").timeline.fit();
        }""",
        to_json(made_cues(SECONDS)),
    )
    opened.saved()
    return opened


def test_a_boundary_is_dragged_to_a_bar_saved_and_taken_back(visit):
    before = visit.starts()
    visit.get("(window.first = store.cues, 0)")
    visit.drag("sections", before[3], before[3] + 2.7)
    after = visit.starts()
    assert after[3] % BAR_S == pytest.approx(0, abs=1e-6)
    assert abs(after[3] - before[3] - 2.7) <= BAR_S / 2
    assert [*after[:3], *after[4:]] == [*before[:3], *before[4:]]
    saved = visit.saved()
    assert saved["cues"]["sections"][3]["start_s"] == after[3]
    assert any(cue["time_s"] == after[3] for cue in saved["cues"]["cues"]), "the cue went along"
    kept = saved["kept"]
    assert kept[0][0] <= after[2], "parts edited by hand are kept"
    assert kept[-1][1] >= after[4]
    assert visit.get("[store.undoLabel, store.past.length]") == ["Move boundary", 1], "a drag is one step"
    visit.page.keyboard.press("Control+z")
    assert visit.get("store.cues === window.first"), "undo gives the very same list"
    assert visit.saved()["cues"]["sections"][3]["start_s"] == pytest.approx(before[3], abs=1e-4)
    visit.page.keyboard.press("Control+Shift+z")
    assert visit.starts() == after


def test_alt_is_free_and_escape_takes_a_drag_back(visit):
    before = visit.starts()
    visit.page.keyboard.down("Alt")
    visit.drag("sections", before[2], before[2] + 0.77)
    visit.page.keyboard.up("Alt")
    assert visit.starts()[2] == pytest.approx(before[2] + 0.77, abs=0.1)
    assert visit.starts()[2] % 0.5 != pytest.approx(0, abs=0.01)
    now = visit.starts()
    visit.drag("sections", before[4], before[4] + 3.0, let_go=False)
    assert visit.starts()[4] != before[4]
    visit.page.keyboard.press("Escape")
    visit.page.mouse.up()
    assert visit.starts() == now
    assert visit.get("[store.past.length, store.future.length]") == [1, 0]


def test_keys_alone_move_a_boundary_and_change_a_look(visit):
    page = visit.page
    before, shown = visit.starts(), visit.get("store.project.show")
    page.locator('.timeline .part[tabindex="0"]').focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert page.evaluate(focused).startswith("Drop")
    page.keyboard.press("Alt+ArrowRight")
    page.keyboard.press("Alt+ArrowRight")
    moved = visit.starts()[3]
    assert before[3] + BAR_S <= moved <= before[3] + 2 * BAR_S
    assert moved % BAR_S == pytest.approx(0, abs=1e-6)
    assert page.evaluate(focused).startswith("Drop"), "the focus stays where it was"
    page.keyboard.press("Enter")
    assert page.locator("#panel-cue").is_visible()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "radio"
    page.get_by_role("radio", name="Swell").first.focus()
    page.keyboard.press("Enter")
    assert page.get_by_role("radio", name="Swell").first.get_attribute("aria-checked") == "true"
    assert visit.get("store.undoLabel") == "Swell of Drop"
    visit.wait(f"store.project.show > {shown}")  # drawn anew
    cues = visit.saved()["cues"]["cues"]
    assert [cue["look"] for cue in cues if cue["time_s"] == moved] == ["swell"]
    slider = page.get_by_label("Intensity")
    slider.focus()
    steps = visit.get("store.past.length")
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    assert visit.get("store.past.length") == steps + 1, "presses of a key are one step"
    page.reload()
    visit.wait("store.light && store.cues")
    assert visit.starts()[3] == moved


def test_zoom_stays_around_the_pointer_and_the_overview_shows_where(visit):
    page, line = visit.page, "document.querySelector('.timeline').timeline"
    visit.wait(f"{line}.view.span > 41")
    x, y = visit.row("wave", 30.0)
    page.mouse.move(x, y)
    for _ in range(4):
        page.mouse.wheel(0, -150)
        page.wait_for_timeout(40)
    assert visit.get(f"{line}.view.span") < 20
    assert visit.row("wave", 30.0)[0] == pytest.approx(x, abs=1.5)
    assert visit.get(f"{line}.rows.overview[1]") > 0
    from_s = visit.get(f"{line}.view.from")
    page.mouse.wheel(120, 0)
    page.wait_for_timeout(40)
    assert visit.get(f"{line}.view.from") > from_s
    page.mouse.click(*visit.row("wave", 31.0))
    assert visit.get("transport.position_s") == pytest.approx(31.0, abs=0.1)
    page.keyboard.press("0")
    page.wait_for_timeout(60)
    assert visit.get(f"{line}.view.span") == pytest.approx(SECONDS, abs=0.1)


def test_loops_cues_and_splits(visit):
    page = visit.page
    visit.drag("ruler", 7.6, 16.3)
    assert visit.get("transport.loop") == {"start_s": 8, "end_s": 16}
    page.mouse.click(*visit.row("cues", 8.0))
    assert visit.get("store.selection.kind") == "cue"
    assert page.locator("#panel-cue h2").inner_text() == "Pulse cue"
    page.get_by_label("Glow between").fill("40")
    assert visit.get("store.cues.cues[1].floor") == 0.4
    page.keyboard.press("Escape")
    visit.get("(transport.seek(21.2), 0)")
    count = visit.get("store.cues.sections.length")
    page.locator("#stage").click(position={"x": 5, "y": 200})
    page.keyboard.press("s")
    assert visit.get("store.cues.sections.length") == count + 1
    assert 22.0 in visit.starts()
    assert visit.get("store.selection") == {"kind": "section", "index": visit.starts().index(22.0)}
    page.keyboard.press("Delete")
    assert visit.get("store.cues.sections.length") == count


def test_a_tempo_from_taps(visit):
    page = visit.page
    page.locator("#tab-cue").click()
    page.locator("#panel-cue .beats > summary").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    visit.wait("transport.playing")
    tap = page.locator("#panel-cue button", has_text="Tap")
    for _ in range(9):
        tap.click()
        page.wait_for_timeout(300)
    page.locator("#panel-cue button", has_text="Use").click()
    assert " tapped" in visit.get("store.undoLabel")
    bpm = float(visit.get("store.undoLabel").split()[1])
    assert visit.get("store.cues.tempo_bpm") == pytest.approx(bpm, abs=0.1)
    visit.get("(transport.pause(), 0)")
    page.locator("#panel-cue .beats > summary").click()


def test_kept_parts_survive_another_idea(visit):
    page = visit.page
    page.mouse.click(*visit.row("sections", 15.0))
    page.get_by_role("radio", name="Sparkle").first.click()
    section = visit.get("store.cues.sections[store.selection.index]")
    assert page.locator(".timeline .part.kept").count() == 1
    start_s, end_s = section["start_s"] - 0.01, section["end_s"] - 0.01
    inside = f"store.cues.cues.filter((cue) => cue.time_s >= {start_s} && cue.time_s < {end_s})"
    before, elsewhere = visit.get(inside), visit.get("JSON.stringify(store.cues.cues)")
    visit.saved()
    visit.get("(store.wish({ seed: 4711 }, { label: 'Another idea' }), 0)")
    visit.wait("store.undoLabel === 'Another idea'")
    assert visit.get(inside) == before
    assert visit.get("JSON.stringify(store.cues.cues)") != elsewhere
    visit.get("(store.undo(), 0)")
    assert visit.get("JSON.stringify(store.cues.cues)") == elsewhere
    assert visit.saved()["cues"]["seed"] == 0


def test_undo_and_redo_of_a_wish_are_whole_and_saved(visit):
    first = visit.saved()["wishes"]
    visit.get("(store.wish({ energy: 1, palette: 'ember' }, { label: 'Ember' }), 0)")
    visit.wait("store.undoLabel === 'Ember'")
    wished = visit.saved()["wishes"]
    assert wished == first | {"energy": 1, "palette": "ember"}
    for step, wishes in (("undo", first), ("redo", wished), ("undo", first)):
        visit.get(f"(store.{step}(), 0)")
        assert visit.saved()["wishes"] == wishes
        assert visit.get("store.project.wishes") == wishes
        assert float(visit.page.locator("#panel-show input[type=range]").input_value()) == wishes["energy"]


@pytest.mark.parametrize("after_ms", [0, 40])
def test_a_wish_can_be_taken_back_before_its_show_is_there(visit, after_ms):
    before = visit.get("JSON.stringify(store.cues.cues)")
    visit.get("(store.wish({ seed: 99 }, { label: 'Another idea' }), 0)")
    visit.page.wait_for_timeout(after_ms)
    assert visit.get("store.undo()") == "Another idea"
    for _ in range(200):  # until the server has nothing left to do
        visit.page.wait_for_timeout(50)
        if not visit.server.running(visit.id) and visit.get(
            "!store.unsaved && store.savedState.state === 'saved'"
        ):
            break
    saved = visit.saved()
    assert visit.get("JSON.stringify(store.cues.cues)") == before
    assert visit.get("[store.past.length, store.project.wishes.seed]") == [0, 0]
    assert saved["cues"]["cues"] == json.loads(before)
    assert saved["wishes"]["seed"] == 0


def test_a_change_elsewhere_is_shown_and_can_be_undone(visit):
    project = visit.saved()
    theirs = project["cues"] | {"title": "theirs"}
    body = {"rev": project["rev"], "cues": theirs, "kept": []}
    assert visit.server.ask("PUT", f"/api/projects/{visit.id}/cues", body).status == 200
    visit.wait("store.cues.title === 'theirs' && store.undoLabel === 'Change elsewhere'")
    visit.get("(store.undo(), 0)")
    assert visit.saved()["cues"]["title"] == project["cues"]["title"]


def test_a_change_elsewhere_is_told_and_taken(visit):
    project = visit.saved()
    # Somebody else saves; this page hears of it only when it wants to save too.
    visit.get(
        """(() => {
          const save = store.api.saveCues, go = new Promise((resolve) => (window.release = resolve));
          store.api = { ...store.api, saveCues: async (...all) => (await go, save(...all)) };
        })()"""
    )
    visit.get("(store.edit('Look', (list) => ({ ...list, title: 'mine' })), 0)")
    theirs = project["cues"] | {"title": "theirs"}
    body = {"rev": project["rev"], "cues": theirs, "kept": []}
    assert visit.server.ask("PUT", f"/api/projects/{visit.id}/cues", body).status == 200
    visit.page.evaluate("window.release()")
    visit.wait("store.savedState.state === 'error'")
    assert "elsewhere" in visit.page.locator("#saved").inner_text()
    visit.wait("store.cues.title === 'theirs'")
    assert visit.get("!store.unsaved")


def test_fingers_pinch_pan_and_tap(browser, server):
    phone = {
        "viewport": {"width": 390, "height": 844},
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    }
    with Visit(browser, server, **phone) as visit:
        wire = visit.context.new_cdp_session(visit.page)
        line = "document.querySelector('.timeline').timeline"

        def touch(kind: str, *points: tuple[float, float]) -> None:
            given = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
            wire.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": given})

        _, y = visit.row("wave", 20.0)
        touch("touchStart", (150, y), (240, y))
        for way in range(0, 60, 10):
            touch("touchMove", (150 - way, y), (240 + way, y))
        touch("touchEnd")
        span = visit.get(f"{line}.view.span")
        assert span == pytest.approx(SECONDS * 90 / 190, rel=0.1)
        start = visit.get(f"{line}.view.from")
        touch("touchStart", (300, y))
        for x in range(300, 180, -20):
            touch("touchMove", (x, y))
        touch("touchEnd")
        visit.page.wait_for_timeout(60)
        assert visit.get(f"{line}.view.from") > start + 1
        x, y = visit.row("sections", visit.get(f"{line}.view.from") + span / 2)
        touch("touchStart", (x, y))
        touch("touchEnd")
        visit.wait("store.selection && store.selection.kind === 'section'")
        assert visit.page.locator("#panel-cue").is_visible()
        wide = "document.documentElement.scrollWidth <= window.innerWidth"
        assert visit.page.evaluate(wide), "nothing is wider than the phone"


def test_everything_has_a_name_and_a_way_for_the_keyboard(visit):
    visit.get("(store.select({ kind: 'section', index: 1 }), 0)")
    nameless = """() => [...document.querySelectorAll(
        '#timeline button, #panel-cue :is(button, input, summary)')]
      .filter((one) => one.checkVisibility())
      .filter((one) => !(one.getAttribute('aria-label') || one.labels?.[0]?.textContent || one.textContent).trim())
      .map((one) => one.outerHTML)"""
    assert visit.page.evaluate(nameless) == []
    for room in (
        "#timeline .parts",
        "#panel-cue .looks",
        "#panel-cue .chips",
        "#panel-cue .field > .picks:last-child",
    ):
        reachable = """(room) => [...document.querySelectorAll(room)].filter((one) => one.checkVisibility())
          .map((one) => one.querySelectorAll('[tabindex="0"]').length)"""
        assert set(visit.page.evaluate(reachable, room)) == {1}, room
