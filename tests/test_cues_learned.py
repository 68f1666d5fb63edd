"""What the director makes of a learned model's opinions: cue by cue, never frame by frame."""

from dataclasses import replace

import numpy as np
import pytest

from beatomizer.audio.audio import Audio
from beatomizer.color import luminance, rgb8_to_linear
from beatomizer.cues.cuelist import CueList, Section
from beatomizer.cues.decide import decide
from beatomizer.cues.format import from_json, rounded, to_json
from beatomizer.cues.mood import Mood
from beatomizer.cues.opinions import opinions
from beatomizer.cues.palettes import Palette
from beatomizer.cues.phrases import Phrase
from beatomizer.cues.repertoire import TIERS, chances
from beatomizer.cues.schemes import HUES, hue_bin, palette_for, vivid
from beatomizer.cues.style import ENERGIES, Style, energy_of
from beatomizer.cues.wardrobe import wardrobe
from beatomizer.dataset.lessons.no_music import no_music
from beatomizer.errors import UsageError
from beatomizer.features.bank import extract_features
from beatomizer.inference.engine import PARTS, TAUGHT_LOOKS, TEMPI_BPM
from beatomizer.inference.engines import load_engine
from beatomizer.metrics.light import Light
from beatomizer.metrics.sync import event_rate
from beatomizer.show.draw import draw_show
from tests.made_forms import SHORT, heard_song, starts_of

WARM, COLD = 4, 17
"""Bins of orange (60°) and blue (255°)."""


def spike(place, count, share=0.9):
    """Chances ``[count]``: ``share`` at one place, the rest even."""
    out = np.full(count, (1.0 - share) / (count - 1), dtype=np.float32)
    out[place] = share
    return out


def taught(look="pulse", hue=WARM, light=0.5):
    """Scores of the short song with one opinion throughout."""
    heard, features = heard_song(SHORT)
    count = len(heard.beat)
    return replace(
        heard,
        look=np.tile(spike(TAUGHT_LOOKS.index(look), len(TAUGHT_LOOKS)), (count, 1)),
        hue=np.tile(spike(hue, HUES), (count, 1)),
        light=np.full(count, light, dtype=np.float32),
    ), features


def shown(heard, features, **style) -> CueList:
    return decide(heard, features, Style(**style), model="taught")


def test_the_palette_is_of_the_hue_that_was_heard():
    warmth = {}
    for hue in (WARM, COLD):
        leads = [shown(*taught(hue=hue), seed=seed).palette for seed in range(4)]
        warmth[hue] = np.mean([Palette("", colors[:1], 0.5).warmth for colors in leads])
        assert all(3 <= len(colors) <= 5 for colors in leads)
    assert warmth[WARM] > 0.5 > -0.5 > warmth[COLD]


def test_even_chances_leave_it_to_the_mood_and_the_seed():
    even = {"A": np.full(HUES, 1.0 / HUES)}
    found = {}
    for name, mood in (("warm", Mood(0.9, 0.9, 0.6, 1.0)), ("cold", Mood(0.1, 0.2, 0.4, -1.0))):
        palettes = [palette_for(even, {"A": 1.0}, mood, np.random.default_rng(seed)) for seed in range(16)]
        assert len(set(palettes)) > 8
        found[name] = np.mean([Palette("", colors, 0.5).warmth for colors in palettes])
    assert found["warm"] > found["cold"] + 0.4


def test_what_a_model_hardly_says_is_heard():
    """A model that was taught by many tastes leans to a hue by a few percent; that is all it knows."""
    heard, features = taught()
    leaning = (1.0 + 0.15 * np.cos(np.arange(HUES) * (2 * np.pi / HUES) - np.deg2rad(255))) / HUES
    faint = replace(heard, hue=np.tile(leaning.astype(np.float32), (len(heard.beat), 1)))
    leads = [shown(faint, features, seed=seed).palette[:1] for seed in range(4)]
    assert np.mean([Palette("", lead, 0.5).warmth for lead in leads]) < -0.4


def test_each_letter_leads_with_what_was_heard_in_it():
    parts = [Section(0, 10, "A", energy=0.5), Section(10, 20, "B", energy=0.6), Section(20, 30, "A")]
    palette = "#ff7a1a", "#2f4dff", "#e0148c"
    for warm, cold in (("A", "B"), ("B", "A")):
        worn = wardrobe(parts, palette, {warm: spike(hue_bin(palette[0]), HUES), cold: spike(COLD + 1, HUES)})
        assert (worn[warm][0], worn[cold][0]) == palette[:2]


