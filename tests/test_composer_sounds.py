"""What sounds are made of: oscillators, instruments, drums, rooms, compressors, limiters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beatomizer.arrays import F32
from beatomizer.composer.drums.effects import EFFECTS
from beatomizer.composer.drums.kits import BASE, KITS, Kit
from beatomizer.composer.effects import (
    ducking,
    echoes,
    glued,
    limited,
    loudness_lufs,
    placed_in_room,
    tone_filter,
)
from beatomizer.composer.mix import _released
from beatomizer.composer.synth import RATE, SHAPES, filtered, hertz, level, oscillator, wavetables
from beatomizer.composer.timbres import TIMBRES
from beatomizer.composer.tones.recipe import Recipe, Tone
from beatomizer.composer.tones.table import LEVEL, played


@pytest.mark.parametrize("shape", SHAPES)
def test_oscillators_do_not_alias(shape: str) -> None:
    """Of a high note, all that is not a harmonic lies 60 dB below the note."""
    count, pitch = RATE, 93
    cycles = np.arange(count) * hertz(pitch) / RATE
    wave = oscillator(wavetables(shape, pitch), cycles, np.ones(count))
    power = np.abs(np.fft.rfft(wave * np.hanning(count))) ** 2
    harmonic = np.zeros(len(power), dtype=bool)
    for number in range(1, int(24_000 / hertz(pitch)) + 1):
        harmonic[int(number * hertz(pitch)) - 6 : int(number * hertz(pitch)) + 8] = True
    assert power[~harmonic].sum() < 1e-6 * power[harmonic].sum()


def test_brightness_opens_the_sound() -> None:
    cycles = np.arange(RATE // 4) * hertz(45) / RATE

    def high_share(brightness: float) -> float:
        wave = oscillator(wavetables("saw", 45), cycles, np.full(len(cycles), brightness))
        return float((filtered(wave, 2000, np.inf) ** 2).sum() / (wave**2).sum())

    shares = [high_share(brightness) for brightness in (0.0, 0.3, 0.6, 1.0)]
    assert shares == sorted(shares)
    assert shares[3] > 50 * shares[0]


@pytest.mark.parametrize("name", TIMBRES)
def test_every_instrument_plays_clean_and_level(name: str) -> None:
    """Low, middle and high: finite, without offset, at the common level, from nothing to nothing."""
    recipe = TIMBRES[name]
    for pitch in (34, 60, 86):
        wave = played(Tone(pitch, 0.7, 0.5), recipe)
        assert wave.dtype == np.float32
        assert np.isfinite(wave).all()
        assert level(wave) == pytest.approx(LEVEL, rel=1e-3)
        assert abs(float(wave.mean())) < 0.02
        assert np.abs(wave[..., 0]).max() < 0.03
        held = 0 if recipe.ring_s else round(0.5 * RATE)
        end = _released(wave, held, round(recipe.release_s * RATE)) if held else wave
        assert np.abs(end[..., -2:]).max() < 0.01


@pytest.mark.parametrize(
    "name", ["finger bass", "clean guitar", "piano", "singer", "e-piano", "marimba", "strings"]
)
def test_instruments_are_in_tune(name: str) -> None:
    """The strongest peak near the fundamental lies within ten cents of it."""
    recipe = Recipe(**{**vars(TIMBRES[name]), "vibrato": 0.0, "copies": 1, "detune": 0.5})
    for pitch in (48, 61, 72):
        pitch_hz = hertz(pitch + 12 * recipe.octave)
        wave = played(Tone(pitch, 1.5, 0.5), recipe)
        middle = wave if wave.ndim == 1 else wave[0]
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 20))
        hz = np.fft.rfftfreq(1 << 20, 1 / RATE)
        near = (hz > 0.94 * pitch_hz) & (hz < 1.06 * pitch_hz)
        found_hz = hz[near][np.argmax(spectrum[near])]
        assert abs(1200 * np.log2(found_hz / pitch_hz)) < 10


@pytest.mark.parametrize("bank", KITS)
def test_every_kit_strikes_clean_and_at_once(bank: str) -> None:
    """Finite, level, gone at the end; and what is struck is there within 12 ms (a shaker within 40)."""
    kit = Kit(bank, 50.0, 1)
    for drum in ("kick", "snare", "clap", "hat", "open_hat", "crash", "tom_low", "shaker"):
        wave = kit.struck(drum, 0.0, 1.0, 0)
        middle = np.abs(wave if wave.ndim == 1 else wave[0])
        assert np.isfinite(wave).all()
        assert level(wave) == pytest.approx(LEVEL, rel=1e-3)
        assert middle[-1] < 0.01
        first = np.flatnonzero(middle > 0.3 * middle.max())[0] / RATE
        assert first < (0.045 if drum in ("shaker", "hat") else 0.014), drum
        assert np.array_equal(wave, kit.struck(drum, 0.0, 1.0, 0))


def centroid_hz(wave: F32) -> float:
    power = np.abs(np.fft.rfft(wave if wave.ndim == 1 else wave[0])) ** 2
    return float((np.fft.rfftfreq((len(power) - 1) * 2, 1 / RATE) * power).sum() / power.sum())


def test_drums_sound_like_their_class_and_kits_differ() -> None:
    snares = []
    for bank in KITS:
        kit = Kit(bank, 50.0, 1)
        kick, snare, hat = (centroid_hz(kit.struck(drum, 0.0, 1.0, 0)) for drum in ("kick", "snare", "hat"))
        assert kick < 1500 < hat
        assert kick < snare < 1.2 * hat
        snares.append(snare)
    assert np.ptp(np.log2(snares)) > 1


def test_soft_strokes_are_duller_and_songs_have_their_own_copy() -> None:
    kit = Kit("studio", 50.0, 1)
    assert centroid_hz(kit.struck("snare", 0.0, 0.35, 0)) < centroid_hz(kit.struck("snare", 0.0, 1.0, 0))
    assert Kit("studio", 50.0, 2).recipes["snare"] != kit.recipes["snare"]
    assert not np.array_equal(kit.struck("snare", 0.0, 1.0, 0), kit.struck("snare", 0.0, 1.0, 1))
    assert set(kit.recipes) == set(BASE)


@pytest.mark.parametrize("name", EFFECTS)
def test_effects(name: str) -> None:
    wave = Kit("909", 50.0, 1).effect(name, 2.0)
    assert wave.ndim == 2
    assert np.isfinite(wave).all()
    halves = [float((half**2).sum()) for half in np.array_split(wave, 2, axis=1)]
    assert (halves[1] > halves[0]) == (name in ("riser", "reverse"))


@given(st.integers(0, 2**32), st.floats(0.1, 40.0), st.integers(1, 5000))
@settings(max_examples=50, deadline=None)
def test_limiter_never_lets_a_sample_past(seed: int, gain: float, count: int) -> None:
    rng = np.random.default_rng(seed)
    wave = (rng.standard_normal((2, count)) * gain * (rng.random(count) < 0.05)).astype(np.float32)
    assert np.abs(limited(wave, 0.9)).max() <= 0.9 * (1 + 1e-5)


def test_limiter_leaves_quiet_sound_alone() -> None:
    wave = (np.random.default_rng(0).uniform(-0.8, 0.8, (2, 5000))).astype(np.float32)
    assert np.array_equal(limited(wave, 0.9), wave)


@pytest.mark.parametrize(("volume", "lufs"), [(1.0, 0.0), (0.1, -20.0)])
def test_loudness_of_the_standard_sine(volume: float, lufs: float) -> None:
    """BS.1770: a 997 Hz sine at full scale on one channel reads −3.01, on two 0.00."""
    sine = (volume * np.sin(2 * np.pi * 997 * np.arange(5 * RATE) / RATE)).astype(np.float32)
    assert loudness_lufs(np.stack([sine, sine])) == pytest.approx(lufs, abs=0.05)
    assert loudness_lufs(np.stack([sine, 0 * sine])) == pytest.approx(lufs - 3.01, abs=0.05)


def test_loudness_gates_silence() -> None:
    sine = (0.1 * np.sin(2 * np.pi * 997 * np.arange(5 * RATE) / RATE)).astype(np.float32)
    padded = np.concatenate([sine, np.zeros(20 * RATE, dtype=np.float32)])
    assert loudness_lufs(np.stack([padded, padded])) == pytest.approx(-20.0, abs=0.4)
    assert loudness_lufs(np.zeros((2, RATE), dtype=np.float32)) == -70.0


def test_a_room_in_blocks_is_convolution() -> None:
    """The obvious twin: two ``np.convolve``, sample by sample."""
    rng = np.random.default_rng(3)
    wave = rng.standard_normal((2, 90_000)).astype(np.float32)
    send = rng.standard_normal(90_000).astype(np.float32)
    answer = np.zeros((2, 9000), dtype=np.float32)
    answer[0, 7], answer[1, 8999], answer[1, 0] = 1.0, 0.5, -1.0
    tone = np.array([0.7, 0.2, -0.1], dtype=np.float32)
    made = placed_in_room(wave, send, answer, tone)
    for side in range(2):
        late = [(at, answer[side, at]) for at in np.flatnonzero(answer[side])]
        expected = wave[side].astype(np.float64)
        for at, gain in late:
            expected[at:] += gain * send[: len(send) - at]
        assert np.allclose(made[side], np.convolve(expected, tone)[:90_000], atol=1e-3)


@pytest.mark.parametrize(
    ("tilt", "low_hz", "high_hz"), [(0.0, 20, 20_000), (-1.5, 45, 9000), (1.0, 80, 17_000)]
)
def test_tone_filter_is_what_it_says_and_delays_nothing(tilt: float, low_hz: float, high_hz: float) -> None:
    taps = tone_filter(tilt, low_hz, high_hz)
    gain = 20 * np.log10(np.abs(np.fft.rfft(taps, RATE)))
    if tilt == 0:
        assert np.abs(gain[60:8000]).max() < 0.6
    slope = gain[2400] - gain[600]
    assert slope == pytest.approx(2 * tilt, abs=0.5)
    assert gain[round(low_hz / 4)] < gain[round(low_hz * 4)] - 10
    assert np.abs(taps[:12]).max() == np.abs(taps).max()


def test_glue_holds_loud_passages_back() -> None:
    rng = np.random.default_rng(0)
    wave = (0.05 * rng.standard_normal((2, 4 * RATE))).astype(np.float32)
    wave[:, 2 * RATE : 3 * RATE] *= 8
    held = glued(wave, 0.8)
    ratio = np.abs(held).reshape(2, 4, RATE).mean(axis=(0, 2)) / np.abs(wave).reshape(2, 4, RATE).mean(
        axis=(0, 2)
    )
    assert ratio[2] < 0.5 < 0.9 < ratio[1]
    assert np.array_equal(glued(wave, 0.0), wave)


def test_echoes_change_sides() -> None:
    wave = np.zeros(RATE, dtype=np.float32)
    wave[0] = 1.0
    out = echoes(wave, 0.25, 0.5, 5)
    heard = [tuple(out[:, round(0.25 * number * RATE)]) for number in range(4)]
    assert heard == [(0, 0), (0.5, 0), (0, 0.25), (0.125, 0)]


def test_ducking_steps_aside_and_returns() -> None:
    gain = ducking(RATE, np.array([10_000.0]), depth=0.8, recovery_s=0.3)
    assert np.all(gain[:10_000] == 1)
    assert gain[10_300] == pytest.approx(0.2, abs=0.05)
    assert gain[10_000 + round(0.3 * RATE) + 10] == pytest.approx(1.0)
    assert np.abs(np.diff(gain)).max() < 0.02
