"""The video file: exact in time, tagged, in sync, judged after encoding, and nothing left behind."""

import shutil
import struct
import subprocess
import threading
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from beatomizer.color import LUMINANCE_WEIGHTS, rgb8_to_linear
from beatomizer.cues.cuelist import CueList
from beatomizer.errors import ResourceLimitError, UnreadableInputError, UsageError
from beatomizer.outputs.files import mp4
from beatomizer.outputs.files.options import FileOptions
from beatomizer.outputs.files.save import save
from beatomizer.outputs.stage.film import film
from beatomizer.outputs.stage.seen import seen_in_pictures
from beatomizer.outputs.stage.watcher import Watcher
from beatomizer.progress import silent
from beatomizer.safety.judge import judge
from beatomizer.safety.safe_show import SafeShow, SafetyReport, sealed
from beatomizer.show.show import Show

SMALL = FileOptions(size=(320, 180))
RATE = 44_100


def made_show(rgb8: np.ndarray, source: Path | None = None, title: str = "Made") -> SafeShow:
    cues = CueList(duration_s=len(rgb8) / 60, title=title, artist="Nobody")
    return sealed(Show(np.ascontiguousarray(rgb8, dtype=np.uint8), cues, source), SafetyReport("broadcast"))


def slow_colours(frames: int, zones: int) -> np.ndarray:
    """Zones that swell one after the other, far below any flash rule."""
    t = np.arange(frames)[:, None, None] / 60
    phase = np.arange(zones)[None, :, None] / zones + np.array([0.0, 0.3, 0.6])
    return (120 + 110 * np.sin(2 * np.pi * (0.25 * t + phase))).astype(np.uint8)


