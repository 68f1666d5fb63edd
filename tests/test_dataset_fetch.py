"""Lists are read with care, and videos are fetched from a real web server that serves them well and badly."""

import csv
import errno
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beatomizer.audio.load import load_audio
from beatomizer.cli.program import run as beatomizer
from beatomizer.dataset.downloader import FORMAT, SORT, Download, FetchLimits, command, download, stale
from beatomizer.dataset.fetch import FetchReport, _full_disk_said, fetch
from beatomizer.dataset.fetch_errors import DISK_FULL, trouble_of
from beatomizer.dataset.fetch_state import HIDDEN, FetchState, Remembered, only_one
from beatomizer.dataset.listing import Listing, read_list
from beatomizer.dataset.probe import examine
from beatomizer.dataset.sources import find_takes
from beatomizer.errors import ResourceLimitError, UnreadableInputError, UsageError
from beatomizer.timebase import SAMPLE_RATE
from tests.made_videos import Server, made_film, served

# The list


def listed(tmp_path: Path, text: str | bytes) -> Listing:
    path = tmp_path / "list.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_list(path)


URL = "https://example.org/v"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("", 0),
        ("7", 7),
        ("12.5", 12.5),
        ("1:15", 75),
        ("1:02:03", 3723),
        ("0:05,5", 5.5),
        (" 90 ", 90),
        ("125:00", 7500),
    ],
)
def test_times_as_people_write_them(tmp_path: Path, written: str, seconds: float) -> None:
    listing = listed(tmp_path, f'url,start\n{URL},"{written}"\n')
    assert listing.complaints == ()
    assert listing.rows[0].excerpt.start_s == seconds


@given(st.integers(0, 86_000))
def test_law_a_clock_and_its_seconds_are_one_time(total: int) -> None:
    from beatomizer.dataset.listing import _seconds

    hours, rest = divmod(total, 3600)
    assert (
        _seconds(f"{hours}:{rest // 60:02d}:{rest % 60:02d}", "start")
        == _seconds(str(total), "start")
        == total
    )


@pytest.mark.parametrize(
    "text",
    [
        f'url,start,end,title\n{URL},0,1:00,"Lights, camera"\n',
        f'\ufeffurl;start;end;title\r\n{URL};0;1:00;"Lights, camera"\r\n',
        f"url\tstart\tend\ttitle\n{URL}\t0\t1:00\tLights, camera\n",
        f'# my list\n\nURL , Start,END,Title\n{URL},0,1:00,"Lights, camera",,\n',
        f'url,start,end,title\n{URL},0,1:00,"Lights, camera"\n'.encode("utf-16"),
    ],
)
def test_lists_of_any_spreadsheet(tmp_path: Path, text: str | bytes) -> None:
    listing = listed(tmp_path, text)
    assert listing.complaints == ()
    (row,) = listing.rows
    assert (row.excerpt.url, row.excerpt.end_s, row.excerpt.title) == (URL, 60.0, "Lights, camera")


def test_each_bad_row_has_a_line_and_the_rest_goes_on(tmp_path: Path) -> None:
    rows = [
        ("file:///etc/passwd,,", "column 'url'"),
        ("-oevil,,", "column 'url'"),
        ("ytsearch:lights,,", "column 'url'"),
        ("https://,,", "names no site"),
        ("https://me:secret@example.org/v,,", "password"),
        ("https://exa mple.org/v,,", "not an address"),
        ("https://example.org:x/v,,", "not an address"),
        (",5,9", "column 'url': is empty"),
        (f"{URL},soon,", "column 'start': 'soon'"),
        (f"{URL},1:75,", "column 'start'"),
        (f"{URL},1:00,0:30", "column 'end': ends at 0:30"),
        (f"{URL},0,14", "column 'end': only 14 s"),
        (f"{URL},99:00:00,", "column 'start'"),
        (f"{URL},0,60,a,b", "5 cells, but 3 columns"),
        (f"{URL},0,60", ""),
        (f"{URL},0:00,1:00", "says the same as row 16"),
    ]
    listing = listed(tmp_path, "url,start,end\n" + "\n".join(row for row, _ in rows) + "\n")
    assert [row.number for row in listing.rows] == [16]
    expected = [(number, said) for number, (_, said) in enumerate(rows, 2) if said]
    assert len(listing.complaints) == len(expected)
    for line, (number, said) in zip(listing.complaints, expected):
        assert line.startswith(f"row {number}")
        assert said in line
        assert "\n" not in line
    assert not any("secret" in line for line in listing.complaints)