def test_a_chorus_shares_its_lead_with_nobody():
    heard, features = taught()
    cues = shown(heard, features)
    labels = [part.label for part in cues.sections]
    worn = wardrobe(cues.sections, cues.palette, chorus=frozenset(labels[-1]))
    assert [worn[label][0] for label in set(labels)].count(worn[labels[-1]][0]) == 1


def test_vivid_colours_are_where_they_should_be():
    for place in range(HUES):
        assert (hue_bin(vivid(15 * place)) - place + 12) % HUES - 12 in (-1, 0, 1)


@pytest.mark.parametrize("look", ["alternate", "chase", "swell", "sparkle", "pulse"])
def test_a_phrase_gets_the_look_that_was_heard(look):
    cues = shown(*taught(look=look), seed=1)
    part = cues.sections[2]
    inside = [cue.look for cue in cues.cues if part.start_s + 2.5 <= cue.time_s < part.end_s - 2.5]
    inside += [cue.look for cue in cues.cues if abs(cue.time_s - part.start_s) < 1e-3]
    assert look in inside
    tier = np.array([0.0 if picture.taught != look else 1.0 for picture in TIERS[2]])
    assert chances(2, spike(TAUGHT_LOOKS.index(look), len(TAUGHT_LOOKS))) @ tier > 0.5


def test_strobe_needs_a_wild_wish():
    for energy in (0.0, 0.5):
        assert not any(cue.look == "strobe" for cue in shown(*taught(look="strobe"), energy=energy).cues)


def test_opinions_are_taken_at_the_rate_of_cues():
    """Shuffling what the model says within half-phrases changes nothing: no frame counts by itself."""
    heard, features = heard_song(SHORT)
    rng = np.random.default_rng(3)
    noisy = {
        "look": rng.dirichlet(np.ones(len(TAUGHT_LOOKS)), len(heard.beat)).astype(np.float32),
        "hue": rng.dirichlet(np.ones(HUES), len(heard.beat)).astype(np.float32),
    }
    first = shown(replace(heard, **noisy), features)
    bounds = np.round([0.0, *sorted({cue.time_s for cue in first.cues}), first.duration_s]) * 60
    order = np.arange(len(heard.beat))
    for low, high in zip(bounds[:-1].astype(int), bounds[1:].astype(int)):
        rng.shuffle(order[low:high])
    edges = np.round(np.array([part.start_s for part in first.sections]) * 60).astype(int)
    assert len(edges) > 1
    changed = {name: values[order] for name, values in noisy.items()}
    again = shown(replace(heard, **changed), features)
    assert len(again.cues) == len(first.cues) < first.duration_s
    assert again.palette == first.palette


