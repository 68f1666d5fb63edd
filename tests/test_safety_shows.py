"""Whole shows: the planner, ``limit``, its report, ``tighten``, and judging pictures and files."""

import io
import zipfile

import av
import numpy as np
import pytest

from beatomizer.color import LINEAR_OF_RGB8, LUMINANCE_WEIGHTS, linear_to_rgb8
from beatomizer.cues.cuelist import Beat, CueList
from beatomizer.errors import ResourceLimitError, UnreadableInputError, UsageError
from beatomizer.safety.check import check_file
from beatomizer.safety.envelope import floor_of, moving_maximum
from beatomizer.safety.judge import judge
from beatomizer.safety.limit import limit
from beatomizer.safety.limiter import Limiter
from beatomizer.safety.passages import kept_flashes
from beatomizer.safety.picture import region_means, region_names, rgb8_of_yuv, yuv_of_rgb8
from beatomizer.safety.planner import plan
from beatomizer.safety.profiles import PROFILES
from beatomizer.safety.report import beats_visible
from beatomizer.safety.safe_show import SafeShow
from beatomizer.safety.show_file import MOST_COLORS
from beatomizer.safety.tighten import tighten
from beatomizer.show.show import Show
from tests.safety_adversaries import pattern
from tests.safety_oracle import BLACK, WHITE, square, violations

COLORS = {
    "white": (1, 1, 1),
    "red": (1, 0, 0),
    "amber": (1, 0.4, 0),
    "magenta": (1, 0, 1),
    "green": (0, 1, 0.1),
}


def beat_show(bpm, color, zones, floor=0.0, duration_s=40):
    """A full pulse in every zone on every beat."""
    t = np.arange(duration_s * 60) / 60
    period = 60 / bpm
    light = floor + (1 - floor) * np.exp(-(t % period) / 0.12)
    rgb8 = linear_to_rgb8(light[:, None, None] * np.array(color, dtype=float) * np.ones((1, zones, 1)))
    beats = tuple(Beat(index * period, index % 4 + 1) for index in range(int(duration_s / period)))
    return Show(rgb8, CueList(float(duration_s), beats=beats))


@pytest.mark.parametrize("bpm", [90, 100, 110, 120, 128, 140, 150, 160, 174, 180])
@pytest.mark.parametrize(
    ("name", "zones", "floor"), [("white", 1, 0.0), ("white", 8, 0.0), ("white", 8, 0.4)]
)
def test_the_beat_survives(bpm, name, zones, floor):
    safe = limit(beat_show(bpm, COLORS[name], zones, floor))
    assert safe.report.beats_visible >= 0.98 * safe.report.beats > 0
    assert not violations(safe.rgb8)


@pytest.mark.parametrize("name", [name for name in COLORS if name != "white"])
@pytest.mark.parametrize("bpm", [100, 128, 174])
@pytest.mark.parametrize("floor", [0.0, 0.3])
def test_the_beat_survives_in_color(name, bpm, floor):
    safe = limit(beat_show(bpm, COLORS[name], 2, floor))
    assert safe.report.beats_visible >= 0.98 * safe.report.beats
    assert not violations(safe.rgb8)


def test_full_flashes_stay_on_downbeats():
    show = beat_show(128, COLORS["white"], 4)
    safe = limit(show)
    peak = safe.rgb8.max(axis=(1, 2))
    assert show.cues is not None
    full = [
        beat.position
        for beat in show.cues.beats
        if peak[int(beat.time_s * 60) : int(beat.time_s * 60) + 3].max() > 230
    ]
    assert len(full) >= 0.4 * len(show.cues.beats)
    assert full.count(1) > 0.9 * len(show.cues.beats) / 4
    assert full.count(1) >= max(full.count(position) for position in (2, 4))


