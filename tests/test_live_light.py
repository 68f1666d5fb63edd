"""What the live director does with light and colour: loudness as it was played, few colours, beats seen from afar."""

import numpy as np
import pytest

from beatomizer.cues.cuelist import Beat
from beatomizer.cues.repertoire import TIERS
from beatomizer.cues.schemes import HUES, hue_bin
from beatomizer.cues.staging import light_missed, staged
from beatomizer.cues.style import Style
from beatomizer.features.bank import FeatureStream
from beatomizer.live.colours import Wardrobe, live_palette
from beatomizer.live.form import Form
from beatomizer.live.hearing import Hearing, Moment
from beatomizer.timebase import HOP


def heard(gain_db, level_db):
    """Light of noise at ``level_db`` a frame, heard through a gain of ``gain_db`` a frame."""
    rng = np.random.default_rng(2)
    stream, hearing, light = FeatureStream(), Hearing(), []
    for gain, level in zip(gain_db, level_db, strict=True):
        samples = (10 ** ((gain + level) / 20) * rng.standard_normal(HOP)).astype(np.float32)
        light.append(hearing.step(stream.push(samples)[0], {}, float(gain)).light)
    return np.array(light)


def test_the_gain_does_not_move_the_light():
    level_db = np.where(np.arange(900) // 150 % 2, -20.0, -26.0)
    sinking = np.interp(np.arange(900), [0, 240, 900], [12.0, 12.0, 0.0])
    plain, gained = heard(np.zeros(900), level_db), heard(sinking, level_db)
    assert np.abs(plain - gained)[120:].max() < 0.03
    loud = level_db > -23
    assert gained[120:][loud[120:]].mean() > gained[120:][~loud[120:]].mean() + 0.15


def test_a_song_that_has_just_begun_leaves_room_for_more():
    steady = heard(np.zeros(300), np.full(300, -22.0))
    louder = heard(np.zeros(420), np.where(np.arange(420) < 300, -22.0, -19.0))
    assert steady[200:].max() < 0.95
    assert louder[300:360].max() > steady[200:].mean() + 0.04


@pytest.mark.parametrize("hue", [None, np.full(HUES, 1.0 / HUES)])
def test_most_songs_keep_the_colours_they_began_with(hue):
    worn = "#3fcbff", "#ff4fa8"
    kept = []
    for seed in range(12):
        palette = live_palette(124.0, np.eye(12)[seed], hue, Style(seed=seed), 0, worn=worn)
        assert 3 <= len(palette) <= 5
        for old in worn:
            apart = min(abs((hue_bin(color) - hue_bin(old) + 12) % HUES - 12) for color in palette)
            kept.append(apart <= 2)
    assert np.mean(kept) > 0.75


def test_songs_of_another_key_get_other_colours():
    palettes = {live_palette(0.0, np.eye(12)[key], None, Style(), 0) for key in range(12)}
    assert len(palettes) >= 3


def test_letters_keep_what_is_most_like_their_colours():
    wardrobe = Wardrobe(("#ff2a00", "#00e5ff", "#7a1cff"))
    wardrobe.keep("A", ("#00e5ff", "#7a1cff"))
    wardrobe.repaint(("#ffae00", "#8a2be2", "#00d0e8"))
    assert wardrobe.keep("A", ("#ffae00", "#8a2be2"))[0] == "#00d0e8"


def moment(energy=0.5):
    return Moment(-20.0, 0.7, energy, energy, energy, 0.0, None, None, None, np.zeros(3))


@pytest.mark.parametrize("kind", ["break", "intro", "outro"])
def test_a_break_that_does_not_end_is_how_the_song_is(kind):
    form = Form()
    form.wake(0.0)
    form.part.kind = kind
    kinds = []
    for beat in range(4 * 10):
        for _ in range(30):
            form.frame(moment())
        form.beat(Beat(0.5 * beat, beat % 4 + 1, 0.9, 0.8), moment(), moves=True)
        kinds.append(form.part.kind)
    assert kinds[4 * 6] == kind
    assert kinds[-1] == "steady"


def alternating():
    return next(p for p in TIERS[2] if [layer.look for layer in p.layers] == ["alternate"])


def cues_of(picture):
    palette = "#ff6a2b", "#ff2477", "#1f9bff", "#ffb52e"
    return list(staged(picture, 0.0, palette[:3], 0.3, 0.0, palette=palette, style=Style(), meter=4))


def test_groups_that_swap_wear_unlike_colours():
    assert cues_of(alternating())[0].colors == ("#ff6a2b", "#1f9bff")


def test_a_pulse_alone_misses_much_light_and_groups_that_swap_do_not():
    pulse = next(p for p in TIERS[2] if [layer.look for layer in p.layers] == ["pulse"])
    colors = "#ff4fa8", "#3fcbff", "#ffcf33"
    missed = [
        light_missed(picture, colors, 0.45, palette=colors, style=Style())
        for picture in (pulse, alternating())
    ]
    assert missed[0] > 0.5 > missed[1]