def test_unknown_columns_are_named(tmp_path: Path) -> None:
    listing = listed(tmp_path, f"url,stars,license,titel,url\n{URL},5,CC0,x,{URL}2\n")
    assert listing.rows[0].excerpt.licence == "CC0"
    assert [line.partition("' ")[0] for line in listing.complaints] == [
        "column 'stars",
        "column 'titel",
        "column 'url",
    ]
    assert "is 'title' meant?" in listing.complaints[1]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"", UsageError),
        (b"\n\n", UsageError),
        (b"title,start\nx,1\n", UsageError),
        (b"https://example.org/v\n", UsageError),
        (b"url\n\xff\xfe\xfa\n", UnreadableInputError),
        (b"url\n\0\0\n", UnreadableInputError),
        (b'url\n"' + b"x" * 200_000 + b'"\n', UnreadableInputError),
    ],
)
def test_what_is_no_list_is_an_error(tmp_path: Path, text: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        listed(tmp_path, text)


# The child


def test_the_child_obeys_no_configuration_and_no_option_in_an_address() -> None:
    words = command("https://example.org/v", Path("/somewhere"), FetchLimits(rate=2_000_000))
    assert {"--ignore-config", "--no-playlist", "--restrict-filenames", "--no-exec"} < set(words)
    assert {"--abort-on-unavailable-fragments", "--max-filesize", "--limit-rate"} < set(words)
    assert words[-2:] == ["--", "https://example.org/v"]
    assert words[1:4] == ["-P", "-m", "yt_dlp"]


@pytest.mark.parametrize(
    ("formats", "chosen"),
    [
        ({"c144": 144, "c240": 240, "c1080": 1080, "c90": 90}, ["c240"]),
        ({"v144": 144, "v240": 240, "v1080": 1080, "a": 0}, ["v240", "a"]),
        ({"v1080": 1080, "v720": 720, "a": 0, "c360": 360}, ["c360"]),
        ({"c90": 90}, ["c90"]),
        ({"c1080": 1080, "c720": 720}, ["c720"]),
    ],
)
def test_the_smallest_good_rendition_is_chosen(formats: dict[str, int], chosen: list[str]) -> None:
    yt_dlp = pytest.importorskip("yt_dlp")
    entries = [
        {
            "format_id": name,
            "url": f"http://127.0.0.1/{name}",
            "ext": "mp4",
            "vcodec": "none" if name.startswith("a") else "avc1",
            "acodec": "none" if name.startswith("v") else "mp4a",
            **({"height": height} if height else {}),
        }
        for name, height in formats.items()
    ]
    with yt_dlp.YoutubeDL(
        {"format": FORMAT, "format_sort": [SORT], "quiet": True, "simulate": True}
    ) as child:
        info = {
            "id": "x",
            "title": "t",
            "formats": entries,
            "extractor": "x",
            "webpage_url": "http://127.0.0.1/x",
        }
        info = child.process_ie_result(info)
    assert [one["format_id"] for one in info["requested_downloads"]] == chosen


def test_an_old_downloader_is_said() -> None:
    assert stale("2026.01.01", date(2026, 2, 1)) == ""
    assert "pip install -U yt-dlp" in stale("2026.01.01", date(2026, 6, 1))
    assert stale("master", date(2026, 6, 1)) == stale("2026.99.99", date(2026, 6, 1)) == ""


@pytest.mark.parametrize(
    ("said", "reason", "may_pass"),
    [
        ("ERROR: [generic] x: Unable to download webpage: HTTP Error 404: Not Found", "404", False),
        ("ERROR: [youtube] x: Private video. Sign in if you've been granted access", "is private", False),
        (
            "ERROR: [youtube] x: Video unavailable. This video has been removed by the uploader",
            "removed",
            False,
        ),
        ("WARNING: x\nERROR: unable to download video data: <urlopen error timed out>", "in time", True),
        ("ERROR: [youtube] x: Sign in to confirm your age", "login", False),
        ("ERROR: [x] y: HTTP Error 503: Service Unavailable", "out of order", True),
        ("ERROR: [youtube] aDRMb1c: HTTP Error 503: Service Unavailable", "out of order", True),
        ("ERROR: [x] y: This video is DRM protected", "copying", False),
        (
            "ERROR: [x] y: a thing never heard of\x1b[31m.; please report this",
            "a thing never heard of [31m",
            True,
        ),
        ("", "nothing came", False),
    ],
)
def test_complaints_become_one_line(said: str, reason: str, may_pass: bool) -> None:
    trouble = trouble_of(said)
    assert reason in trouble.reason
    assert trouble.may_pass is may_pass
    assert trouble.reason.isprintable()


# What comes is looked at


def test_pictures_and_sound_apart_are_put_together_without_a_shift(tmp_path: Path) -> None:
    whole = made_film(tmp_path / "whole.mp4")
    sound = made_film(tmp_path / "sound.m4a", pictures=False)
    pictures = made_film(tmp_path / "pictures.mp4", sound=False)
    found = examine([pictures, sound], tmp_path / "joined")
    assert found.problem == ""
    assert found.duration_s == pytest.approx(16, abs=0.1)
    before, after = load_audio(sound).samples, load_audio(tmp_path / "joined.mp4").samples
    assert abs(len(before) - len(after)) < SAMPLE_RATE // 100
    excerpt = slice(2 * SAMPLE_RATE, 3 * SAMPLE_RATE)
    np.testing.assert_allclose(after[excerpt], before[excerpt], atol=1e-4)
    assert examine([whole], tmp_path / "unused").problem == ""


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    dark = made_film(tmp_path / "dark.mp4", pictures=False)
    assert examine([dark], tmp_path / "j").problem == "has no moving picture"
    page = tmp_path / "page.mp4"
    page.write_text("<html><body>Please accept our cookies</body></html>")
    assert "is text" in examine([page], tmp_path / "j").problem
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(np.random.default_rng(0).bytes(5000))
    assert examine([noise], tmp_path / "j").problem == "is not a video that can be read"


# A real web server. The slow parts run at the same time.


class Scene(NamedTuple):
    """What the tests below look at."""

    server: Server
    out: Path
    listing: Listing
    report: FetchReport
    slow: Download
    killed: subprocess.CompletedProcess[str]
    asked_after_kill: list[tuple[str, str]]
    killed_out: Path


LIMITS = FetchLimits(timeout_s=60, silence_s=10, retries=1, backoff_s=0.05)
ROWS = (
    ("good", "/good.mp4", "", "", "CC0-1.0"),
    ("again", "/good.mp4", "0:00", "0:15", "CC0-1.0"),
    ("late", "/good.mp4", "0:10", "", ""),
    ("moved", "/moved.mp4", "", "", ""),
    ("gone", "/gone.mp4", "", "", ""),
    ("mute", "/mute.mp4", "", "", ""),
    ("short", "/short.mp4", "", "", ""),
    ("cut", "/cut.mp4", "", "", ""),
    ("vanish", "/vanish.mp4", "", "", ""),
    ("page", "/page.html", "", "", ""),
)


def _serve(server: Server, folder: Path) -> None:
    good = made_film(folder / "good.mp4").read_bytes()
    server.bodies = {
        "/good.mp4": good,
        "/cut.mp4": good[: len(good) * 2 // 3],
        "/mute.mp4": made_film(folder / "mute.mp4", sound=False).read_bytes(),
        "/short.mp4": made_film(folder / "short.mp4", 3.0).read_bytes(),
        "/vanish.mp4": made_film(folder / "vanish.mp4", seed=1).read_bytes(),
        "/slow.mp4": made_film(folder / "slow.mp4", seed=2).read_bytes(),
        "/killed.mp4": made_film(folder / "killed.mp4", seed=3).read_bytes(),
        "/page.html": b"<html><head><title>Lights</title></head><body>no video here</body></html>",
    }
    server.manners = {"/moved.mp4": "/good.mp4", "/vanish.mp4": "break once", "/page.html": "page"}
    server.manners |= {"/slow.mp4": "drip", "/killed.mp4": "drip"}


def _killed(
    server: Server, folder: Path
) -> tuple[subprocess.CompletedProcess[str], list[tuple[str, str]], Path]:
    """A fetch that dies by kill -9 in the middle of a video, and the same command again."""
    (folder / "one.csv").write_text(f"url\n{server.address}/killed.mp4\n")
    out = folder / "killed"
    words = [
        sys.executable,
        "-m",
        "beatomizer",
        "dataset",
        "fetch",
        str(folder / "one.csv"),
        "-o",
        str(out),
        "--json",
    ]
    first = subprocess.Popen(words)
    while not any(part.stat().st_size > 20_000 for part in out.glob(".fetch/*/*.part")):
        assert first.poll() is None
        time.sleep(0.05)
    first.kill()
    first.wait()
    # Its child hears that nobody listens, and ends; the second run waits for that.
    server.manners["/killed.mp4"] = ""
    before = len(server.asked)
    again = subprocess.run(words, capture_output=True, text=True)
    return again, [one for one in server.asked[before:] if one[0] == "/killed.mp4"], out


def _slow(server: Server, folder: Path) -> Download:
    """A video that does not come in time."""
    (folder / "slow").mkdir()
    limits = FetchLimits(timeout_s=3.5, silence_s=10, retries=0)
    return download(f"{server.address}/slow.mp4", folder / "slow", limits)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    pytest.importorskip("yt_dlp")
    folder = tmp_path_factory.mktemp("fetch")
    with served() as server, ThreadPoolExecutor(2) as pool:
        _serve(server, folder)
        server.drip_bytes, server.drip_s = 2048, 0.08  # 5 s and more for a video
        slow = pool.submit(_slow, server, folder)
        killed = pool.submit(_killed, server, folder)
        lines = [
            f"{server.address}{path},{start},{end},{title},{licence}"
            for title, path, start, end, licence in ROWS
        ]
        (folder / "list.csv").write_text(
            "url,start,end,title,licence\n" + "\n".join(lines) + "\nfile:///x,,,,\n"
        )
        listing = read_list(folder / "list.csv")
        report = fetch(listing, folder / "out", limits=LIMITS, pause_s=0.0)
        yield Scene(server, folder / "out", listing, report, slow.result(), *killed.result())


def test_every_row_has_its_result(scene: Scene) -> None:
    results = {result.row.excerpt.title: result for result in scene.report.results}
    assert {name: result.status for name, result in results.items()} == {
        "good": "fetched",
        "again": "fetched",
        "late": "refused",
        "moved": "same",
        "gone": "failed",
        "mute": "refused",
        "short": "refused",
        "cut": "refused",
        "vanish": "fetched",
        "page": "failed",
    }
    said = {
        "late": "no 15 s from 0:10 on",
        "moved": "the same video as row 2",
        "gone": "is not there (404)",
        "mute": "has no sound",
        "short": "is too short: 3.0 s",
        "cut": "breaks off at",
        "page": "holds no video",
    }
    for name, reason in said.items():
        assert reason in results[name].reason, name
    assert scene.report.complaints[0].startswith("row 12, column 'url'")
    with (scene.out / "fetch.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == [result.status for result in scene.report.results] + ["list"]


def test_one_address_is_asked_once_for_all_its_rows(scene: Scene) -> None:
    whole = [asked for asked in scene.server.asked if asked == ("/good.mp4", "")]
    assert len(whole) <= 2 + 3  # the page and the video of "good"; the same, and a look, by way of "moved"
    assert scene.server.times_asked("/moved.mp4") == 1


def test_a_connection_that_breaks_is_taken_up_where_it_broke(scene: Scene) -> None:
    ranges = [wanted for path, wanted in scene.server.asked if path == "/vanish.mp4" and wanted]
    assert len(ranges) == 1
    assert int(ranges[0].removeprefix("bytes=").rstrip("-")) > 10_000
    (result,) = [one for one in scene.report.results if one.row.excerpt.title == "vanish"]
    assert (scene.out / result.file).read_bytes() == scene.server.bodies["/vanish.mp4"]


def test_the_folder_holds_takes_and_nothing_half_done(scene: Scene) -> None:
    takes, refusals = find_takes([scene.out])
    assert not refusals
    assert {(take.title, take.end_s, take.licence) for take in takes} == {
        ("good", None, "CC0-1.0"),
        ("again", 15.0, "CC0-1.0"),
        ("vanish", None, ""),
    }
    assert all(take.url.startswith(scene.server.address) for take in takes)
    assert sorted(path.name for path in (scene.out / ".fetch").iterdir()) == ["lock", "state.json"]


def test_a_second_run_asks_only_for_what_did_not_come(scene: Scene) -> None:
    before = len(scene.server.asked)
    good = [row for row in scene.listing.rows if row.excerpt.title not in ("gone", "page")]
    report = fetch(Listing(tuple(good), ()), scene.out, limits=LIMITS, pause_s=0.0)
    assert scene.server.asked[before:] == []
    assert {result.status for result in report.results} == {"kept", "same", "refused"}
    assert "--again" in next(result.reason for result in report.results if result.row.excerpt.title == "mute")
    assert len(find_takes([scene.out])[0]) == 3


def test_a_slow_video_is_given_up(scene: Scene) -> None:
    assert scene.slow.trouble is not None
    assert "not finished within 3.5 s" in scene.slow.trouble.reason
    assert scene.slow.trouble.may_pass


def test_a_killed_fetch_continues(scene: Scene) -> None:
    assert scene.killed.returncode == 0, scene.killed.stderr
    assert json.loads(scene.killed.stdout)["fetched"] == 1
    assert any(wanted for _, wanted in scene.asked_after_kill)
    (video,) = scene.killed_out.glob("*.mp4")
    assert video.read_bytes() == scene.server.bodies["/killed.mp4"]


def test_two_fetches_into_one_folder_are_one_too_many(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(UsageError, match="another fetch"), only_one(tmp_path, wait_s=0):
        pass


def test_a_missing_downloader_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "yt_dlp", None)
    assert beatomizer(["dataset", "fetch", str(tmp_path / "list.csv"), "-o", str(tmp_path)]) == 2
    assert "pip install 'beatomizer[train]'" in capsys.readouterr().err


def test_a_full_disk_stops_the_fetch() -> None:
    assert trouble_of("ERROR: unable to write data: [Errno 28] No space left on device") == DISK_FULL
    with pytest.raises(ResourceLimitError, match="disk is full"), _full_disk_said():
        raise OSError(errno.ENOSPC, "x")


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.csv").write_text("title\nx\n")
    words = ["dataset", "fetch", str(tmp_path / "list.csv"), "-o", str(tmp_path / "out")]
    assert beatomizer(words) == 2
    assert "no column 'url'" in capsys.readouterr().err
    (tmp_path / "list.csv").write_text("url\nftp://x/y\n")
    assert beatomizer(words) == 6  # nothing is there to build from
    said = capsys.readouterr()
    assert "row 2, column 'url'" in said.out
    assert said.err.count("\n") == 1
    for wrong in (
        ["--rate", "fast"],
        ["--rate", 400 * "9"],
        ["--pause", "nan"],
        ["--pause", "inf"],
        ["--timeout", "0"],
        ["--retries", "-1"],
    ):
        assert beatomizer([*words, *wrong]) == 2
        assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"format": "beatomizer-fetch", "version": 1}'])
def test_a_damaged_memory_is_no_memory(tmp_path: Path, damage: str) -> None:
    state = FetchState(tmp_path)
    (tmp_path / HIDDEN).mkdir()
    state.remember("https://example.org/a", Remembered(refused="no"))
    path = tmp_path / HIDDEN / "state.json"
    assert FetchState(tmp_path).of("https://example.org/a") is not None
    for text in (damage, path.read_text().replace('"bytes": 0', '"bytes": Infinity')):
        path.write_text(text)
        assert FetchState(tmp_path).of("https://example.org/a") is None


def test_no_module_is_taken_from_the_folder_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "av.py").write_text("open('taken', 'w').close()")
    (tmp_path / "film.mp4").write_bytes(bytes(99))
    monkeypatch.chdir(tmp_path)
    assert examine([tmp_path / "film.mp4"], tmp_path / "joined").problem
    assert not (tmp_path / "taken").exists()
