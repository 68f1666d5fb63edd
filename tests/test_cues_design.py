"""What a designed show must always be, on songs with a form made for the purpose."""

import itertools
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from beatomizer.audio.audio import Audio
from beatomizer.color import luminance, rgb8_to_linear
from beatomizer.cues.bar_view import BarView
from beatomizer.cues.beat_grid import BeatGrid
from beatomizer.cues.brightness import expected_light
from beatomizer.cues.cuelist import LOOKS, ZONE_GROUPS, Beat, Cue, CueList
from beatomizer.cues.decide import decide
from beatomizer.cues.design import design
from beatomizer.cues.format import from_json, rounded, to_json
from beatomizer.cues.mood import Mood, majorness, song_palette
from beatomizer.cues.palettes import Palette
from beatomizer.cues.repertoire import Layer
from beatomizer.cues.score import Score
from beatomizer.cues.structure import find_sections
from beatomizer.cues.style import Style
from beatomizer.errors import UsageError
from beatomizer.features.bank import extract_features
from beatomizer.inference.engine import Scores
from beatomizer.inference.engines import load_engine
from beatomizer.metrics.colour import effective_hues, grey_share
from beatomizer.metrics.light import Light
from beatomizer.metrics.sync import event_rate, light_beat_f1
from beatomizer.metrics.sync import light_events as light_events_of
from beatomizer.show.draw import draw_show
from beatomizer.timebase import FPS, SAMPLE_RATE
from tests.made_forms import BAR_S, BPM, FORM, SHORT, heard_song

MOVING = ("pulse", "alternate", "bounce", "ripple", "step", "chase", "strobe")


@lru_cache(maxsize=64)
def show(energy=0.5, seed=0, zones=8, palette=None, look="director", form=FORM) -> CueList:
    heard, features = heard_song(form)
    return decide(
        heard, features, Style(palette, energy, seed, zones), title="made", model="classic", look=look
    )


STYLES = [
    {"energy": energy, "zones": zones, "seed": seed}
    for energy in (0.0, 0.5, 1.0)
    for zones, seed in ((1, 0), (8, 3))
]


def light_events(cues):
    """How often something happens: cues, accents, and cycles of looks that move with the beat."""
    beat_s = 60.0 / cues.tempo_bpm
    events = len(cues.cues) + len(cues.accents)
    for cue, after in zip(cues.cues, [*cues.cues[1:], None]):
        length_s = (after.time_s if after else cues.duration_s) - cue.time_s
        if cue.look in MOVING:
            events += length_s / (cue.beats * beat_s) * (1.0 - cue.floor)
    return events


def section_at(cues, time_s):
    return next(part for part in cues.sections[::-1] if part.start_s <= time_s + 1e-6)


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_cues_are_sorted_sane_and_of_the_palette(style):
    cues = show(**style)
    times = [cue.time_s for cue in cues.cues]
    assert times == sorted(times)
    assert times[0] == 0.0
    assert all(0.0 <= time_s < cues.duration_s for time_s in times)
    assert 3 <= len(cues.palette) <= 5
    used = {color for cue in cues.cues for color in cue.colors}
    assert used <= set(cues.palette)
    assert 3 <= len(used) <= 5
    for cue in cues.cues:
        assert cue.look in LOOKS
        assert 1 <= len(cue.colors) <= 3
        assert 0.0 <= cue.intensity <= 1.0
        assert 0.0 <= cue.floor <= 1.0
        assert cue.beats > 0
        assert cue.fade_s >= 0
        assert cue.zones in ZONE_GROUPS
        if style["zones"] == 1:
            assert cue.zones == "all"
            assert cue.look != "chase"
    assert from_json(to_json(cues)) == rounded(cues)


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_colors_change_on_phrase_boundaries_only(style):
    cues = show(**style)
    downbeats = np.array([beat.time_s for beat in cues.beats if beat.position == 1])
    base = [cue for cue in cues.cues if cue.zones == "all" and cue.look != "blackout"]
    for before, after in itertools.pairwise(base):
        if before.colors[0] != after.colors[0]:
            nearest = np.abs(downbeats - after.time_s).min()
            assert nearest < 0.05, after
            start = section_at(cues, after.time_s).start_s
            bars = (after.time_s - start) / BAR_S
            assert abs(bars / 4 - round(bars / 4)) < 0.1 or bars % 4 < 0.1, after


