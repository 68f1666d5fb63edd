"""Drawing: which cue a light plays, fades, pieces, determinism, and a slower, obvious renderer that must agree."""

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from beatomizer.color import linear_to_oklab, linear_to_rgb8, luminance, oklab_to_oklch, rgb8_to_linear
from beatomizer.cues.cuelist import LOOKS, ZONE_GROUPS, Cue, CueList, Level
from beatomizer.inference.engine import RawLight
from beatomizer.show import draw
from beatomizer.show.draw import draw_show, raw_show
from beatomizer.show.looks import LOOKS as DRAWN_LOOKS
from beatomizer.show.mixing import fade
from beatomizer.show.scene import Scene, song_of
from beatomizer.show.zones import zones_of
from beatomizer.timebase import frame_count_of_duration, nearest_frame
from tests.made_cues import COLORS, cue_lists, one_cue, steady_beats


def obvious_show(cues: CueList) -> np.ndarray:
    """Frame by frame and light by light, straight from the format's words."""
    frames = frame_count_of_duration(cues.duration_s)
    song = song_of(cues)
    shown = np.zeros((frames, cues.zones, 3), dtype=np.uint8)
    for zone in range(cues.zones):
        mine = []  # (first frame, cue) in the order in which they take this light
        for cue in sorted(cues.cues, key=lambda cue: cue.time_s):
            start = max(0, nearest_frame(cue.time_s) - 1)  # shows run one frame early
            if zone in zones_of(cue.zones, cues.zones):
                if mine and mine[-1][0] == start:
                    mine.pop()
                mine.append((start, replace(cue, colors=cue.colors or cues.palette[:2] or ("#ffffff",))))
        for frame in range(frames):
            begun = [index for index, (start, _) in enumerate(mine) if start <= frame]
            if not begun:
                continue
            index = begun[-1]
            start, cue = mine[index]
            until = mine[index + 1][0] if index + 1 < len(mine) else frames
            light = one_light(cue, frame, zone, cues, song)
            lasts = min(round(cue.fade_s * 60), min(until, frames) - start)
            if frame - start < lasts:
                before = one_light(mine[index - 1][1], frame, zone, cues, song) if index else np.zeros(3)
                light = fade(before, light, np.array((frame - start) / lasts))
            shown[frame, zone] = linear_to_rgb8(light)
    return shown


def one_light(cue, frame, zone, cues, song):
    members = zones_of(cue.zones, cues.zones)
    light = DRAWN_LOOKS[cue.look](Scene(cue, np.array([frame]), members, song))
    return light[0, list(members).index(zone)]


@settings(max_examples=30, deadline=None)
@given(cue_lists(longest_s=1.2))
def test_the_fast_renderer_is_the_obvious_one(cues: CueList) -> None:
    difference = np.abs(draw_show(cues).rgb8.astype(int) - obvious_show(cues).astype(int))
    assert difference.max(initial=0) <= 1, "the last bit may round otherwise in another array shape, no more"


@settings(max_examples=40, deadline=None)
@given(cue_lists())
def test_any_cue_list_draws_the_same_bytes_twice_and_in_pieces(cues: CueList) -> None:
    show = draw_show(cues)
    assert show.rgb8.shape == (frame_count_of_duration(cues.duration_s), cues.zones, 3)
    assert show.rgb8.dtype == np.uint8
    assert (draw_show(cues).rgb8 == show.rgb8).all()
    whole, draw.CHUNK_LIGHTS = draw.CHUNK_LIGHTS, 50
    try:
        pieces = draw_show(cues).rgb8
    finally:
        draw.CHUNK_LIGHTS = whole
    assert np.abs(pieces.astype(int) - show.rgb8.astype(int)).max(initial=0) <= 1


def test_the_seed_decides_what_is_left_to_chance() -> None:
    shows = [draw_show(one_cue("sparkle", seed=seed)).rgb8 for seed in (1, 1, 2)]
    assert shows[0].tobytes() == shows[1].tobytes()
    assert shows[0].tobytes() != shows[2].tobytes()


def test_no_cues_are_darkness_and_no_duration_is_no_frames() -> None:
    assert not draw_show(CueList(2.0, steady_beats(120, 2.0), zones=3)).rgb8.any()
    assert draw_show(CueList(0.0, cues=(Cue(0, "hold", COLORS),), zones=3)).rgb8.shape == (0, 3, 3)


@pytest.mark.parametrize("look", [look for look in LOOKS if look != "blackout"])
def test_a_song_without_beats_still_gets_its_light(look) -> None:
    cues = CueList(8.0, cues=(Cue(0.0, look, COLORS[:2]),), zones=4)
    assert draw_show(cues).rgb8.max() > 60


@pytest.mark.parametrize("zones", [2, 3, 4, 5, 8, 9, 64, 512])
def test_groups_divide_the_stage(zones: int) -> None:
    for one, other in (("left", "right"), ("center", "edges"), ("odd", "even")):
        members = np.concatenate([zones_of(one, zones), zones_of(other, zones)])
        assert sorted(members) == list(range(zones))
        assert len(zones_of(one, zones)) > 0 < len(zones_of(other, zones))
    mirrored = zones - 1 - zones_of("center", zones)[::-1]
    assert zones == 2 or (mirrored == zones_of("center", zones)).all()


def test_a_single_light_is_every_group_and_unknown_numbers_are_left_out() -> None:
    assert all(list(zones_of(group, 1)) == [0] for group in ZONE_GROUPS)
    assert list(zones_of((6, 1, 1, 40), 8)) == [1, 6]


