"""The parts that ``load_audio`` is made of, each by its law."""

import os
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from beatomizer.audio.clean import Level, without_nonsense
from beatomizer.audio.gate import BARREN_BYTES, open_song
from beatomizer.audio.mix import CHANNEL_NAMES, left_shares, mono_shares, stereo_shares
from beatomizer.audio.resample import Resampler, sample_count
from beatomizer.audio.timeline import (
    LONGEST_GAP_S,
    LONGEST_OVERLAP_S,
    MOST_CUT_S,
    Placement,
    Stamped,
    Timeline,
)
from beatomizer.errors import UnreadableInputError

RATE, FRAME = 48_000, 960


def stamped(*clocks_s: float | None) -> list[Stamped[None]]:
    return [Stamped(None, clock_s, FRAME, RATE) for clock_s in clocks_s]


def steady(count: int, start_s: float = 0.0) -> list[float]:
    return [start_s + number * FRAME / RATE for number in range(count)]


def placements(timeline: Timeline, *clocks_s: float | None) -> list[Placement]:
    return [placement for _, placement in timeline.placed(stamped(*clocks_s))]


class TestTimeline:
    @given(start_s=st.floats(-1e4, 1e7), jitter=st.lists(st.floats(-0.0049, 0.0049), min_size=1, max_size=50))
    def test_a_steady_clock_needs_nothing(self, start_s: float, jitter: list[float]) -> None:
        timeline = Timeline()
        clocks = [clock + off for clock, off in zip(steady(len(jitter), start_s), jitter, strict=True)]
        assert set(placements(timeline, *clocks)) == {Placement()}
        assert timeline.now_s == pytest.approx(len(jitter) * FRAME / RATE)

    @given(before=st.integers(1, 20), after=st.integers(2, 20), gap_s=st.floats(0.02, LONGEST_GAP_S - 1))
    def test_a_gap_is_filled_exactly(self, before: int, after: int, gap_s: float) -> None:
        timeline = Timeline()
        found = placements(timeline, *steady(before), *steady(after, before * FRAME / RATE + gap_s))
        assert found[before].silence == round(gap_s * RATE)
        assert timeline.silences == 1
        assert timeline.now_s == pytest.approx((before + after) * FRAME / RATE + gap_s, abs=1 / RATE)

    @given(overlap_s=st.floats(0.011, LONGEST_OVERLAP_S - 0.01))
    def test_an_overlap_is_cut_over_as_many_frames_as_it_takes(self, overlap_s: float) -> None:
        timeline = Timeline()
        placements(timeline, *steady(40), *steady(60, 40 * FRAME / RATE - overlap_s))
        assert timeline.now_s == pytest.approx(100 * FRAME / RATE - overlap_s, abs=0.011)

    def test_one_stamp_that_nobody_confirms_is_noise(self) -> None:
        clocks = steady(10)
        clocks[4] += 0.05
        timeline = Timeline()
        assert set(placements(timeline, *clocks)) == {Placement()}

    def test_leaps_restart_the_clock(self) -> None:
        for leap_s in (1e6, -1e6, LONGEST_GAP_S + 1, -LONGEST_OVERLAP_S - 0.1):
            timeline = Timeline()
            assert set(placements(timeline, *steady(5), *steady(5, 0.1 + leap_s))) == {Placement()}
            assert timeline.leaps == 1

    def test_a_clock_that_always_overlaps_is_not_believed_for_ever(self) -> None:
        slow = [number * 0.5 * FRAME / RATE for number in range(2_000)]
        timeline = Timeline()
        list(timeline.placed(stamped(*slow)))
        assert timeline.cut_s <= MOST_CUT_S + FRAME / RATE
        assert timeline.now_s > 0.9 * 2_000 * FRAME / RATE

    def test_sound_waits_for_its_time_after_the_picture(self) -> None:
        assert placements(Timeline(10.0), *steady(3, 15.0))[0] == Placement(silence=5 * RATE)
        assert placements(Timeline(10.0), *steady(3, 8.0))[0] == Placement()
        assert placements(Timeline(0.0), *steady(3, 1e9))[0] == Placement()

    def test_frames_without_a_clock_follow_each_other(self) -> None:
        assert set(placements(Timeline(), None, None, None)) == {Placement()}

    def test_the_rate_may_change(self) -> None:
        timeline = Timeline()
        list(timeline.placed([Stamped(None, 0.0, 480, 48_000), Stamped(None, 0.01, 240, 24_000)]))
        assert timeline.now_s == pytest.approx(0.02)


def resampled(parts: list[np.ndarray], rate: int, out: int) -> np.ndarray:
    resampler = Resampler(out, parts[0].shape[1])
    ready = [block for part in parts for block in resampler.push(part, rate)]
    return np.concatenate([*ready, *resampler.finish()])