def test_the_form_is_found_and_repeats_share_letter_and_colors():
    cues = show()
    edges = np.cumsum([0] + [count for _, count in FORM]) * BAR_S
    starts = np.array([part.start_s for part in cues.sections])
    near = [np.abs(starts - edge).min() < BAR_S / 2 for edge in edges[:-1]]
    assert np.mean(near) >= 0.75
    full = [section_at(cues, edges[place] + 1.0) for place, (kind, _) in enumerate(FORM) if kind == "full"]
    assert full[0].label == full[1].label
    pad = section_at(cues, edges[4] + 1.0)
    assert pad.label != full[0].label
    leads = {
        tuple(sorted(cue.colors[:2]))
        for cue in cues.cues
        if section_at(cues, cue.time_s).label == full[0].label and cue.zones == "all" and len(cue.colors) > 1
    }
    assert len(leads) == 1


def test_a_drop_is_announced_by_the_dark_and_is_the_biggest_moment():
    cues = show(energy=0.8)
    drops = [part for part in cues.sections if part.kind == "drop"]
    assert drops
    for drop in drops:
        at = [cue for cue in cues.cues if abs(cue.time_s - drop.start_s) < 1e-6]
        before = [cue for cue in cues.cues if drop.start_s - BAR_S <= cue.time_s < drop.start_s - 1e-6]
        assert at
        assert max(cue.intensity for cue in at) == 1.0
        assert min(cue.intensity for cue in at) > max(
            (c.intensity for c in before if c.look != "strobe"), default=0
        )
        assert before
        assert before[-1].look == "blackout"
        assert drop.start_s - before[-1].time_s <= 1.05
        assert at[0].fade_s == 0.0


def test_strobe_is_short_and_only_for_the_wild():
    assert not any(cue.look == "strobe" for energy in (0.0, 0.5) for cue in show(energy=energy).cues)
    wild = show(energy=1.0).cues
    strobes = [n for n, cue in enumerate(wild) if cue.look == "strobe"]
    assert strobes
    for place in strobes:
        assert wild[place + 1].time_s - wild[place].time_s <= BAR_S + 0.05


def test_energy_steers_how_much_happens():
    """Over a few seeds: one seed's pictures may be busier than another's at the same height."""
    wishes = (0.0, 0.25, 0.5, 0.75, 1.0)
    events = [sum(light_events(show(energy=energy, seed=seed)) for seed in range(8)) for energy in wishes]
    assert events == sorted(events)
    assert events[-1] > 2 * events[0]
    calm, wild = (
        np.mean([cue.floor for cue in show(energy=energy).cues if cue.look != "hold"])
        for energy in (0.0, 1.0)
    )
    assert wild < 0.6 * calm, "the wild have real dark"


def drawn_light(cues):
    """Linear light of the drawn show, and what the metrics see of it."""
    linear = rgb8_to_linear(draw_show(cues).rgb8).astype(np.float32)
    return luminance(linear.astype(np.float64)).mean(), Light(linear)


