"""Watching videos: the mean of all pixels, the small copy, and the clock."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.arrays import F64, U8
from beatomizer.audio.load import load_audio
from beatomizer.color import linear_to_srgb, rgb8_to_linear
from beatomizer.dataset.clock import described_rate, repaired
from beatomizer.dataset.observe import observe
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.planes import see
from beatomizer.errors import ResourceLimitError, UnreadableInputError, UsageError
from tests.made_films import pooled, stage_pictures, video_frame, write_film


def twin(frame: av.VideoFrame, bits: int, full: bool, red: float, blue: float) -> F64:
    """The obvious way: every pixel to RGB in floats, clipped: ``[H, W, 3]``, 0..1."""
    planes = []
    for plane in frame.planes[:3]:
        dtype = np.uint8 if bits == 8 else np.uint16
        lines = np.frombuffer(plane, dtype).reshape(-1, plane.line_size // np.dtype(dtype).itemsize)
        planes.append(lines[: plane.height, : plane.width].astype(np.float64))
    for index in (1, 2):
        down, across = -(-frame.height // planes[index].shape[0]), -(-frame.width // planes[index].shape[1])
        planes[index] = planes[index].repeat(down, 0).repeat(across, 1)[: frame.height, : frame.width]
    scale = 2.0 ** (bits - 8)
    if full:
        y, b, r = planes[0] / (2**bits - 1), *((p - 128 * scale) / (2**bits - 1) for p in planes[1:])
    else:
        y, b, r = (planes[0] / scale - 16) / 219, *((p / scale - 128) / 224 for p in planes[1:])
    rgb = np.stack([y + 2 * (1 - red) * r, y * 0, y + 2 * (1 - blue) * b], axis=-1)
    rgb[..., 1] = (y - red * rgb[..., 0] - blue * rgb[..., 2]) / (1 - red - blue)
    return np.clip(rgb, 0, 1)


@pytest.mark.parametrize(
    ("pix_fmt", "size", "colorspace", "full"),
    [
        ("yuv420p", (72, 128), 1, False),
        ("yuv420p", (720, 1284), 1, False),
        ("yuv420p", (241, 427), 6, False),
        ("yuv422p", (240, 426), 5, True),
        ("yuv444p", (360, 640), 9, False),
        ("yuv420p10le", (480, 854), 9, False),
        ("yuv444p10le", (90, 160), 1, True),
        ("yuv420p", (2, 2), 6, False),
        ("yuv420p", (5, 3), 6, False),
    ],
)
def test_the_mean_is_that_of_all_pixels(
    pix_fmt: str, size: tuple[int, int], colorspace: int, full: bool
) -> None:
    """Also where much is clipped: colours out of gamut are as common in video as bright lamps."""
    height, width = size
    rng = np.random.default_rng(height)
    coarse = rng.integers(0, 256, (-(-height // 40), -(-width // 40), 3)).astype(np.uint8)
    rgb = coarse.repeat(40, 0).repeat(40, 1)[:height, :width]
    frame = video_frame(rgb, pix_fmt, colorspace, full)
    for plane in frame.planes[1:]:  # push a part of the colours out of gamut
        data = np.frombuffer(plane, np.uint8 if "10" not in pix_fmt else np.uint16)
        data[: len(data) // 3] = np.clip(
            data[: len(data) // 3] * 1.15, 0, 255 if "10" not in pix_fmt else 1023
        )
    weights = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}[colorspace]
    wanted = twin(frame, 10 if "10" in pix_fmt else 8, full, *weights).mean(axis=(0, 1))
    assert np.abs(see(frame).mean_rgb - wanted).max() * 255 < 0.3


def test_the_small_copy_is_the_picture_averaged_in_linear_light() -> None:
    """A smooth picture: sampling costs nothing, so cells are the area means."""
    y, x = np.mgrid[0:720, 0:1280]
    rgb = np.stack([40 + 200 * x / 1280, 30 + 150 * y / 720, 220 - 180 * x / 1280], axis=-1).astype(np.uint8)
    seen = see(video_frame(rgb, "yuv444p")).grid
    linear = rgb8_to_linear(rgb)
    wanted = np.stack([pooled(linear[..., n], 40, 40) for n in range(3)], axis=-1)
    assert np.abs(seen.astype(int) - linear_to_srgb(wanted) * 255).max() < 2.5


@pytest.mark.parametrize("pix_fmt", ["rgb24", "bgr24", "gbrp", "gray", "rgba", "nv12", "yuvj420p"])
def test_other_kinds_of_picture(pix_fmt: str) -> None:
    rgb = stage_pictures(1, 240, 424)[0]
    if pix_fmt == "gray":
        rgb = rgb[..., :1].repeat(3, -1)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pix_fmt)
    seen = see(frame)
    # swscale rounds down, here and on the way back.
    assert np.abs(seen.mean_rgb * 255 - rgb.mean(axis=(0, 1))).max() < (2.0 if "v" in pix_fmt else 0.5)
    assert np.abs(seen.grid.mean(axis=(0, 1)) - rgb.mean(axis=(0, 1))).max() < 10


def test_pictures_without_a_mark_are_709_when_large_and_601_when_small() -> None:
    for height, colorspace in ((720, 1), (480, 6)):
        rgb = np.full((height, 640, 3), (200, 60, 30), np.uint8)
        frame = video_frame(rgb, "yuv420p", colorspace)
        frame.colorspace = 2
        assert np.abs(see(frame).mean_rgb * 255 - (200, 60, 30)).max() < 1.5


def film(path: Path, pts_s: Any, **settings_: Any) -> tuple[list[U8], Path]:
    pictures = stage_pictures(len(pts_s))
    return pictures, write_film(path, pictures, pts_s, **settings_)


def clicks(seconds: float) -> Any:
    samples = np.zeros(round(seconds * 24_000), np.float32)
    samples[::12_000] = 0.9
    return samples


def test_times_are_those_of_the_file_not_numbers_of_pictures(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pts_s = np.cumsum(rng.uniform(0.01, 0.12, 40))
    pts_s -= pts_s[0]
    pictures, path = film(tmp_path / "a.mp4", pts_s)
    seen = observe(path)
    assert seen.fps == "variable"
    assert np.abs(seen.pts_s - pts_s).max() < 1e-4
    means = np.array([picture.mean(axis=(0, 1)) for picture in pictures])
    assert np.sqrt(np.mean((seen.mean_rgb * 255 - means) ** 2)) < 1.0


@pytest.mark.parametrize(("picture_s", "sound_s"), [(0.0, 0.0), (0.0, 0.4), (0.4, 0.0), (3.0, 3.1)])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_zero_is_sample_zero_of_the_sound(
    tmp_path: Path, suffix: str, picture_s: float, sound_s: float
) -> None:
    """A flash and a click at the same moment of the file are at the same time for ``observe`` and ``load_audio``."""
    pts_s = picture_s + np.arange(90) / 30
    flash = np.zeros((90, 72, 128, 3), np.uint8)
    flash[45:48] = 255
    samples = np.zeros(24_000 * 4, np.float32)
    samples[round((pts_s[45] - sound_s) * 24_000)] = 0.9
    path = write_film(
        tmp_path / f"a.{suffix}", flash, pts_s, samples=samples, sound_s=sound_s, pix_fmt="yuv420p"
    )
    heard_s = np.abs(load_audio(path).samples).argmax() / 24_000
    seen = observe(path)
    seen_s = seen.pts_s[int(np.argmax(seen.mean_rgb[:, 1] > 0.5))]
    assert abs(seen_s - heard_s) < 0.004


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_a_part_is_the_part_of_the_whole(tmp_path: Path, suffix: str) -> None:
    pts_s = np.arange(300) / 30
    options = {"qp": "20", "preset": "ultrafast", "g": "60"}
    _, path = film(tmp_path / f"a.{suffix}", pts_s, samples=clicks(10), options=options)
    whole, part = observe(path), observe(path, 7.0, 9.0)
    inside = (np.append(whole.pts_s[1:], whole.end_s) > 7.0 - 0.5) & (whole.pts_s < 9.0 + 0.5)
    assert np.abs(part.pts_s + 7.0 - whole.pts_s[inside]).max() < 1e-6
    assert np.array_equal(part.grid, whole.grid[inside])
    assert np.array_equal(part.mean_rgb, whole.mean_rgb[inside])


def test_a_turned_video_is_seen_upright(tmp_path: Path) -> None:
    rgb = np.zeros((64, 128, 3), np.uint8)
    rgb[:, :32] = (250, 0, 0)  # left, before turning
    frame = video_frame(rgb, "yuv444p")
    assert see(frame).grid[9, 2, 0] > 200
    turned = see(frame, turns=1).grid
    # Turned anticlockwise by 90°, what was left is below.
    assert turned[16, 16, 0] > 200
    assert turned[2, 16, 0] < 20


def test_cover_art_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=24_000, layout="mono")
        cover = container.add_stream("png", rate=1)
        cover.width = cover.height = 64
        cover.pix_fmt = "rgb24"
        cover.disposition = av.stream.Disposition.attached_pic
        block = av.AudioFrame.from_ndarray(clicks(1)[None], format="fltp", layout="mono")
        block.sample_rate = 24_000
        container.mux(sound.encode(block))
        container.mux(sound.encode(None))
        picture = video_frame(np.zeros((64, 64, 3), np.uint8), "rgb24")
        container.mux(cover.encode(picture))
        container.mux(cover.encode(None))
    with pytest.raises(UnreadableInputError, match="no moving picture"):
        observe(path)


def test_what_cannot_be_watched_is_refused(tmp_path: Path) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(UnreadableInputError):
        observe(junk)
    with pytest.raises(UnreadableInputError):
        observe(tmp_path / "missing.mp4")
    _, path = film(tmp_path / "a.mp4", np.arange(10) / 30)
    with pytest.raises(UnreadableInputError, match="no pictures from"):
        observe(path, 20.0)
    with pytest.raises(UsageError):
        observe(path, 3.0, 2.0)


def test_a_damaged_video_keeps_what_can_be_seen(tmp_path: Path) -> None:
    pts_s = np.arange(120) / 30
    options = {"qp": "20", "preset": "ultrafast", "g": "15"}
    _, path = film(tmp_path / "a.ts", pts_s, options=options)
    whole = observe(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 20_000] = bytes(20_000)
    path.write_bytes(data)
    seen = observe(path)
    assert 20 < len(seen.pts_s) <= 120
    assert np.isin(np.round(seen.pts_s[:20], 4), np.round(whole.pts_s, 4)).all()


def test_pictures_over_8k_are_refused_before_they_are_decoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=1, options={"compression_level": "1"})
        stream.width, stream.height, stream.pix_fmt = 16_000, 2_200, "rgb24"
        frame = av.VideoFrame(16_000, 2_200, "rgb24")
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises((ResourceLimitError, UnreadableInputError), match="8K"):
        observe(path)


def test_an_observation_is_saved_the_same_each_time_and_read_back(tmp_path: Path) -> None:
    _, path = film(tmp_path / "a.mp4", np.arange(20) / 25, samples=clicks(1))
    one, other = observe(path, threads=1), observe(path, threads=2)
    one.save(tmp_path / "one.npz")
    other.save(tmp_path / "other.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "other.npz").read_bytes()
    back = Observed.load(tmp_path / "one.npz")
    for name, value in vars(one).items():
        assert np.array_equal(getattr(back, name), value), name
    (tmp_path / "one.npz").write_bytes((tmp_path / "one.npz").read_bytes()[:300])
    with pytest.raises(UnreadableInputError):
        Observed.load(tmp_path / "one.npz")


@given(st.lists(st.floats(0.005, 0.2), min_size=3, max_size=60), st.floats(-50, 50))
@settings(max_examples=60)
def test_a_clock_that_rises_is_left_alone(steps: list[float], start: float) -> None:
    stamps = start + np.cumsum(steps)
    clock = repaired(list(stamps), 0.04)
    assert np.array_equal(clock.pts_s, stamps)
    assert (clock.mended, clock.leaps, clock.dropped) == (0, 0, 0)


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), max_size=40))
@settings(max_examples=100)
def test_any_clock_is_made_to_rise(stamps: list[float]) -> None:
    clock = repaired(stamps, 0.04)
    assert (np.diff(clock.pts_s) > 0).all()
    assert np.isfinite(clock.pts_s).all()
    assert len(clock.kept) + clock.dropped == len(stamps)


def test_known_lies_of_clocks() -> None:
    even = list(np.arange(60) / 30)
    missing = even.copy()
    missing[7] = missing[8] = float("nan")
    alone = even.copy()
    alone[20] += 90.0
    for stamps in (missing, alone):
        assert np.allclose(repaired(stamps, 1 / 30).pts_s, even)
    again = even[:30] + [stamp - 1.0 for stamp in even[30:]]
    clock = repaired(again, 1 / 30)
    assert clock.leaps == 1
    assert np.allclose(clock.pts_s, even)
    twice = [*even[:10], even[9], *even[10:]]
    assert np.allclose(repaired(twice, 1 / 30).pts_s, even)


@pytest.mark.parametrize(
    "rate", [Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50), Fraction(60)]
)
@pytest.mark.parametrize("rounded", [False, True])
def test_rates_are_recognised(rate: Fraction, rounded: bool) -> None:
    pts_s = np.arange(400) / float(rate)
    if rounded:
        pts_s = np.round(pts_s, 3)
    name, measured = described_rate(np.delete(pts_s, 200))
    assert name == str(rate)
    assert measured == rate