def test_a_later_cue_takes_its_zones_only() -> None:
    plain = one_cue("hold", duration_s=2.0)
    both = replace(plain, cues=(*plain.cues, Cue(1.0, "blackout", (), zones="left")))
    before, after = draw_show(plain).rgb8, draw_show(both).rgb8
    assert (after[:59] == before[:59]).all(), "a show runs one frame before its song, no more"
    assert (after[59:, 4:] == before[59:, 4:]).all()
    assert not after[59:, :4].any()


def test_a_cue_lays_itself_out_over_all_its_zones_even_where_another_has_taken_some() -> None:
    plain = one_cue("chase", beats=4)
    both = replace(plain, cues=(*plain.cues, Cue(1.0, "blackout", (), zones="center")))
    assert (draw_show(both).rgb8[:, [0, 1, 6, 7]] == draw_show(plain).rgb8[:, [0, 1, 6, 7]]).all()


def test_of_two_cues_at_one_time_the_later_in_the_list_plays() -> None:
    cues = CueList(1.0, cues=(Cue(0.0, "hold", ("#ff0000",)), Cue(0.0, "hold", ("#0000ff",))), zones=1)
    assert draw_show(cues).rgb8[30, 0].tolist() == [0, 0, 255]


def faded(first: str, second: str, fade_s: float = 1.0) -> np.ndarray:
    cues = (Cue(0.0, "hold", (first,)), Cue(1.0, "hold", (second,), fade_s=fade_s))
    return draw_show(CueList(3.0, cues=cues, zones=1)).rgb8[:, 0]


def test_a_fade_begins_at_its_cue_and_lasts_its_time() -> None:
    light = faded("#ff9500", "#ff2a00")
    assert (light[:60] == [255, 149, 0]).all()
    assert (light[119:] == [255, 42, 0]).all()
    assert (np.diff(light[59:120, 1].astype(int)) <= 0).all()
    assert 60 < light[89, 1] < 130


def test_a_fade_from_nothing_begins_in_the_dark_and_keeps_the_hue() -> None:
    light = draw_show(CueList(2.0, cues=(Cue(0.0, "hold", ("#7a1cff",), fade_s=1.0),), zones=1)).rgb8[:, 0]
    assert not light[0].any()
    lch = oklab_to_oklch(linear_to_oklab(rgb8_to_linear(light[15:])))
    assert (np.diff(luminance(rgb8_to_linear(light))) >= 0).all()
    assert np.abs(lch[:, 2] - lch[-1, 2]).max() < 0.05


@pytest.mark.parametrize(
    ("first", "second"), [("#ff7a00", "#1f8cff"), ("#12b84a", "#ff2fb0"), ("#7a1cff", "#ffdc00")]
)
def test_hues_far_apart_meet_in_the_dark_never_in_grey(first: str, second: str) -> None:
    lab = linear_to_oklab(rgb8_to_linear(faded(first, second)))
    saturation = np.hypot(lab[:, 1], lab[:, 2]) / np.maximum(lab[:, 0], 1e-6)
    ends = min(saturation[0], saturation[-1])
    bright = lab[:, 0] > 0.25
    assert lab[85:96, 0].min() < 0.15, "the middle is dark"
    assert saturation[bright].min() > 0.6 * ends, "what is lit is coloured"


def test_neighbouring_hues_never_darken_on_the_way() -> None:
    for first, second in (("#ff7a00", "#ffcb1f"), ("#0a7bff", "#00d0e8"), ("#ff2fb0", "#b32fff")):
        light = luminance(rgb8_to_linear(faded(first, second)))
        assert light.min() > 0.9 * min(light[0], light[-1])


def test_a_fade_cut_short_by_the_next_cue_is_over_by_then() -> None:
    cues = (
        Cue(0.0, "hold", ("#ff9500",)),
        Cue(1.0, "hold", ("#ff2a00",), fade_s=9.0),
        Cue(1.5, "hold", ("#ff9500",), 1, 1),
    )
    light = draw_show(CueList(3.0, cues=cues, zones=1)).rgb8[:, 0].astype(int)
    assert np.abs(np.diff(light[:88], axis=0)).max() < 12, "no jump on the way"
    assert np.abs(light[88] - [255, 42, 0]).max() < 12
    assert light[89].tolist() == [255, 42, 0]


def test_the_level_moves_the_light_but_does_not_own_it() -> None:
    loud, soft = (
        luminance(
            rgb8_to_linear(draw_show(replace(one_cue("hold"), level=Level(1.0, (value,) * 9))).rgb8)
        ).mean()
        for value in (1.0, 0.0)
    )
    assert 0.1 * loud < soft < 0.5 * loud


def test_raw_light_is_spread_or_thinned_to_the_stage() -> None:
    linear = np.zeros((5, 2, 3), dtype=np.float32)
    linear[:, 0, 0], linear[:, 1, 2] = 1.0, 0.5
    wide = raw_show(RawLight(linear), 6).rgb8
    assert (wide[:, :3] == [255, 0, 0]).all()
    assert (wide[:, 3:] == [0, 0, 188]).all()
    assert (raw_show(RawLight(linear), 1).rgb8 == [[255, 0, 0]]).all()
    assert raw_show(RawLight(linear), 2).rgb8.shape == (5, 2, 3)


def test_four_minutes_of_eight_zones_draw_fast_enough() -> None:
    looks = [look for look in LOOKS if look != "blackout"] * 8
    cues = tuple(Cue(i * 240 / len(looks), look, COLORS[:2], fade_s=0.5) for i, look in enumerate(looks))
    song = CueList(240.0, steady_beats(124, 240.0), cues=cues, zones=8)
    times = []
    for _ in range(3):
        start = time.process_time()
        draw_show(song)
        times.append(time.process_time() - start)
    assert min(times) < 1.0, "aimed at 0.15 s of processor time; caches that others use cost some more"