@pytest.mark.parametrize("form", [SHORT, (("beat", 12), ("pad", 8), ("full", 12))], ids=["verse", "arch"])
def test_more_energy_is_more_events_and_more_light(form):
    rates, lights = [], []
    for energy in (0.0, 0.5, 1.0):
        mean, light = drawn_light(show(energy=energy, form=form))
        rates.append(event_rate(light))
        lights.append(mean)
    assert rates == sorted(rates)
    assert rates[1] > rates[0] + 0.3
    assert lights[0] < lights[1] <= 1.02 * lights[2]
    assert lights[2] > 1.3 * lights[0]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_light_lands_on_the_beat_and_leads_by_a_frame_or_two(seed):
    form = (("beat", 12), ("full", 12))
    cues = show(form=form, seed=seed, energy=0.6)
    _, light = drawn_light(cues)
    beats = np.arange(0.0, cues.duration_s, 60.0 / BPM)
    assert light_beat_f1(beats, light) > 0.35
    events = light_events_of(light)
    offset = events - beats[np.abs(events[:, None] - beats).argmin(axis=1)]
    assert -0.03 <= np.median(offset) <= 0.001
    assert np.mean(np.abs(offset + 0.0083) <= 0.026) > 0.7, "at frame precision, not only within 70 ms"


@pytest.mark.parametrize("seed", [0, 5])
def test_few_hues_and_no_grey(seed):
    _, light = drawn_light(show(seed=seed, form=SHORT))
    assert 2.0 <= effective_hues(light) <= 6.5
    assert grey_share(light) <= 0.01


def test_the_light_of_a_picture_is_foreseen():
    """``brightness`` against drawn pictures: within a factor of two, mostly far nearer."""
    pair = ("#0a7bff", "#ff00c8")
    beats = tuple(Beat(0.5 * n, n % 4 + 1) for n in range(40))
    ratios = []
    for look, floor in itertools.product(
        ("hold", "pulse", "alternate", "chase", "swell", "sparkle"), (0.1, 0.4)
    ):
        cue = Cue(0.0, look, pair, beats=4, floor=floor)
        drawn = drawn_light(CueList(20.0, beats, cues=(cue,), tempo_bpm=120.0))[0]
        ratios.append(expected_light([Layer(look, 4, floor)], [pair]) / drawn)
    assert min(ratios) > 0.5
    assert max(ratios) < 2.0


def test_calm_is_calm():
    cues = show(energy=0.0)
    assert not cues.accents
    assert all(cue.floor >= 0.15 for cue in cues.cues if cue.look in MOVING)
    assert all(cue.beats >= 1 for cue in cues.cues)


def test_same_seed_same_show_other_seed_other_show():
    heard, features = heard_song()
    assert decide(heard, features, Style(seed=4)) == decide(heard, features, Style(seed=4))
    assert len({show(seed=seed).cues for seed in range(4)}) >= 3
    assert len({show(seed=seed).palette for seed in range(6)}) >= 2


def test_seeds_are_far_apart():
    """Mean difference of the stage, of 255: two seeds against the same song louder by a hair."""
    shows = [draw_show(show(seed=seed, form=SHORT)).rgb8.astype(np.float64) for seed in range(4)]
    apart = [np.abs(one - other).mean() for one, other in itertools.combinations(shows, 2)]
    assert min(apart) > 8.0
    again = decide(*heard_song(SHORT), Style(seed=2), title="made", model="classic")
    assert to_json(again) == to_json(show(seed=2, form=SHORT))


@pytest.mark.parametrize("zones", [1, 2, 3, 5, 64, 512])
def test_another_stage_has_the_same_decisions(zones):
    other, usual = show(zones=zones, form=SHORT), show(form=SHORT)
    assert (other.palette, other.sections, other.level) == (usual.palette, usual.sections, usual.level)
    assert {cue.time_s for cue in other.cues} == {cue.time_s for cue in usual.cues}
    rgb8 = draw_show(replace(other, duration_s=12.0)).rgb8
    assert rgb8.shape[1] == zones
    assert rgb8.max() > 60


def test_a_palette_that_was_asked_for_is_used():
    assert show(palette="#ff0000,#00ff00,#0000ff").palette == ("#ff0000", "#00ff00", "#0000ff")
    single = show(palette="#ff8800")
    assert {color for cue in single.cues for color in cue.colors} == {"#ff8800"}