def test_planned_light_moves_like_light():
    """No frozen stretch, and the limiter finds next to nothing left to do."""
    show = beat_show(140, COLORS["white"], 2, 0.1)
    planned = plan(show.rgb8, show.cues, PROFILES["broadcast"])
    shown = Limiter(2).run(planned)
    assert (planned != shown).any(axis=(1, 2)).mean() < 0.01
    light = LINEAR_OF_RGB8[shown[:, 0]] @ LUMINANCE_WEIGHTS
    longest_hold = max(len(run) for run in "".join("01"[int(d == 0)] for d in np.diff(light)).split("0"))
    assert longest_hold < 25  # a beat has 25.7 frames and its tail may reach the floor


@pytest.mark.parametrize("profile", list(PROFILES))
@pytest.mark.parametrize("seed", range(4))
def test_any_show_comes_out_safe_and_stays_so(profile, seed):
    wanted = Show(pattern(np.random.default_rng(seed), 3, 1200))
    safe = limit(wanted, profile)
    assert isinstance(safe, SafeShow)
    assert safe.rgb8.shape == wanted.rgb8.shape
    assert not violations(safe.rgb8, profile)
    assert np.array_equal(limit(safe, profile).rgb8, safe.rgb8)
    assert safe.report.profile == profile
    assert safe.report.frames_limited == int((safe.rgb8 != wanted.rgb8).any(axis=(1, 2)).sum())


@pytest.mark.parametrize("half", [4, 9, 15])
def test_a_loop_is_safe_at_its_seam(half):
    safe = limit(Show(square(half, BLACK, WHITE, 430))).rgb8
    assert not violations(np.concatenate([safe, safe, safe]))


def test_safe_shows_keep_their_bytes():
    show = Show(square(20, BLACK, WHITE))
    safe = limit(show)
    assert np.array_equal(safe.rgb8, show.rgb8)
    assert safe.report.line() == "0 passages limited; peak 1.5 flashes/s (broadcast)"
    assert limit(Show(square(9, BLACK, WHITE))).report.passages_limited >= 1


def test_empty_and_tiny_shows():
    assert limit(Show(np.zeros((0, 2, 3), dtype=np.uint8))).frames == 0
    assert limit(Show(np.full((1, 2, 3), 255, dtype=np.uint8))).frames == 1
    assert judge(np.zeros((0, 2, 3), dtype=np.uint8)).ok


def test_an_unknown_profile_is_named():
    with pytest.raises(UsageError, match="choose from broadcast"):
        limit(Show(square(20, BLACK, WHITE)), "disco")


def test_kept_flashes_are_the_heaviest_with_distance():
    begins, weights = [0, 20, 40, 60, 80, 100], [1.0, 3.0, 1.0, 3.0, 1.0, 3.0]
    assert kept_flashes(begins, weights, PROFILES["broadcast"]) == {1, 3, 5}
    assert kept_flashes(begins, weights, PROFILES["calm"]) == set()
    rng = np.random.default_rng(0)
    begins = sorted(rng.choice(300, 11, replace=False).tolist())
    weights = rng.uniform(0.1, 2, 11).tolist()
    allowed = [
        subset
        for subset in range(2**11)
        if all(
            b - a >= 36
            for a, b in zip(
                [x for i, x in enumerate(begins) if subset >> i & 1],
                [x for i, x in enumerate(begins) if subset >> i & 1][1:],
            )
        )
    ]
    best = max(sum(w for i, w in enumerate(weights) if subset >> i & 1) for subset in allowed)
    assert sum(weights[i] for i in kept_flashes(begins, weights, PROFILES["broadcast"])) == pytest.approx(
        best
    )


def test_floor_is_below_the_light_and_smooth():
    light = np.random.default_rng(0).uniform(0, 1, (500, 2))
    assert (floor_of(light) <= light + 1e-12).all()
    plain = np.array([light[max(0, t - 7) : t + 8].max(axis=0) for t in range(500)])
    assert np.array_equal(moving_maximum(light, 7), plain)


def test_beats_visible():
    rgb8 = np.zeros((300, 2, 3), dtype=np.uint8)
    rgb8[100:, 1] = 60
    assert beats_visible(rgb8, [97, 103, 110, 200, 1000]).tolist() == [True, True, False, False]


# Tighten


