"""What every instrument is made from: one tone to play, one recipe that says how it sounds."""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.composer.synth import decay, samples, seconds


@dataclass(frozen=True)
class Tone:
    """One note as an instrument sees it.

    Attributes:
        pitch: MIDI number.
        duration_s: how long it may be held; instruments that ring ignore it.
        brightness: 0..1.
    """

    pitch: int
    duration_s: float
    brightness: float


@dataclass(frozen=True)
class Recipe:
    """How an instrument sounds.

    Attributes:
        family: which synthesis (``tones.table``).
        shape: the family's wave, vowels, modes or string.
        octave: octaves above what is written.
        attack_s, decay_s, sustain, release_s: loudness; ``decay_s`` is the time to fall by 60 dB towards ``sustain``.
        ring_s: above 0, it rings this long, however short the note is.
        bright: added to a note's brightness.
        sweep, sweep_s: how much brighter it begins (below 0: duller) and how long that takes to go.
        ring: how much the filter's corner stands out.
        copies, detune: how many slightly different copies, and how far apart in cents.
        vibrato: depth in semitones, arriving late; ``tremolo``: depth of loudness, 0..1.
        ratio, index: of frequency modulation.
        drive: saturation, 0 none, 5 a lot.
        breath: noise that belongs to the sound.
    """

    family: str
    shape: str = "saw"
    octave: int = 0
    attack_s: float = 0.004
    decay_s: float = 3.0
    sustain: float = 0.6
    release_s: float = 0.08
    ring_s: float = 0.0
    bright: float = 0.0
    sweep: float = 0.25
    sweep_s: float = 0.15
    ring: float = 0.5
    copies: int = 1
    detune: float = 8.0
    vibrato: float = 0.0
    tremolo: float = 0.0
    ratio: float = 1.0
    index: float = 2.0
    drive: float = 0.0
    breath: float = 0.0

    @property
    def slow(self) -> bool:
        """Whether it swells so slowly that its beginning is no onset."""
        return self.attack_s > 0.07


def loudness(count: int, tone: Tone, recipe: Recipe) -> F32:
    """The rise and fall of a note ``[count]``, without its release; high notes fall sooner."""
    fall_s = recipe.decay_s * 2.0 ** ((60 - tone.pitch) / 30)
    shape = recipe.sustain + (1 - recipe.sustain) * decay(count, fall_s)
    rise = min(samples(recipe.attack_s), count)
    shape[:rise] *= (0.5 - 0.5 * np.cos(np.pi * (np.arange(rise) + 0.5) / max(1, rise))).astype(np.float32)
    if recipe.tremolo:
        shape *= 1 - recipe.tremolo * (0.5 + 0.5 * np.sin(2 * np.pi * 5.6 * seconds(count))).astype(
            np.float32
        )
    return shape


def shade(count: int, tone: Tone, recipe: Recipe) -> F64:
    """The place in a stack of wavetables over a note ``[count]``: brightness with its sweep."""
    glide = np.exp(np.arange(count, dtype=np.float32) * np.float32(-1.0 / samples(recipe.sweep_s)))
    return np.asarray(tone.brightness + recipe.bright + recipe.sweep * glide, dtype=np.float64)


def cycles(count: int, hz: float, recipe: Recipe) -> F64:
    """Phase in periods ``[count]``, with a vibrato that comes after 0.2 s."""
    time_s = seconds(count)
    if not recipe.vibrato:
        return time_s * hz
    depth = recipe.vibrato * (2 ** (1 / 12) - 1) * np.clip((time_s - 0.2) / 0.3, 0, 1)
    # The integral of the sine, with its depth taken as constant: exact but for the 0.3 s of its arrival.
    return np.asarray(hz * (time_s - depth * np.cos(2 * np.pi * 5.4 * time_s) / (2 * np.pi * 5.4)))


def driven(wave: F32, drive: float) -> F32:
    """Saturation that keeps the level of small signals at most."""
    if not drive:
        return wave
    peak = float(np.abs(wave).max()) + 1e-9
    return np.asarray(np.tanh(wave * np.float32((1 + drive) / peak)), dtype=np.float32)