def test_what_comes_back_looks_as_it_did():
    heard, features = heard_song(SHORT)
    rng = np.random.default_rng(4)
    look = rng.dirichlet(np.full(8, 0.3), len(heard.beat) // 240 + 1).repeat(240, axis=0)[: len(heard.beat)]
    said = opinions(
        replace(heard, look=look.astype(np.float32)),
        decide(heard, features, Style()).sections,
        [
            Phrase(0.0, 8.0, 0, 0, (), 1.0),
            Phrase(8.0, 16.0, 0, 1, (), 1.0),
            Phrase(20.0, 28.0, 0, 0, (), 1.0),
        ],
    )
    label = decide(heard, features, Style()).sections[0].label
    both = np.concatenate([look[0:480], look[1200:1680]]).mean(axis=0) ** 1.35
    assert np.allclose(said.about(label, 0).look, both / both.sum(), atol=1e-4)
    assert said.about("?", 0).look is None


def test_brighter_where_the_model_would_be_brighter():
    heard, features = taught(look="alternate")
    begin, end = (int(time * 60) for time in starts_of(SHORT)[2:4])
    lights = []
    for level in (0.2, 0.9):
        light = np.full(len(heard.beat), 0.5, dtype=np.float32)
        light[begin:end] = level
        show = draw_show(shown(replace(heard, light=light), features, seed=2)).rgb8
        lights.append(luminance(rgb8_to_linear(show[begin:end])).mean())
    assert lights[1] > 1.2 * lights[0]


def test_the_depth_of_the_pulse_is_the_models():
    heard, features = taught(look="alternate")
    beat = (np.arange(len(heard.beat)) % 30 < 10).astype(np.float32)
    floors = [
        np.mean(
            [cue.floor for cue in shown(replace(heard, light=light), features).cues if cue.look != "hold"]
        )
        for light in (0.5 + 0.0 * beat, 0.05 + 0.9 * beat)
    ]
    assert floors[0] > 1.5 * floors[1]


def test_where_the_model_hears_no_beat_nothing_moves_with_one():
    heard, features = taught(look="strobe")
    tempo = np.zeros((len(heard.beat), len(TEMPI_BPM) + 1), dtype=np.float32)
    tempo[:, -1] = 1.0
    cues = shown(replace(heard, tempo=tempo), features, energy=1.0)
    assert {cue.look for cue in cues.cues} <= {"hold", "swell", "sparkle", "blackout"}


def test_follow_is_answered_with_more_accents():
    shows = {}
    for look in ("pulse", "follow"):
        heard, features = taught(look=look)
        onsets = np.zeros_like(heard.onsets)
        onsets[16::30, 1] = 0.5 + 0.01 * (np.arange(len(onsets[16::30])) % 7)
        beats = replace(heard, onsets=np.maximum(onsets, 0.3 * heard.onsets))
        shows[look] = shown(beats, features, energy=1.0)
    assert len(shows["follow"].accents) > len(shows["pulse"].accents) > 10


def test_choruses_are_found_by_part():
    heard, features = taught()
    part = np.tile(spike(PARTS.index("verse"), len(PARTS)), (len(heard.beat), 1))
    part[: 60 * 8] = spike(PARTS.index("chorus"), len(PARTS))
    sections = decide(heard, features, Style()).sections
    found = [Phrase(s.start_s, s.end_s, n, 0, (), 1.0) for n, s in enumerate(sections)]
    assert opinions(replace(heard, part=part), sections, found).chorus == {sections[0].label}


@pytest.mark.parametrize("energy", [0.0, 0.5, 1.0])
def test_a_taught_show_is_whole_and_repeatable(energy):
    heard, features = taught(look="follow", hue=COLD)
    cues = shown(heard, features, energy=energy)
    assert to_json(shown(heard, features, energy=energy)) == to_json(cues)
    assert from_json(to_json(cues)) == rounded(cues)
    assert {color for cue in cues.cues for color in cue.colors} <= set(cues.palette)
    asked = shown(heard, features, energy=energy, palette="#ff0000,#00ff00,#0000ff")
    assert {color for cue in asked.cues for color in cue.colors} <= {"#ff0000", "#00ff00", "#0000ff"}


def test_more_energy_is_more_of_a_taught_show():
    rates, lights = [], []
    for energy in (0.0, 0.5, 1.0):
        linear = rgb8_to_linear(draw_show(shown(*taught(look="follow"), energy=energy)).rgb8)
        rates.append(event_rate(Light(linear.astype(np.float32))))
        lights.append(luminance(linear).mean())
    assert rates[0] < 0.8 * rates[1]
    assert rates[2] > 0.95 * rates[1], "from the middle on, nearly every beat is seen"
    assert lights[0] < lights[1] <= 1.02 * lights[2]
    assert rates[-1] > rates[0] + 0.5


def rubato(seconds=24.0):
    """Single soft tones at uneven times: free rhythm without drums."""
    rng = np.random.default_rng(8)
    time = np.arange(int(seconds * 24_000)) / 24_000
    wave = np.zeros_like(time)
    at = 0.0
    while at < seconds - 2.0:
        since = np.maximum(time - at, 0.0)
        rise = np.clip(since / 0.08, 0.0, 1.0)
        wave += (
            np.sin(2 * np.pi * rng.choice([220.0, 247.0, 262.0, 330.0]) * since) * rise * np.exp(-1.2 * since)
        )
        at += rng.uniform(0.5, 2.2)
    return (0.15 * wave).astype(np.float32)


@pytest.mark.parametrize("kind", ["talk", "applause", "wind", "silence", "rubato"])
def test_without_music_the_stage_stays_calm(kind):
    samples = rubato() if kind == "rubato" else no_music(kind, np.random.default_rng(1))[: 24_000 * 30]
    features = extract_features(Audio(samples))
    cues = decide(load_engine("classic").listen(features), features, Style(energy=1.0))
    assert {cue.look for cue in cues.cues} <= {"hold", "swell", "sparkle", "blackout"}
    assert not cues.accents
    light = luminance(rgb8_to_linear(draw_show(cues).rgb8)).mean(axis=1)
    assert event_rate(Light(rgb8_to_linear(draw_show(cues).rgb8).astype(np.float32))) < 0.1
    assert np.abs(light[15:] - light[:-15]).max() < 0.2, "a quarter of a second is no time for a jump"
    assert light.max() < (0.05 if kind == "silence" else 0.7)
    assert light[: 60 * 20].max() > 0.002, "alive, though"


@pytest.mark.parametrize("word", ENERGIES)
def test_energy_has_words(word):
    assert energy_of(f" {word.upper()} ") == energy_of(word) == ENERGIES[word]


def test_other_energies_are_numbers():
    assert energy_of("0.3") == 0.3
    for text in ("wild", "-0.1", "1.1", "nan", ""):
        with pytest.raises(UsageError, match="calm"):
            energy_of(text)