def test_a_song_wears_what_it_feels_like():
    """Bright, loud and major against dark, soft and minor: over the seeds one is clearly warmer than the other."""
    moods = Mood(0.9, 0.9, 0.7, 1.0), Mood(0.1, 0.2, 0.3, -1.0)
    warmth = []
    for mood in moods:
        palettes = [song_palette(mood, Style(), np.random.default_rng(seed)) for seed in range(12)]
        warmth.append(np.mean([Palette("", colors, 0.5).warmth for colors in palettes]))
    assert warmth[0] > warmth[1] + 0.4


def test_the_flasher_answers_beats_and_nothing_else():
    cues = show(look="flasher")
    assert [(cue.look, cue.colors, cue.floor, cue.beats) for cue in cues.cues] == [
        ("pulse", ("#ffffff",), 0.0, 1.0)
    ]
    assert cues.palette == ("#ffffff",)
    assert cues.accents == ()
    assert cues.level.values == ()
    assert len(cues.beats) > 100


def quiet(duration_s, amplitude=0.0):
    samples = amplitude * np.random.default_rng(0).normal(size=int(duration_s * SAMPLE_RATE))
    features = extract_features(Audio(samples.astype(np.float32)))
    return load_engine("classic").listen(features), features


def test_silence_breathes():
    heard, features = quiet(40.0)
    cues = decide(heard, features, Style(energy=1.0))
    assert cues.tempo_bpm == 0.0
    assert {cue.look for cue in cues.cues} == {"swell"}
    light = luminance(rgb8_to_linear(draw_show(cues).rgb8))
    assert 0.001 < light.max() < 0.05
    assert {part.kind for part in cues.sections} == {"silence"}
    assert set(cues.level.values) == {0.0}
    assert cues.accents == ()


def test_after_the_last_sound_the_stage_goes_dark():
    _, song = heard_song()
    samples = np.concatenate([song.samples[: 40 * SAMPLE_RATE], np.zeros(15 * SAMPLE_RATE, dtype=np.float32)])
    features = extract_features(Audio(samples))
    cues = decide(load_engine("classic").listen(features), features, Style())
    assert cues.sections[-1].kind == "silence"
    show = draw_show(cues)
    assert show.rgb8[: 40 * FPS].any()
    assert not show.rgb8[-10 * FPS :].any()


@pytest.mark.parametrize("duration_s", [0.5, 0.9, 2.0, 5.0])
def test_scraps_get_a_show(duration_s):
    heard, features = quiet(duration_s, 0.1)
    cues = decide(heard, features, Style())
    assert cues.cues[0].time_s == 0.0
    assert cues.sections[0].start_s == 0.0
    assert cues.sections[-1].end_s == pytest.approx(duration_s)
    assert all(cue.time_s < duration_s for cue in cues.cues)
    assert from_json(to_json(cues)) == rounded(cues)


def test_without_sure_beats_nothing_pulses():
    heard, features = heard_song()
    chance = np.random.default_rng(2)
    blurred = replace(heard, beat=chance.random(len(heard.beat)).astype(np.float32), onsets=None)
    cues = decide(blurred, features, Style(energy=1.0))
    assert not [cue for cue in cues.cues if cue.look in MOVING]


def bars_of(energy, lufs, pulse):
    """Bars of two seconds whose energy, loudness and pulse are given; those of one energy sound alike."""
    energy, lufs, pulse = (np.array(values, dtype=float) for values in (energy, lufs, pulse))
    sound = (energy[:, None] == np.unique(energy)).astype(np.float64)
    return BarView(np.arange(len(energy) + 1) * 2.0, energy, lufs, sound, np.zeros(len(energy)), pulse)


def kinds_of(*blocks, pulse=1.0):
    """Kinds of eight-bar parts, each given by its energy and loudness."""
    energy, lufs = np.repeat(blocks, 8, axis=0).T
    return [part.kind for part in find_sections(bars_of(energy, lufs, np.full(len(energy), pulse)))]


def test_a_drop_is_a_leap_of_energy_and_loudness_on_a_beat():
    assert kinds_of((0.3, -20), (0.9, -12)) == ["intro", "drop"]
    assert kinds_of((0.3, -20), (0.9, -12), pulse=0.0) == ["intro", "steady"]
    assert kinds_of((0.65, -13), (0.9, -13)) == ["intro", "steady"]
    assert kinds_of((0.2, -20), (0.5, -12)) == ["intro", "steady"]