def test_tighten_takes_contrast_out_more_each_round():
    safe = limit(beat_show(95, COLORS["amber"], 3))
    failed = np.zeros(safe.frames, dtype=np.bool_)
    failed[900:1000] = True
    swings = [np.ptp(safe.rgb8[850:1000].astype(int), axis=0).max()]
    for round in (1, 2, 3):
        tighter = tighten(safe, failed, round)
        assert isinstance(tighter, SafeShow)
        assert not violations(tighter.rgb8)
        assert np.array_equal(tighter.rgb8[:700], safe.rgb8[:700])
        swings.append(np.ptp(tighter.rgb8[850:1000].astype(int), axis=0).max())
        safe = tighter
    assert swings == sorted(swings, reverse=True)
    assert swings[1] < 0.9 * swings[0]
    assert swings[3] < 0.5 * swings[1]
    assert judge(safe.rgb8[850:1000]).peak_flashes_per_s <= 0.5


def test_tighten_without_a_failure_changes_nothing():
    safe = limit(beat_show(90, COLORS["white"], 2))
    assert tighten(safe, np.zeros(safe.frames, dtype=np.bool_), 1) is safe


# Pictures and files


def test_regions_average_light_not_code_values():
    picture = np.zeros((1, 48, 96, 3), dtype=np.uint8)
    picture[:, :, :48] = 255
    regions = region_means(picture)[0]
    assert len(regions) == len(region_names()) == 19
    assert regions[0].tolist() == [188] * 3  # half the light, not 128
    assert regions[1].tolist() == [255] * 3
    assert regions[3].tolist() == [0] * 3
    assert region_means(picture, "whole").shape == (1, 1, 3)


def test_yuv_round_trip():
    rgb8 = np.random.default_rng(0).integers(0, 256, (1000, 3)).astype(np.uint8)
    assert np.abs(rgb8_of_yuv(*yuv_of_rgb8(rgb8)).astype(int) - rgb8).max() <= 3


