"""The live follower: nothing from the future, the same for any blocks, safe, and made of sensible decisions."""

from functools import lru_cache

import numpy as np
import pytest

from beatomizer.audio.audio import Audio
from beatomizer.cues.beat_grid import SURE
from beatomizer.cues.format import from_json, to_json
from beatomizer.cues.style import Style
from beatomizer.errors import UsageError
from beatomizer.live.file import listen_live, live_show
from beatomizer.live.follower import LiveFollower
from beatomizer.player.following import leads
from beatomizer.safety.judge import judge
from beatomizer.safety.limit import limit
from beatomizer.timebase import HOP, SAMPLE_RATE, frame_count
from tests.live_listeners import FluxEngine, TruthEngine, tempo_rows, told
from tests.songs import beat_song

STYLE = Style(palette="neon", energy=0.8, seed=3, zones=4)


@lru_cache
def song(seconds=5.0):
    return beat_song(seconds, 124.0, SAMPLE_RATE)


@lru_cache
def whole():
    """The light of one push of everything."""
    follower = LiveFollower(FluxEngine(), STYLE)
    light = np.concatenate([follower.push(song()), follower.finish()])
    return light, follower.cues


@pytest.mark.parametrize("sizes", [(1, 399, 401, 7, 1601), (HOP,), (24_000, 3, 0, 5000)])
def test_any_blocks_give_the_same_light(sizes):
    follower, parts, start, number = LiveFollower(FluxEngine(), STYLE), [], 0, 0
    while start < len(song()):
        size = sizes[number % len(sizes)]
        parts.append(follower.push(song()[start : start + size]))
        start, number = start + size, number + 1
    parts.append(follower.finish())
    light, cues = whole()
    assert np.array_equal(np.concatenate(parts), light)
    assert follower.cues == cues


def test_one_frame_of_light_for_each_frame_of_sound():
    light, cues = whole()
    assert light.shape == (frame_count(len(song())), 4, 3)
    assert light.dtype == np.uint8
    assert cues.duration_s == pytest.approx(len(song()) / SAMPLE_RATE, abs=1e-3)


@pytest.mark.parametrize("frame", [40, 151, 260])
def test_light_depends_on_the_past_alone(frame):
    changed = song().copy()
    changed[(frame + 1) * HOP :] = 0.9 * np.sin(np.arange(len(changed) - (frame + 1) * HOP) / 7.0)
    light = LiveFollower(FluxEngine(), STYLE).push(changed)
    assert np.array_equal(light[: frame + 1], whole()[0][: frame + 1])
    assert not np.array_equal(light, whole()[0])


def test_a_file_is_heard_as_it_would_have_been_live():
    light, cues = whole()
    show = live_show(Audio(song()), FluxEngine(), STYLE)
    assert np.abs(show.rgb8.astype(int) - light.astype(int)).max() <= 1
    alone = listen_live(Audio(song()), FluxEngine(), STYLE)
    assert alone == show.cues
    assert [round(beat.time_s, 3) for beat in alone.beats] == [round(beat.time_s, 3) for beat in cues.beats]
    assert np.array_equal(limit(show).rgb8[-60:], show.rgb8[-60:])


def test_the_whole_session_can_be_saved():
    cues = whole()[1]
    assert from_json(to_json(cues)) == cues
    assert cues.beats
    assert cues.cues
    assert cues.model == "flux"