class TestResampler:
    @settings(deadline=None, max_examples=40)
    @given(
        cuts=st.lists(st.integers(1, 4_000), min_size=1, max_size=12),
        rate=st.sampled_from([8_000, 22_050, 24_000, 44_100, 48_000, 192_000]),
        out=st.sampled_from([24_000, 44_100, 48_000]),
        channels=st.integers(1, 2),
    )
    def test_blocks_change_nothing_and_length_is_exact(
        self, cuts: list[int], rate: int, out: int, channels: int
    ) -> None:
        whole = np.random.default_rng(0).uniform(-1, 1, (sum(cuts), channels)).astype(np.float32)
        parts = np.split(whole, list(accumulate(cuts))[:-1])
        piecewise, at_once = resampled(parts, rate, out), resampled([whole], rate, out)
        assert len(piecewise) == sample_count(Fraction(sum(cuts), rate), out)
        assert np.allclose(piecewise, at_once, atol=1e-5)

    def test_time_zero_stays(self) -> None:
        click = np.zeros((48_000, 1), np.float32)
        click[24_000] = 1
        assert abs(resampled([click], 48_000, 24_000)[:, 0]).argmax() == 12_000

    def test_a_new_rate_on_the_way_loses_no_time(self) -> None:
        resampler = Resampler(24_000, 1)
        parts = ((44_101, 44_100), (22_051, 22_050), (1, 48_000))
        made = [len(b) for n, rate in parts for b in resampler.push(np.zeros((n, 1), np.float32), rate)]
        made += [len(block) for block in resampler.finish()]
        seconds = sum(Fraction(n, rate) for n, rate in parts)
        assert sum(made) == sample_count(seconds, 24_000)


class TestMix:
    @given(st.lists(st.sampled_from([*sorted(CHANNEL_NAMES), "TFL", "NONE", "?"]), min_size=1, max_size=24))
    def test_shares_add_up_to_one_for_any_channels(self, names: list[str]) -> None:
        for shares in (stereo_shares(names), mono_shares(names), left_shares(names)):
            assert shares.sum(axis=0) == pytest.approx(1.0, abs=1e-5)
            assert (shares >= 0).all()

    def test_known_layouts(self) -> None:
        assert stereo_shares(["FL", "FR"]).tolist() == [[1, 0], [0, 1]]
        assert stereo_shares(["FR", "FL"]).tolist() == [[0, 1], [1, 0]]
        assert mono_shares(["FL", "FR"]).tolist() == [[0.5], [0.5]]
        assert stereo_shares(["FC"]).tolist() == [[1, 1]]


class TestClean:
    @given(
        arrays(np.float32, st.tuples(st.integers(1, 200), st.integers(1, 2)), elements=st.floats(width=32))
    )
    def test_anything_becomes_finite(self, block: np.ndarray) -> None:
        nonsense = int((~np.isfinite(block)).any(axis=1).sum())
        assert without_nonsense(block) == nonsense
        assert np.isfinite(block).all()

    @given(arrays(np.float32, st.integers(1, 500), elements=st.floats(-4, 4, width=32)))
    def test_repair_ends_within_full_scale(self, song: np.ndarray) -> None:
        level = Level()
        for part in np.array_split(song, 3):
            level.hear(part)
        repair, _ = level.repair()
        repair.apply(song)
        assert abs(song).max() <= 1.0

    def test_an_ordinary_song_is_left_alone(self) -> None:
        song = np.sin(np.arange(24_000) / 10).astype(np.float32)
        level, before = Level(), song.copy()
        level.hear(song)
        repair, notes = level.repair()
        repair.apply(song)
        assert notes == []
        assert np.array_equal(song, before)


class TestGate:
    @pytest.mark.parametrize(
        "make", [Path.mkdir, os.mkfifo, lambda p: p.symlink_to(p.name), lambda p: p.symlink_to("/dev/zero")]
    )
    def test_only_regular_files(self, make: object, tmp_path: Path) -> None:
        path = tmp_path / "song.mp3"
        make(path)  # type: ignore[operator]  # parametrised as object
        with pytest.raises(UnreadableInputError):
            open_song(path)

    @pytest.mark.parametrize("name", ["gone.mp3", "a\0b.mp3", "n" * 300, "\ud800.mp3"])
    def test_impossible_names(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(UnreadableInputError) as caught:
            open_song(tmp_path / name)
        assert str(caught.value).isprintable()

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_text_is_refused(self, encoding: str, tmp_path: Path) -> None:
        path = tmp_path / "list.mp3"
        path.write_text("#EXTM3U\nhttp://127.0.0.1/ö.mp3\n" * 200, encoding=encoding)
        with pytest.raises(UnreadableInputError, match="text"):
            open_song(path)

    def test_patience_ends(self, tmp_path: Path) -> None:
        path = tmp_path / "song.mp3"
        path.write_bytes(b"\xff" + bytes(1 << 20))
        with open_song(path) as file:
            total = 0
            while data := file.read(1 << 20):
                total += len(data)
                file.seek(0)
            assert BARREN_BYTES <= total <= BARREN_BYTES + (2 << 20)
            assert file.failure
            assert file.seek(-5) < 0

    def test_the_decoder_sees_no_path(self, tmp_path: Path) -> None:
        path = tmp_path / "secret.mp3"
        path.write_bytes(b"\xff\xfb\x90\x00")
        with open_song(path) as file:
            assert file.name == "song.mp3"