def test_of_two_leaps_in_a_row_the_greater_is_the_drop():
    assert "drop" not in kinds_of((0.3, -20), (0.62, -18), (0.95, -10))[:2]
    assert kinds_of((0.3, -20), (0.62, -18), (0.95, -10))[2] == "drop"


def test_in_three_cycles_are_whole_bars():
    heard, features = heard_song()
    cues = decide(heard, features, Style(energy=0.6))
    grid = BeatGrid(cues.beats, cues.tempo_bpm, meter=3)
    score = Score(cues.sections, np.array([0.0, *(part.end_s for part in cues.sections)]), grid, cues.palette,
                  Style(energy=0.6), cues.duration_s)  # fmt: skip
    assert {cue.beats for cue in design(score)} <= {0.5, 1.0, 3.0, 6.0, 12.0}


def test_an_unedited_cue_list_draws_the_same_show():
    cues = show(energy=0.7)
    again = from_json(to_json(cues))
    assert again == cues
    assert np.array_equal(draw_show(again).rgb8, draw_show(cues).rgb8)


def test_scores_with_nothing_but_beats_are_enough():
    heard, features = heard_song()
    cues = decide(Scores(beat=heard.beat), features, Style())
    assert cues.tempo_bpm == pytest.approx(BPM, rel=0.01)
    assert len(cues.sections) >= 4


def test_sections_cover_the_song_without_fragments():
    cues = show()
    assert cues.sections[0].start_s == 0.0
    assert cues.sections[-1].end_s == pytest.approx(cues.duration_s)
    for before, after in zip(cues.sections, cues.sections[1:]):
        assert before.end_s == after.start_s
    assert all(part.end_s - part.start_s > 4.0 for part in cues.sections)
    energies = {kind: section_at(cues, 1.0 + BAR_S * at).energy for kind, at in (("pad", 2), ("full", 26))}
    assert energies["full"] > energies["pad"] + 0.3


def test_the_level_follows_the_loudness():
    cues = show()
    level = np.array(cues.level.values)
    assert len(level) == int(cues.duration_s / 0.25) + 1
    pad, full = (level[int((bar * BAR_S + 1) * 4) : int((bar * BAR_S + 8) * 4)].mean() for bar in (0, 24))
    assert full > pad + 0.25
    assert full > 0.75


def test_quiet_songs_stay_calm():
    _, loud = heard_song()
    soft = extract_features(Audio(loud.samples * 0.02))
    heard = load_engine("classic").listen(soft)
    assert max(decide(heard, soft, Style()).level.values) < 0.8 < max(show().level.values)


def test_accents_are_rationed_and_beside_the_beat():
    cues = show(energy=1.0)
    times = np.array([accent.time_s for accent in cues.accents])
    assert len(times) <= cues.duration_s * 1.05
    assert (np.diff(times) >= 0.24).all()
    assert np.allclose(times * FPS, np.round(times * FPS), atol=0.01)


def test_major_and_minor():
    c_major, a_minor = np.zeros(12), np.zeros(12)
    c_major[[0, 4, 7]] = [3, 2, 2.5]
    a_minor[[9, 0, 4]] = [3, 2, 2.5]
    assert majorness(c_major) > 0.3
    assert majorness(a_minor) < -0.3
    assert majorness(np.roll(c_major, 5)) == pytest.approx(majorness(c_major))
    assert majorness(np.ones(12)) == 0.0


@pytest.mark.parametrize(
    "wish", [{"energy": 1.5}, {"energy": float("nan")}, {"zones": 0}, {"zones": 513}, {"seed": -1}]
)
def test_wishes_out_of_range_are_refused(wish):
    with pytest.raises(UsageError):
        Style(**wish)
    if "energy" not in wish:
        with pytest.raises(UsageError):
            CueList(1.0, **wish)