@lru_cache
def club(bpm=126.0, bars=18):
    """A song in blocks of eight bars, loud and soft by turns, and the truth about it as scores."""
    beat_s = 60 / bpm
    beats = 0.5 + beat_s * np.arange(4 * bars)
    count = int((beats[-1] + 2.0) * 60)
    samples = np.zeros(count * HOP, np.float32)
    rng = np.random.default_rng(0)
    for number, time_s in enumerate(beats):
        loud = 0.6 if number // 32 % 2 else 0.12
        start = int(time_s * SAMPLE_RATE)
        hit = loud * rng.standard_normal(4000) * np.exp(-np.arange(4000) / 900)
        samples[start : start + 4000] += hit[: len(samples) - start].astype(np.float32)
    edges = told(beats[32::32], count)
    energy = np.interp(np.arange(count) / 60, beats, np.where(np.arange(4 * bars) // 32 % 2, 0.9, 0.3))
    scores = {
        "beat": told(beats, count, misses=0.05, noise=0.05),
        "downbeat": told(beats[::4], count),
        "boundary": edges,
        "energy": energy.astype(np.float32),
        "tempo": tempo_rows(bpm, count),
    }
    return samples, beats, scores


@lru_cache
def club_night():
    samples, _, scores = club()
    follower = LiveFollower(TruthEngine(scores), STYLE)
    return follower.push(samples), follower.cues


def test_beats_bars_and_parts_of_a_club_song():
    _, truth, _ = club()
    cues = club_night()[1]
    sure = np.array(
        [beat.time_s for beat in cues.beats if beat.confidence >= SURE and 4 < beat.time_s < truth[-1] + 0.1]
    )
    assert np.mean(np.abs(sure[:, None] - truth[None]).min(axis=1) < 0.035) > 0.95
    downs = [beat.time_s for beat in cues.beats if beat.position == 1 and 12 < beat.time_s < truth[-1]]
    assert np.mean([np.abs(truth[::4] - time_s).min() < 0.05 for time_s in downs]) > 0.95
    starts = np.array([section.start_s for section in cues.sections])
    for boundary in truth[32::32]:
        assert np.abs(starts - boundary).min() < 0.1
    assert abs(cues.tempo_bpm - 126) < 2


def test_a_leap_of_energy_is_a_drop_and_brings_other_colours():
    _, truth, _ = club()
    cues = club_night()[1]
    kinds = [
        section.kind
        for section in cues.sections
        for time_s in truth[32::32]
        if section.start_s - 0.1 < time_s
    ]
    assert kinds[-2:] == ["drop", "break"]
    washes = [cue for cue in cues.cues if cue.zones == "all" and cue.look != "blackout"]
    for boundary in truth[32::32]:
        before = [cue for cue in washes if cue.time_s < boundary - 0.1][-1]
        after = [cue for cue in washes if boundary - 0.1 <= cue.time_s < boundary + 1.5]
        assert after
        assert set(after[0].colors) != set(before.colors)


def test_no_sure_beat_after_the_music_has_stopped():
    _, truth, _ = club()
    after = [beat.confidence for beat in club_night()[1].beats if beat.time_s > truth[-1] + 0.9]
    assert max(after, default=0.0) < SURE


def test_light_leads_the_beat_and_moves_with_it():
    _, truth, _ = club()
    light = club_night()[0].astype(float).sum(axis=(1, 2))
    rise = np.maximum(np.diff(light), 0.0)
    frames = np.round(truth[(truth > 12) & (truth < 36)] * 60).astype(int)
    around = np.array([[rise[frame + offset] for offset in range(-8, 9)] for frame in frames]).mean(axis=0)
    assert int(np.argmax(around)) - 8 + 1 in (-3, -2, -1)
    assert around.max() > 3 * np.median(around)


def test_what_leaves_is_safe():
    light = club_night()[0]
    assert not judge(light).failures
    stage = np.round(light.mean(axis=1, keepdims=True)).astype(np.uint8)
    assert not judge(stage).failures


def quiet_rooms():
    count = 9 * SAMPLE_RATE
    rng = np.random.default_rng(5)
    hiss = 10 ** (-52 / 20) * rng.standard_normal(count)
    hum = 0.01 * np.sin(2 * np.pi * 50 * np.arange(count) / SAMPLE_RATE) + 0.1 * hiss
    syllables = np.repeat(rng.random(count // 4000 + 1) ** 2, 4000)[:count]
    return {
        "silence": np.zeros(count),
        "hiss": hiss,
        "hum": hum,
        "talk": 0.02 * syllables * rng.standard_normal(count),
    }


@pytest.mark.parametrize("kind", ["silence", "hiss", "hum", "talk"])
def test_a_quiet_room_stays_calm(kind):
    samples = quiet_rooms()[kind].astype(np.float32)
    count = frame_count(len(samples))
    rng = np.random.default_rng(1)
    doubtful = np.where(rng.random(count) < 0.05, 0.3 * rng.random(count), 0.02).astype(np.float32)
    follower = LiveFollower(TruthEngine({"beat": doubtful, "tempo": tempo_rows(90, count, none=0.7)}), STYLE)
    light = follower.push(samples).astype(float) / 255
    assert np.abs(np.diff(light[120:], axis=0)).max() < 0.06
    assert all(cue.look in ("swell", "hold", "sparkle") for cue in follower.cues.cues)


def test_a_microphone_at_any_level_gives_the_same_beats():
    results = []
    for gain_db in (0.0, -34.0):
        follower = LiveFollower(FluxEngine(), STYLE)
        follower.push((song(9.0) * 10 ** (gain_db / 20)).astype(np.float32))
        results.append([beat.time_s for beat in follower.cues.beats if 5 < beat.time_s < 8.9])
    assert len(results[0]) == len(results[1])
    assert np.abs(np.array(results[0]) - np.array(results[1])).max() < 0.03


def test_a_lead_out_of_range_is_refused():
    with pytest.raises(UsageError, match="lead"):
        LiveFollower(FluxEngine(), STYLE, lead_ms=900)


@pytest.mark.parametrize("zones", [1, 3, 17])
def test_any_stage_and_a_single_colour(zones):
    follower = LiveFollower(FluxEngine(), Style(palette="#ff2200", zones=zones, energy=1.0))
    light = follower.push(song()[: 3 * SAMPLE_RATE])
    assert light.shape == (180, zones, 3)
    assert light.any()
    assert {color for cue in follower.cues.cues for color in cue.colors} == {"#ff2200"}


def test_nonsense_from_a_foreign_model_is_survived():
    count = 120
    rows = {
        "beat": np.full(count, 7.0, np.float32),
        "tempo": np.full((count, 49), -3.0, np.float32),
        "phase": np.full((count, 2), 1e6, np.float32),
        "look": np.full((count, 8), -1.0, np.float32),
        "part": np.full((count, 7), 9.0, np.float32),
        "hue": np.zeros((count, 24), np.float32),
    }
    samples = song()[: count * HOP].copy()
    samples[5000:5010] = np.nan
    assert LiveFollower(TruthEngine(rows), STYLE).push(samples).shape == (count, 4, 3)


@pytest.mark.parametrize(
    ("offsets_ms", "delay_ms", "lead_ms", "wait_ms"),
    [
        ([], 0, 30 + 1000 / 60, 0),
        ([20], 0, 30 + 1000 / 60, 0),
        ([-50], 0, 80 + 1000 / 60, 50),
        ([], 400, 0, 370 - 1000 / 60),
    ],
)
def test_light_leads_by_what_is_wanted_and_the_frame_that_it_takes(offsets_ms, delay_ms, lead_ms, wait_ms):
    """A frame is drawn when its sound is over: without the extra frame all light came 17 ms later than meant."""
    found = leads([offset / 1000 for offset in offsets_ms], delay_ms / 1000)
    assert 1000 * np.array(found) == pytest.approx([lead_ms, wait_ms])
