"""Laws that every file format obeys, and what ``save`` refuses."""

import json
import re
import wave
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from beatomizer.cues.cuelist import Beat, Cue, CueList, Section
from beatomizer.cues.format import from_json, to_json
from beatomizer.errors import ResourceLimitError, UsageError
from beatomizer.outputs.files import formats
from beatomizer.outputs.files.formats import FORMATS
from beatomizer.outputs.files.fseq import read_fseq
from beatomizer.outputs.files.options import FSEQ_STEPS_MS, FileOptions
from beatomizer.outputs.files.save import save
from beatomizer.outputs.files.steps import picked_frames
from beatomizer.progress import Progress
from beatomizer.safety.safe_show import SafeShow, SafetyReport, sealed
from beatomizer.show.show import Show

SMALL = FileOptions(size=(128, 72))
EVERY_FORMAT = pytest.mark.parametrize("suffix", FORMATS.names())
PROMISED_BYTES = (".csv", ".npz", ".json", ".fseq", ".html", ".png")


def a_show(
    frames: int = 61,
    zones: int = 3,
    source: Path | None = None,
    cues: bool = True,
    profile: str = "broadcast",
) -> SafeShow:
    """Slow light that no judge minds, different in every zone and frame."""
    ramp = 20 + (np.arange(frames)[:, None, None] + 7 * np.arange(zones)[:, None] + 3 * np.arange(3)) % 60
    duration_s = frames / 60
    cue_list = CueList(
        duration_s,
        beats=(Beat(0.0, 1),),
        sections=(Section(0.0, duration_s, "A"),),
        palette=("#ff0000", "#00ff88"),
        cues=(Cue(0.0, "hold", ("#ff0000",)),),
        title="Läuft „gut“ <b>",
        zones=zones,
    )
    show = Show(ramp.astype(np.uint8), cue_list if cues else None, source)
    return sealed(show, SafetyReport(profile))


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """A second of a tone, in a folder of its own."""
    folder = tmp_path / "songs"
    folder.mkdir()
    path = folder / "ton.wav"
    tone = (8000 * np.sin(2 * np.pi * 330 * np.arange(24_400) / 24_000)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(24_000)
        file.writeframes(tone.tobytes())
    return path


# --- every format ----------------------------------------------------------------------------------------------


@EVERY_FORMAT
@pytest.mark.parametrize(("frames", "zones"), [(1, 1), (1, 64), (7, 3), (61, 64)])
def test_any_size_is_written_and_nothing_else(suffix: str, frames: int, zones: int, tmp_path: Path) -> None:
    path = tmp_path / f"Schau — 光{suffix}"
    save(a_show(frames, zones), path, options=SMALL)
    assert path.stat().st_size > 0
    assert list(tmp_path.iterdir()) == [path]


@EVERY_FORMAT
def test_with_sound(suffix: str, song: Path, tmp_path: Path) -> None:
    out = tmp_path / f"show{suffix.upper()}"
    before = song.read_bytes()
    save(a_show(source=song), out, options=SMALL)
    assert out.stat().st_size > 0
    assert song.read_bytes() == before


@EVERY_FORMAT
def test_progress_ends_at_one(suffix: str, tmp_path: Path) -> None:
    told: list[float] = []
    save(a_show(), tmp_path / f"show{suffix}", options=SMALL, progress=lambda _, share: told.append(share))
    assert told[-1] == 1.0
    assert all(0.0 <= share <= 1.0 for share in told)


class InterruptError(Exception):
    """Thrown into a writer at work."""


@EVERY_FORMAT
@pytest.mark.parametrize("older", [None, b"the older file"])
def test_an_interrupted_writer_leaves_nothing(suffix: str, older: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / f"show{suffix}"
    if older is not None:
        path.write_bytes(older)

    def interrupt(stage: str, share: float) -> None:
        raise InterruptError

    with pytest.raises(InterruptError):
        save(a_show(), path, options=SMALL, progress=interrupt)
    assert list(tmp_path.iterdir()) == ([] if older is None else [path])
    assert older is None or path.read_bytes() == older


@EVERY_FORMAT
def test_a_file_that_may_not_grow_leaves_nothing(suffix: str, tmp_path: Path) -> None:
    """As on a full disk: the system refuses every byte past the 600th."""
    path = tmp_path / f"show{suffix}"
    rgb8 = np.repeat(np.random.default_rng(0).integers(0, 60, (300, 8, 1), dtype=np.uint8), 3, axis=2)
    show = a_show(300, 8)
    show = sealed(replace(Show(rgb8, show.cues)), show.report)
    resource = pytest.importorskip("resource", reason="file size limits are a matter of Unix")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, hard))
    try:
        with pytest.raises((OSError, ResourceLimitError)):
            save(show, path, options=SMALL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_a_resource_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(show: SafeShow, path: Path, options: FileOptions, progress: Progress) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(formats.FORMATS, "load", lambda _: full)
    with pytest.raises(ResourceLimitError, match="disk is full"):
        save(a_show(), tmp_path / "show.csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", PROMISED_BYTES)
def test_same_show_same_bytes(suffix: str, song: Path, tmp_path: Path) -> None:
    show = a_show(source=song)
    for name in ("one", "two"):
        save(show, tmp_path / f"{name}{suffix}", options=FileOptions(size=(128, 72), fseq_zstd=True))
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


# --- read back -------------------------------------------------------------------------------------------------


def a_safe(rgb8: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> SafeShow:
    return sealed(Show(rgb8), SafetyReport("broadcast"))


def some_light() -> st.SearchStrategy[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    shapes = st.tuples(st.integers(1, 90), st.integers(1, 9), st.just(3))
    return shapes.flatmap(lambda shape: arrays(np.uint8, shape))


QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(rgb8=some_light())
@QUICK
def test_csv_reads_back(rgb8: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], tmp_path: Path) -> None:
    save(a_safe(rgb8), tmp_path / "show.csv")
    lines = (tmp_path / "show.csv").read_text().splitlines()
    assert lines[0] == "time_s,zone,r,g,b"
    rows = np.loadtxt(lines[1:], delimiter=",", ndmin=2)
    frames, zones = rgb8.shape[:2]
    assert rows.shape == (frames * zones, 5)
    assert np.allclose(rows[:, 0], np.repeat(np.arange(frames) / 60, zones), atol=1e-6, rtol=0)
    assert np.array_equal(rows[:, 1], np.tile(np.arange(zones), frames))
    assert np.array_equal(rows[:, 2:].reshape(rgb8.shape), rgb8)


def test_csv_of_more_than_one_block(tmp_path: Path) -> None:
    save(a_show(7301, 2), tmp_path / "show.csv")
    lines = (tmp_path / "show.csv").read_text().splitlines()
    assert len(lines) == 1 + 7301 * 2
    assert lines[1] == "0.000000,0,20,23,26"
    assert lines[-1].startswith("121.666667,1,")
    assert all(re.fullmatch(r"\d+\.\d{6},\d+,\d+,\d+,\d+", line) for line in lines[1:])


@given(rgb8=some_light())
@QUICK
def test_npz_reads_back(rgb8: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], tmp_path: Path) -> None:
    save(a_safe(rgb8), tmp_path / "show.npz")
    with np.load(tmp_path / "show.npz", allow_pickle=False) as data:
        assert sorted(data) == ["cues", "fps", "rgb"]
        assert np.array_equal(data["rgb"], rgb8)
        assert data["rgb"].dtype == np.uint8
        assert int(data["fps"]) == 60
        assert str(data["cues"]) == ""


def test_npz_of_a_show_that_is_not_contiguous(tmp_path: Path) -> None:
    rgb8 = np.asfortranarray(a_show(20, 4).rgb8)[::2]
    save(a_safe(rgb8), tmp_path / "show.npz")
    with np.load(tmp_path / "show.npz") as data:
        assert np.array_equal(data["rgb"], rgb8)


def test_cue_list_reads_back_from_json_and_npz(tmp_path: Path) -> None:
    show = a_show()
    assert show.cues is not None
    save(show, tmp_path / "show.json")
    save(show, tmp_path / "show.npz")
    text = (tmp_path / "show.json").read_text(encoding="utf-8")
    assert text == to_json(show.cues)
    assert from_json(text).title == show.cues.title
    assert json.loads(text)["palette"] == ["#ff0000", "#00ff88"]
    with np.load(tmp_path / "show.npz") as data:
        assert str(data["cues"]) == text


@pytest.mark.parametrize("zstd", [False, True])
@pytest.mark.parametrize("step_ms", FSEQ_STEPS_MS)
def test_fseq_reads_back(zstd: bool, step_ms: int, tmp_path: Path) -> None:
    show = a_show(600, 8)
    save(show, tmp_path / "show.fseq", options=FileOptions(fseq_step_ms=step_ms, fseq_zstd=zstd))
    read = read_fseq(tmp_path / "show.fseq")
    assert read.step_ms == step_ms
    assert read.duration_s == 10.0
    assert read.compression == ("zstd" if zstd else "none")
    assert np.array_equal(read.channels.reshape(-1, 8, 3), show.rgb8[picked_frames(show.rgb8, step_ms)])


def test_pictures_pages_and_videos_open(song: Path, tmp_path: Path) -> None:
    for suffix in (".png", ".html", ".mp4"):
        save(a_show(source=song), tmp_path / f"show{suffix}", options=SMALL)
    with Image.open(tmp_path / "show.png") as picture:
        picture.load()
        assert picture.width > 200
    assert (tmp_path / "show.html").read_text(encoding="utf-8").lower().startswith("<!doctype html>")
    with av.open(str(tmp_path / "show.mp4")) as video:
        pictures = sum(1 for _ in video.decode(video=0))
        assert (video.streams.video[0].width, video.streams.video[0].height) == SMALL.size
        assert video.streams.audio
    assert pictures == 61


# --- what save refuses -----------------------------------------------------------------------------------------


@EVERY_FORMAT
def test_light_that_no_limiter_saw_is_a_type_error(suffix: str, tmp_path: Path) -> None:
    show = a_show()
    unlimited = Show(show.rgb8, show.cues)
    with pytest.raises(TypeError, match="limit"):
        save(unlimited, tmp_path / f"show{suffix}")  # type: ignore[arg-type]  # the mistake under test
    assert list(tmp_path.iterdir()) == []


@EVERY_FORMAT
def test_a_venue_show_never_becomes_a_file(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="venue"):
        save(a_show(profile="venue"), tmp_path / f"show{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["show.xyz", "show", "show.", ".csv", "show.csv.bak"])
def test_unknown_suffix_lists_the_known_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as error:
        save(a_show(), tmp_path / name)
    assert all(suffix in str(error.value) for suffix in FORMATS.names())
    assert list(tmp_path.iterdir()) == []


def test_the_song_itself_is_never_overwritten(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"the song of a video file")
    (tmp_path / "link.mp4").symlink_to(film)
    show = a_show(source=film)
    for target in (film, tmp_path / "link.mp4", tmp_path / "." / "film.mp4"):
        with pytest.raises(UsageError, match="song itself"):
            save(show, target)
    assert film.read_bytes() == b"the song of a video file"


def test_raw_colour_has_no_cue_list(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no cue list"):
        save(a_show(cues=False), tmp_path / "show.json")
    assert list(tmp_path.iterdir()) == []


def test_folders_that_are_missing_or_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    for target in (tmp_path / "folder.csv", tmp_path / "nowhere" / "show.csv"):
        with pytest.raises(UsageError):
            save(a_show(), target)


# --- options ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "size", [(0, 0), (63, 64), (64, 62), (1281, 720), (1280, 721), (3842, 720), (-64, 64)]
)
def test_sizes_that_cannot_be(size: tuple[int, int]) -> None:
    with pytest.raises(UsageError, match="1280x720"):
        FileOptions(size=size)


@pytest.mark.parametrize("step_ms", [0, 16, 17, 33, 1000, -25])
def test_steps_that_cannot_be(step_ms: int) -> None:
    with pytest.raises(UsageError, match="20, 25, 50"):
        FileOptions(fseq_step_ms=step_ms)


def test_options_that_can_be() -> None:
    assert FileOptions(size=(64, 3840)).size == (64, 3840)
    assert FileOptions() == FileOptions((1280, 720), 25, False)