def write_clicks(path: Path, seconds: float, every_s: float) -> Path:
    t = np.arange(round(seconds * RATE)) / RATE
    since = t % every_s
    sound = np.where(since < 0.02, 0.8 * np.sin(2 * np.pi * 1000 * since), 0.0)
    stereo = np.repeat((sound * 32_000).astype("<i2")[:, None], 2, axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(stereo.tobytes())
    return path


def pictures(path: Path) -> tuple[list[Fraction], np.ndarray]:
    """Exact times and the pictures, uint8 ``[T, H, W, 3]``."""
    times, frames = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            times.append(frame.pts * frame.time_base)
            frames.append(frame.to_ndarray(format="rgb24", src_colorspace=Colorspace.ITU709))
    return times, np.stack(frames)


def seen_in_file(path: Path) -> np.ndarray:
    """What is seen in a finished file."""
    with av.open(str(path)) as container:
        return seen_in_pictures(container.decode(video=0))


def sound(path: Path) -> tuple[float, np.ndarray]:
    """Time of the first sample and all samples of the left side."""
    with av.open(str(path)) as container:
        blocks = list(container.decode(audio=0))
        start = float(blocks[0].pts * blocks[0].time_base)
        return start, np.concatenate([block.to_ndarray()[0] for block in blocks])


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of 2.5 s with clicks and flashes at 0, 1 and 2 s."""
    folder = tmp_path_factory.mktemp("clip")
    frames = 150
    rgb8 = np.full((frames, 4, 3), 10, dtype=np.uint8)
    since = np.arange(frames) % 60
    rgb8[since < 20] = 230
    source = write_clicks(folder / "clicks.wav", frames / 60, 1.0)
    path = folder / "clip.mp4"
    save(made_show(rgb8, source), path, options=SMALL)
    return path


def test_every_frame_is_there_at_its_exact_time(clip: Path) -> None:
    times, frames = pictures(clip)
    assert times == [Fraction(n, 60) for n in range(150)]
    assert frames.shape == (150, 180, 320, 3)
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 60
        assert stream.frames == 150
        assert stream.duration * stream.time_base == Fraction(150, 60)
        assert container.duration == 2_500_000


def test_the_stream_is_what_players_expect(clip: Path) -> None:
    with av.open(str(clip)) as container:
        video, audio = container.streams.video[0].codec_context, container.streams.audio[0]
        assert (video.name, video.pix_fmt) == ("h264", "yuv420p")
        assert (video.color_range, video.colorspace) == (ColorRange.MPEG, Colorspace.ITU709)
        assert (video.color_primaries, video.color_trc) == (1, 1)
        assert (audio.codec_context.name, audio.rate, audio.layout.name) == ("aac", 48_000, "stereo")
        assert container.metadata["title"] == "Made"


def test_the_index_comes_first(clip: Path) -> None:
    data, offset, boxes = clip.read_bytes(), 0, []
    while offset < len(data):
        size, name = struct.unpack(">I4s", data[offset : offset + 8])
        boxes.append(name.decode())
        offset += size
    assert boxes.index("moov") < boxes.index("mdat")


def flash_times(frames: np.ndarray) -> np.ndarray:
    light = (rgb8_to_linear(frames) @ LUMINANCE_WEIGHTS).mean(axis=(1, 2))
    bright = light > (light.max() + light.min()) / 2
    return np.flatnonzero(bright & ~np.concatenate([[False], bright[:-1]])) / 60


def click_times(start: float, samples: np.ndarray) -> np.ndarray:
    loud = np.flatnonzero(np.abs(samples) > 0.2)
    return start + loud[np.diff(loud, prepend=-10_000) > 5_000] / 48_000


def test_sound_and_light_are_together(clip: Path) -> None:
    _, frames = pictures(clip)
    flashes, clicks = flash_times(frames), click_times(*sound(clip))
    assert flashes == pytest.approx([0, 1, 2], abs=1e-9)
    assert clicks == pytest.approx([0, 1, 2], abs=0.004)


@pytest.mark.integration
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg program")
def test_sound_and_light_are_together_for_ffmpeg(clip: Path, tmp_path: Path) -> None:
    wav = tmp_path / "sound.wav"
    command = ["ffmpeg", "-v", "error", "-i", str(clip), "-map", "0:a", "-c:a", "pcm_s16le", str(wav)]
    assert subprocess.run(command, check=True, capture_output=True).stderr == b""
    with wave.open(str(wav)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)[:, 0] / 32_768
    assert click_times(0.0, samples) == pytest.approx([0, 1, 2], abs=0.004)
    assert len(samples) == pytest.approx(2.5 * 48_000, abs=1024)


def test_a_song_that_is_too_short_or_too_long_changes_nothing_in_the_length(tmp_path: Path) -> None:
    for seconds in (0.7, 3.0):
        source = write_clicks(tmp_path / "song.wav", seconds, 0.5)
        save(made_show(slow_colours(90, 2), source), tmp_path / "out.mp4", options=SMALL)
        with av.open(str(tmp_path / "out.mp4")) as container:
            assert container.duration == 1_500_000
            audio = container.streams.audio[0]
            assert audio.duration * audio.time_base == Fraction(3, 2)
        start, samples = sound(tmp_path / "out.mp4")
        assert start == 0
        assert np.abs(samples[48_000 : 48_000 + 900]).max() < 0.01 if seconds < 1 else True


def test_without_a_song_the_video_is_silent(tmp_path: Path) -> None:
    save(made_show(slow_colours(30, 1)), tmp_path / "out.mp4", options=SMALL)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video"]


@pytest.mark.parametrize(("zones", "frames"), [(1, 1), (1, 20), (64, 20)])
def test_colours_arrive(tmp_path: Path, zones: int, frames: int) -> None:
    rgb8 = np.zeros((frames, zones, 3), dtype=np.uint8)
    rgb8[:] = (0, 40, 255)
    save(made_show(rgb8), tmp_path / "out.mp4", options=SMALL)
    times, seen = pictures(tmp_path / "out.mp4")
    assert len(times) == frames
    light = rgb8_to_linear(seen)[:, :110].mean(axis=(0, 1, 2))
    assert light[2] > 6 * light[0]
    assert light[2] > 3 * light[1]
    assert light[2] > 0.05


def test_a_black_show_is_a_dark_video(tmp_path: Path) -> None:
    save(made_show(np.zeros((30, 8, 3))), tmp_path / "out.mp4", options=SMALL)
    seen = seen_in_file(tmp_path / "out.mp4")
    assert (rgb8_to_linear(seen) @ LUMINANCE_WEIGHTS).max() < 0.01


def test_the_same_show_gives_the_same_bytes(tmp_path: Path) -> None:
    source = write_clicks(tmp_path / "song.wav", 1.0, 0.5)
    show = made_show(slow_colours(60, 5), source)
    for name in ("one.mp4", "two.mp4"):
        save(show, tmp_path / name, options=SMALL)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_progress_only_grows_and_ends_at_one(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    show = made_show(slow_colours(90, 2))
    save(show, tmp_path / "out.mp4", options=SMALL, progress=lambda stage, share: told.append((stage, share)))
    assert {stage for stage, _ in told} == {"video"}
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_the_film_is_judged_by_what_the_finished_file_shows(tmp_path: Path) -> None:
    show = made_show(np.random.default_rng(3).integers(0, 256, (75, 6, 3)))
    seen = film(show, tmp_path / "out.mp4", (320, 180), None, silent)
    assert seen.shape == (75, 19, 3)
    assert np.ptp(seen.astype(int), axis=0).max() > 40
    assert np.array_equal(seen, seen_in_file(tmp_path / "out.mp4"))


def test_a_watcher_that_cannot_decode_says_so_and_ends() -> None:
    threads = threading.active_count()
    with Watcher() as watcher:
        for _ in range(200):
            watcher.look(b"no picture at all", b"\x00\x00\x00\x01\x67broken")
        with pytest.raises(av.error.FFmpegError):
            watcher.seen()
    assert threading.active_count() == threads


def strobe(frames: int) -> SafeShow:
    """Light that no limiter would let through, sealed all the same: the last line of defence is on its own."""
    rgb8 = np.zeros((frames, 3, 3), dtype=np.uint8)
    rgb8[np.arange(frames) // 4 % 2 == 1] = 255
    return made_show(rgb8)


def test_a_video_that_flashes_too_much_is_tightened_until_it_passes(tmp_path: Path) -> None:
    show = strobe(240)
    assert not judge(show.rgb8).ok
    save(show, tmp_path / "out.mp4", options=SMALL)
    seen = seen_in_file(tmp_path / "out.mp4")
    assert judge(seen, "broadcast").ok
    assert len(seen) == 240


def test_a_video_that_no_correction_mends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []

    def do_nothing(show: SafeShow, failed: np.ndarray, round: int) -> SafeShow:
        rounds.append(round)
        assert failed.shape == (show.frames,)
        assert failed.any()
        return show

    monkeypatch.setattr(mp4, "tighten", do_nothing)
    with pytest.raises(ResourceLimitError, match="3 corrections"):
        save(strobe(120), tmp_path / "out.mp4", options=SMALL)
    assert rounds == [1, 2, 3]
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_leaves_no_file_and_no_thread(tmp_path: Path) -> None:
    def interrupt(stage: str, share: float) -> None:
        if share > 0.2:
            raise KeyboardInterrupt

    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        save(made_show(slow_colours(300, 2)), tmp_path / "out.mp4", options=SMALL, progress=interrupt)
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == threads


def test_a_song_that_vanished_leaves_the_old_file_alone(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    target.write_bytes(b"older")
    with pytest.raises(UnreadableInputError):
        save(made_show(slow_colours(30, 1), tmp_path / "gone.ogg"), target, options=SMALL)
    assert target.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [target]


def test_a_show_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="without frames"):
        save(made_show(np.zeros((0, 2, 3))), tmp_path / "out.mp4", options=SMALL)
    assert list(tmp_path.iterdir()) == []