def film(path, half, fps=60, frames=240, size=(64, 48)):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height = size
        stream.pix_fmt, stream.options = "yuv420p", {"preset": "ultrafast"}
        for index in range(frames):
            value = 255 * (index // half % 2)
            picture = av.VideoFrame.from_ndarray(
                np.full((size[1], size[0], 3), value, dtype=np.uint8), "rgb24"
            )
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize(
    ("half", "fps", "ok", "peak"),
    [(20, 60, True, 1.5), (9, 60, False, 3.5), (3, 25, False, 4.5), (8, 24, True, 1.5)],
)
def test_check_a_video(tmp_path, half, fps, ok, peak):
    verdict = check_file(film(tmp_path / "a.mp4", half, fps), "broadcast")
    assert verdict.ok == ok
    assert verdict.peak_flashes_per_s == peak
    assert verdict.line().startswith("passes" if ok else "fails")
    assert verdict.summary()["ok"] == ok


def npz(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


def csv(path, rgb8):
    rows = [
        f"{t / 60:.6f},{z},{r},{g},{b}\n"
        for t, zones in enumerate(rgb8.tolist())
        for z, (r, g, b) in enumerate(zones)
    ]
    path.write_text("time_s,zone,r,g,b\n" + "".join(rows))
    return path


@pytest.mark.parametrize("half", [9, 20])
def test_check_show_files(tmp_path, half):
    rgb8 = np.repeat(square(half, BLACK, WHITE, 200), 3, axis=1)
    for path in (npz(tmp_path / "a.npz", rgb=rgb8, fps=60, cues=""), csv(tmp_path / "a.csv", rgb8)):
        verdict = check_file(path)
        assert verdict.ok == (half == 20)
        assert verdict.counts["luminance"].shape == (200, 4)  # three zones and the stage


def test_check_judges_the_stage_too(tmp_path):
    rgb8 = np.zeros((300, 4, 3), dtype=np.uint8)
    for zone in range(4):
        rgb8[(np.arange(300) // 9) % 8 == 2 * zone, zone] = 255
    verdict = check_file(npz(tmp_path / "a.npz", rgb=rgb8, fps=60))
    assert {failure.region for failure in verdict.failures} == {4}


def huge_header():
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": (MOST_COLORS, 4, 3)}
    )
    return head.getvalue()


def test_bad_show_files_are_refused(tmp_path):
    good = square(20, BLACK, WHITE, 60)
    bad = {
        "text.npz": b"hello",
        "cut.npz": npz(tmp_path / "whole.npz", rgb=good, fps=60).read_bytes()[:-40],
        "header.csv": b"time,zone\n0,0\n",
        "color.csv": b"time_s,zone,r,g,b\n0.000000,0,1,2,256\n",
        "word.csv": b"time_s,zone,r,g,b\n0.000000,0,a,2,3\n",
        "time.csv": b"time_s,zone,r,g,b\n0.000000,0,1,2,3\n0.100000,0,1,2,3\n",
        "nan.csv": b"time_s,zone,r,g,b\nnan,0,1,2,3\n",
        "zone.csv": b"time_s,zone,r,g,b\n0.000000,1,1,2,3\n",
        "half.csv": b"time_s,zone,r,g,b\n0,0,1,2,3\n0,1,1,2,3\n0.016667,0,1,2,3\n",
        "empty.csv": b"time_s,zone,r,g,b\n",
        "binary.csv": bytes(range(256)),
        "noise.mp4": bytes(range(256)) * 40,
        "empty.mp4": b"",
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UnreadableInputError):
            check_file(tmp_path / name)
    for name, arrays in {
        "float.npz": {"rgb": good.astype(float)},
        "flat.npz": {"rgb": good[:, 0]},
        "none.npz": {"light": good},
        "fps.npz": {"rgb": good, "fps": 30},
        "object.npz": {"rgb": np.array([{}], dtype=object)},
    }.items():
        with pytest.raises(UnreadableInputError):
            check_file(npz(tmp_path / name, **arrays))
    with pytest.raises(UnreadableInputError):
        check_file(tmp_path / "missing.npz")
    with pytest.raises(UnreadableInputError):
        check_file(tmp_path / "missing.mp4")
    with pytest.raises(UsageError):
        check_file(tmp_path / "song.mp3")


def test_size_is_checked_before_memory_is_asked_for(tmp_path):
    with zipfile.ZipFile(tmp_path / "big.npz", "w") as archive:
        archive.writestr("rgb.npy", huge_header())
    with pytest.raises(ResourceLimitError):
        check_file(tmp_path / "big.npz")


def test_a_recording_is_judged_by_the_times_at_which_it_was_sent(tmp_path):
    """Frames that a busy computer left out make nothing faster, and frames close together hide nothing."""
    slow = square(8, BLACK, WHITE, 200)  # two of three frames were left out
    even, times_s = npz(tmp_path / "even.npz", rgb=slow, fps=60), np.arange(len(slow)) * 3 / 60
    assert not check_file(even).ok
    sent = npz(tmp_path / "sent.npz", rgb=slow, fps=20.0, time_s=times_s)
    assert check_file(sent).ok
    fast = square(1, BLACK, WHITE, 180)
    close_s = np.repeat(np.arange(len(fast) // 2) / 30, 2)[: len(fast)]  # two at a time
    assert not check_file(npz(tmp_path / "close.npz", rgb=fast[: len(close_s)], fps=60.0, time_s=close_s)).ok


@pytest.mark.parametrize(
    "times_s",
    [
        np.zeros(3),
        np.arange(30),
        np.arange(30.0)[::-1],
        np.full(30, np.nan),
        np.array([*range(29), np.inf]),
        np.array([None] * 30),
    ],
)
def test_times_that_are_none_are_refused(tmp_path, times_s):
    rgb8 = np.zeros((30, 1, 3), dtype=np.uint8)
    with pytest.raises(UnreadableInputError):
        check_file(npz(tmp_path / "a.npz", rgb=rgb8, fps=60.0, time_s=times_s))
    with pytest.raises(ResourceLimitError):
        check_file(npz(tmp_path / "a.npz", rgb=rgb8, fps=60.0, time_s=np.linspace(0, 1e300, 30)))
