"""Verdicts are recorded and never lost, the contact sheet shows everything and trusts nothing, and sets are counted."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.cli.program import run as beatomizer
from beatomizer.dataset.clip import CUT, MISSING
from beatomizer.dataset.contact_sheet import write_sheet
from beatomizer.dataset.info import describe
from beatomizer.dataset.observed import GRID_COLUMNS, GRID_ROWS, Observed
from beatomizer.dataset.review_material import ClipView, Material
from beatomizer.dataset.review_pictures import LIGHT_ROWS, MARK_ROWS, ribbon
from beatomizer.dataset.shards import write_shard
from beatomizer.dataset.stages import TakeSettings, Work
from beatomizer.dataset.take_facts import ClipFacts, TakeFacts
from beatomizer.dataset.verdicts import (
    VERDICTS_FILE,
    Judgement,
    Verdict,
    read_judgement_file,
    read_judgements,
    read_verdicts,
    record,
)
from beatomizer.errors import UnreadableInputError, UsageError
from tests.browsers import chromium
from tests.made_clips import made_clip, made_set

A, B, C = "0" * 16, "0" * 15 + "1", "0" * 15 + "2"
EVIL = "</title><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">'\""

# Verdicts

ids = st.sampled_from([A, B, C, f"{A}-0000", f"{A}-0001"])
judgements = st.builds(
    Judgement, st.sampled_from(Verdict), st.text(max_size=30).map(lambda text: " ".join(text.split()))
)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(ids, judgements), max_size=12))
def test_law_the_last_word_wins(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[str, Judgement]]
) -> None:
    folder = tmp_path_factory.mktemp("verdicts")
    expected: dict[str, Verdict] = {}
    for name, judgement in said:
        record(folder, {name: judgement})
        expected.pop(name, None)
        if judgement.verdict != Verdict.UNDECIDED:
            expected[name] = judgement.verdict
    assert read_verdicts(folder) == expected
    if said:
        before = (folder / VERDICTS_FILE).read_bytes()
        record(folder, read_judgements(folder))
        assert (folder / VERDICTS_FILE).read_bytes() == before
    shutil.rmtree(folder)


def test_a_note_stays_with_its_verdict(tmp_path: Path) -> None:
    record(tmp_path, {A: Judgement(Verdict.REJECT, 'a "talking" head,\nno lights')})
    assert read_judgements(tmp_path)[A].note == 'a "talking" head, no lights'
    record(tmp_path, {A: Judgement(Verdict.REJECT)})
    assert read_judgements(tmp_path)[A].note.startswith("a ")
    record(tmp_path, {A: Judgement(Verdict.ACCEPT)})
    assert read_judgements(tmp_path)[A] == Judgement(Verdict.ACCEPT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "first row"),
        ("take,verdict\n", "first row"),
        (f"id,verdict,note\n{A},perhaps,\n", "row 2: 'perhaps' is not a verdict"),
        (f"id,verdict,note\n{A},accept\n../x,reject\n", "row 3"),
        (f"id,verdict\n{A}\n", "row 2"),
    ],
)
def test_a_damaged_table_is_never_skipped_in_silence(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / VERDICTS_FILE).write_text(text)
    with pytest.raises(UnreadableInputError, match=said):
        read_verdicts(tmp_path)


# The command


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return made_set(tmp_path / "set", clips=4)


def test_words_become_verdicts(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "dataset",
        "review",
        str(made),
        "--reject",
        f"{A},{B}-0000",
        "--accept",
        f"{B}-1",
        "--note",
        "why",
    ]
    assert beatomizer(words) == 0
    assert "recorded 3" in capsys.readouterr().out
    assert read_judgements(made) == {
        A: Judgement(Verdict.REJECT, "why"),
        f"{B}-0000": Judgement(Verdict.REJECT, "why"),
        f"{B}-0001": Judgement(Verdict.ACCEPT, "why"),
    }
    assert not (made / "review.html").exists()
    assert beatomizer(["dataset", "review", str(made), "--undo", A, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rejected"] == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--accept", "f" * 16], "no take is called"),
        (["--accept", A[:-1] + "9"], "is 000000000000000"),
        (["--accept", "0000"], "may be"),
        (["--accept", f"{A}-0007"], "has no clip"),
        (["--accept", f"{A}-\u00b2"], "has no clip"),
        (["--accept", A, "--reject", A], "both"),
        (["--accept", "../../x"], "no take is called"),
    ],
)
def test_what_is_not_there_cannot_be_judged(
    made: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert beatomizer(["dataset", "review", str(made), *words]) == UsageError.exit_code
    assert said in capsys.readouterr().err
    assert read_verdicts(made) == {}


def test_a_folder_without_a_set_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for step in ("review", "info"):
        assert beatomizer(["dataset", step, str(tmp_path)]) == UnreadableInputError.exit_code
    assert capsys.readouterr().err.count("\n") == 2


# The contact sheet


def with_work(shards: Path) -> Path:
    """What a build leaves in ``work/``: pictures and all clips of take A, one of which is not in the set."""
    work = Work.of(shards / "work", A, TakeSettings())
    for path in (work.observed, work.clips, work.facts):
        path.parent.mkdir(parents=True, exist_ok=True)
    grid = np.zeros((40, GRID_ROWS, GRID_COLUMNS, 3), np.uint8)
    grid[..., 0] = np.arange(40)[:, None, None] * 6
    Observed(np.arange(40) / 2, np.zeros((40, 3), np.float32), grid, (640, 360), "2").save(work.observed)
    third = made_clip(2)
    left_out = type(third)(
        f"{A}-0002", "train", third.audio, third.rgb, third.flags, {**third.facts, "take": A}
    )
    write_shard(work.clips, [made_clip(0), made_clip(1), left_out])
    known = tuple(ClipFacts(f"{A}-{number:04d}", "" if number < 2 else "dark") for number in range(3))
    TakeFacts(A, duration_s=45.0, fps="2", size=(640, 360), clips=known).save(work.facts)
    rows = "id,name,title,licence,url,split,clips,flags,reason,offset_ms,significance\n"
    cell = '"' + EVIL.replace('"', '""') + '"'
    rows += f"{A},{cell},{cell},{cell},{cell},train,2,no sync; {EVIL[:8]},{cell},12.4,3.2\n"
    rows += f"{B},b.mp4,B,CC0,,validation,2,,,,\n,{cell},,,,,,,{cell},,\n"
    (shards / "takes.csv").write_text(rows)
    return shards


def test_the_sheet_shows_all_and_trusts_nothing(made: Path) -> None:
    with_work(made)
    record(made, {A: Judgement(Verdict.REJECT, EVIL), f"{B}-0001": Judgement(Verdict.ACCEPT)})
    counts = write_sheet(made, made / "review.html")
    assert counts == {"takes": 2, "clips": 5, "flagged": 1, "refused": 1, "verdicts": 2}
    page = (made / "review.html").read_text()
    assert re.findall(r"data-id='([^']+)' data-verdict='(\w*)'", page) == [
        (A, "reject"),
        *((f"{A}-000{number}", "") for number in range(3)),
        (B, ""),
        (f"{B}-0000", ""),
        (f"{B}-0001", "accept"),
    ]
    assert page.count("<script") == 1
    assert page.count("&lt;img") >= 6
    assert "<img src=x" not in page
    assert "src='data:image/jpeg" in page
    assert not re.search(r"(?:src|href)=['\"](?!data:)", page)
    assert "default-src 'none'" in page
    assert "unsafe" not in page
    assert "pictures were 12 ms late" in page


def test_a_table_names_no_files_outside_the_set_and_no_number_by_word(made: Path) -> None:
    table = made / "takes.csv"
    table.write_text(f"id,name,clips\n{A},a.mp4,many\n")
    assert write_sheet(made, made / "review.html")["takes"] == 1
    table.write_text("id,name,clips\n../../../x,a.mp4,2\n")
    with pytest.raises(UnreadableInputError, match=r"takes\.csv"):
        Material(made)


def test_a_set_without_its_work_folder_can_be_reviewed(made: Path) -> None:
    assert write_sheet(made, made / "review.html")["clips"] == 4
    views = list(Material(made).takes())
    assert [clip.key for view in views for clip in view.clips] == [
        f"{A}-0000",
        f"{A}-0001",
        f"{B}-0000",
        f"{B}-0001",
    ]
    before = (made / "review.html").read_bytes()
    write_sheet(made, made / "review.html")
    assert (made / "review.html").read_bytes() == before


def test_a_ribbon_is_the_clip(made: Path) -> None:
    clip = made_clip(0, zones=2)
    flags = clip.flags.copy()
    flags[30:33] = CUT
    flags[90:93] = MISSING
    shown = _shown(type(clip)(clip.key, clip.split, clip.audio, clip.rgb, flags, clip.facts))
    assert np.flatnonzero(shown.cut).tolist() == [10]
    assert np.flatnonzero(shown.missing).tolist() == [30]
    middle = clip.rgb[451, 1].astype(float) / 65535 * 255
    low, high = clip.rgb[450:453, 1].min(axis=0) / 257, clip.rgb[450:453, 1].max(axis=0) / 257
    assert ((shown.light[1, 150] >= low - 1) & (shown.light[1, 150] <= high + 1)).all(), middle
    np.testing.assert_allclose(shown.wave[:, 1].max(), clip.sound.max(), atol=1e-6)
    picture = ribbon(shown.light, shown.cut, shown.missing, shown.wave)
    assert (picture[0] == shown.light[0]).all()
    assert (picture[LIGHT_ROWS - 1] == shown.light[1]).all()
    assert picture[LIGHT_ROWS + MARK_ROWS - 1, 10].tolist() == [255, 255, 255]


def _shown(clip: Any) -> ClipView:
    from beatomizer.dataset.review_material import _view

    return _view(clip, "", True)


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium("--disable-gpu") as browser:
        yield browser


class Visit:
    """The sheet in a browser, with all that it complained about and asked for."""

    def __init__(self, browser: Any, file: Path, width: int = 1280) -> None:
        self.page = browser.new_page(viewport={"width": width, "height": 800})
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(file.as_uri())

    def verdict(self, name: str) -> str:
        return str(self.page.get_attribute(f"[data-id='{name}']", "data-verdict"))

    def click(self, name: str, button: str) -> None:
        self.page.locator(f"[data-id='{name}'] .{button}").first.click()

    def saved(self, to: Path) -> Path:
        with self.page.expect_download() as download:
            self.page.click("#save")
        download.value.save_as(to)
        return to


@pytest.mark.integration
def test_judging_in_a_browser(browser: Any, made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_work(made)
    record(made, {f"{A}-0001": Judgement(Verdict.REJECT, "old")})
    write_sheet(made, made / "review.html")
    visit = Visit(browser, made / "review.html")
    visit.click(A, "accept")
    assert visit.verdict(A) == "accept"
    visit.click(A, "reject")
    visit.page.keyboard.press("u")
    assert visit.verdict(A) == "accept"
    for key in "jrcn":
        visit.page.keyboard.press(key)
    assert visit.verdict(B) == "reject"
    visit.page.keyboard.type('a, "b"')
    visit.page.keyboard.press("Enter")
    visit.page.locator(f"[data-id='{A}'] summary").click()
    visit.click(f"{A}-0001", "undo")
    visit.click(f"{A}-0002", "accept")
    assert "2 takes · 1 accepted · 1 rejected · 1 clips judged" in visit.page.inner_text("#count")
    visit.page.select_option("#filter", "reject")
    assert visit.page.locator(".take:visible").count() == 1
    file = visit.saved(made / "saved.csv")
    assert read_judgement_file(file) == {
        A: Judgement(Verdict.ACCEPT),
        f"{A}-0001": Judgement(Verdict.UNDECIDED),
        f"{A}-0002": Judgement(Verdict.ACCEPT),
        B: Judgement(Verdict.REJECT, 'a, "b"'),
    }
    visit.page.reload()
    assert visit.verdict(B) == "reject"  # the browser remembers
    assert visit.page.title() == f"Review of {made.name}"
    assert visit.complaints == []
    assert not [url for url in visit.requests if not url.startswith(("file:", "data:", "blob:"))]
    assert beatomizer(["dataset", "review", str(made), "--verdicts", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"recorded": 4, "accepted": 2, "rejected": 1, "foreign": 0}
    assert f"{A}-0001" not in read_verdicts(made)


@pytest.mark.integration
def test_the_sheet_fits_a_telephone(browser: Any, made: Path) -> None:
    with_work(made)
    write_sheet(made, made / "review.html")
    visit = Visit(browser, made / "review.html", width=360)
    visit.page.locator("summary").first.click()
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
    small = visit.page.evaluate(
        "[...document.querySelectorAll('button')].filter(b => b.offsetHeight && b.offsetHeight < 35).length"
    )
    assert small == 0


# What a set holds


def test_a_set_is_counted(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record(made, {A: Judgement(Verdict.REJECT)})
    told = describe(made)
    assert told["clips"] == 4
    assert told["hours"] == pytest.approx(60 / 3600, abs=1e-3)
    assert {split: one["clips"] for split, one in told["splits"].items()} == {
        "train": 2,
        "validation": 2,
        "test": 0,
    }
    assert told["licences"] == {"CC0-1.0": 2}
    assert told["verdicts"] == {"accepted": 0, "rejected": 1, "not_applied": 1}
    assert told["damaged"] == []
    assert beatomizer(["dataset", "info", str(made), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == told
    assert beatomizer(["dataset", "info", str(made)]) == 0
    assert "every SHA-256 is as recorded" in capsys.readouterr().out
    assert beatomizer(["dataset", "review", str(made), "--accept", A, "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_a_damaged_set_is_said(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shard = made / "clips-train-000000.tar"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.write_bytes(data)
    (made / "clips-validation-000000.tar").unlink()
    (made / "clips-train-000009.tar").write_bytes(b"x")
    assert [
        ("SHA-256" in line, "missing" in line, "belong" in line) for line in describe(made)["damaged"]
    ] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert beatomizer(["dataset", "info", str(made)]) == UnreadableInputError.exit_code
    assert "and 2 more" in capsys.readouterr().err


@pytest.mark.parametrize(
    "damage",
    [{"licences": "x"}, {"splits": {"train": 5}}, {"splits": {"train": {"clips": None, "shards": []}}}],
)
def test_a_damaged_description_of_a_set_is_said(made: Path, damage: dict[str, object]) -> None:
    facts = json.loads((made / "dataset.json").read_text())
    (made / "dataset.json").write_text(json.dumps({**facts, **damage}))
    with pytest.raises(UnreadableInputError, match="damaged"):
        describe(made)
