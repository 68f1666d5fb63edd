"""The instruments that play notes: each turns one note into stereo sound.

A voice is a function of pitch, length, brightness and the song's ``Timbre``; it knows nothing of songs. To add an
instrument, write a function and enter it in ``VOICES``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.synth import (
    RATE,
    TOP_HZ,
    decay,
    envelope,
    frequencies,
    harmonic_gain,
    hertz,
    opened,
    oscillator,
    samples,
    seconds,
    wavetables,
)


@dataclass(frozen=True)
class Timbre:
    """How the voices of one song sound.

    Attributes:
        pad, stab, arp, bass, lead: the plain waves that they are made from (see ``harmonic_gain``); ``arp`` may
            also be ``bell``.
        detune_cents: how far the copies of a voice stand apart.
        pluck_s: how long plucked notes ring.
    """

    pad: str = "saw"
    stab: str = "saw"
    arp: str = "square"
    bass: str = "saw"
    lead: str = "saw"
    detune_cents: float = 9.0
    pluck_s: float = 0.5


@dataclass(frozen=True)
class Tone:
    """One note as a voice sees it: everything in seconds."""

    pitch: int
    duration_s: float
    brightness: float
    brightness_end: float


_LOOP = 1 << 17
"""Samples of a pad's loop, 2.7 s: longer than a bar at 100 beats a minute, with a third of a hertz between bins."""

_PAD_LEVELS = 6


@lru_cache(maxsize=64)
def _pad_loops(shape: str, pitch: int, detune_cents: float) -> F32:
    """Seamless loops of seven detuned voices a side, ``[level, side, n]``, drawn in the spectrum.

    Each partial sits on a bin, so the loop has no seam; the two sides have other phases, so it is wide.
    """
    rng = np.random.default_rng([pitch, 7])
    loops = np.empty((_PAD_LEVELS, 2, _LOOP), dtype=np.float32)
    base = hertz(pitch)
    number = np.arange(1, int(TOP_HZ / base / 1.02) + 1, dtype=np.float64)
    strength = harmonic_gain(shape, number)
    for side in range(2):
        spectrum = np.zeros(_LOOP // 2 + 1, dtype=np.complex128)
        for cents in np.linspace(-1, 1, 7) * detune_cents + rng.uniform(-1, 1, 7):
            bins = np.round(number * base * 2 ** (cents / 1200) * _LOOP / RATE).astype(np.int64)
            np.add.at(spectrum, bins, strength * np.exp(2j * np.pi * rng.random(len(number))))
        hz = frequencies(_LOOP)
        for level in range(_PAD_LEVELS):
            tinted = (spectrum * opened(hz, level / (_PAD_LEVELS - 1))).astype(np.complex64)
            loops[level, side] = np.fft.irfft(tinted, _LOOP) * (_LOOP / 2 / np.sqrt(7))
    return loops


def pad(tone: Tone, timbre: Timbre) -> F32:
    """A wide, slow chord voice, ``[2, n]``; its brightness glides."""
    loops = _pad_loops(timbre.pad, tone.pitch, timbre.detune_cents)
    count = min(samples(tone.duration_s + 0.35), _LOOP)
    level = np.linspace(tone.brightness, tone.brightness_end, count) * (_PAD_LEVELS - 1)
    wave = np.zeros((2, count), dtype=np.float32)
    for step in range(_PAD_LEVELS):
        share = np.maximum(0.0, 1.0 - np.abs(level - step)).astype(np.float32)
        if share.any():
            wave += loops[step, :, :count] * share
    return wave * envelope(count, 0.06, 0.4)


def stab(tone: Tone, timbre: Timbre) -> F32:
    """A short chord voice, three copies apart, ``[2, n]``."""
    count = samples(tone.duration_s + 0.25)
    shade = tone.brightness * (0.55 + 0.45 * decay(count, 0.5)).astype(np.float64)
    tables = wavetables(timbre.stab, tone.pitch)
    cycles = seconds(count) * hertz(tone.pitch)
    apart = 2 ** (timbre.detune_cents / 1200)
    middle, up, down = (
        oscillator(tables, cycles * ratio + start, shade)
        for ratio, start in ((1.0, 0.0), (apart, 0.33), (1 / apart, 0.71))
    )
    wave = np.stack([middle + 0.9 * up, middle + 0.9 * down])
    return wave * decay(count, 0.9) * envelope(count, 0.003, 0.12)


def arp(tone: Tone, timbre: Timbre) -> F32:
    """A plucked or bell-like note, ``[2, n]``."""
    count = samples(timbre.pluck_s + 0.1)
    time_s = seconds(count)
    cycles = time_s * hertz(tone.pitch)
    if timbre.arp == "bell":
        index = (0.4 + 2.2 * tone.brightness) * decay(count, 0.35)
        wave = np.sin(2 * np.pi * cycles + index * np.sin(4 * np.pi * cycles)).astype(np.float32)
    else:
        shade = 0.15 + tone.brightness * decay(count, 0.45).astype(np.float64)
        wave = oscillator(wavetables(timbre.arp, tone.pitch), cycles, shade)
    wave = wave * decay(count, 1.3 * timbre.pluck_s) * envelope(count, 0.002, 0.08)
    return np.stack([wave, wave])


def bass(tone: Tone, timbre: Timbre) -> F32:
    """A round bass with a pure octave under it, in the middle, ``[2, n]``."""
    count = samples(tone.duration_s + 0.04)
    cycles = seconds(count) * hertz(tone.pitch)
    shade = tone.brightness * (0.45 + 0.55 * decay(count, 0.35)).astype(np.float64)
    upper = oscillator(wavetables(timbre.bass, tone.pitch), cycles, shade)
    pure = np.sin(2 * np.pi * cycles).astype(np.float32)
    wave = np.tanh(1.2 * (0.55 * upper + 0.8 * pure)) * envelope(count, 0.004, 0.04)
    return np.stack([wave, wave])


def lead(tone: Tone, timbre: Timbre) -> F32:
    """A singing voice with late vibrato, ``[2, n]``."""
    count = samples(tone.duration_s + 0.12)
    time_s = seconds(count)
    depth = 0.0035 * np.clip((time_s - 0.18) / 0.3, 0, 1)
    wobble = depth * np.sin(2 * np.pi * 5.3 * time_s)
    cycles = np.cumsum(hertz(tone.pitch) * (1 + wobble)) / RATE
    shade = tone.brightness * np.clip(0.7 + 0.3 * decay(count, 0.6) - 0.25 * np.exp(-time_s / 0.015), 0, 1)
    tables = wavetables(timbre.lead, tone.pitch)
    left = oscillator(tables, cycles * 1.0022, shade)
    right = oscillator(tables, cycles / 1.0022 + 0.4, shade)
    middle = oscillator(tables, cycles + 0.2, shade)
    wave = np.stack([middle + 0.6 * left, middle + 0.6 * right])
    return wave * envelope(count, 0.008, 0.12) * (0.75 + 0.25 * decay(count, 0.8))


def keys(tone: Tone, timbre: Timbre) -> F32:
    """An electric piano, ``[2, n]``: a sine that bends another, softer as it rings."""
    count = samples(tone.duration_s + 0.5)
    cycles = seconds(count) * hertz(tone.pitch)
    bend = (0.3 + 1.5 * tone.brightness) * decay(count, 1.1)
    tine = 0.12 * tone.brightness * decay(count, 0.12) * np.sin(2 * np.pi * 7 * cycles)
    wave = np.sin(2 * np.pi * cycles + bend * np.sin(2 * np.pi * cycles)) + tine
    wave = wave.astype(np.float32) * decay(count, 2.6) * envelope(count, 0.003, 0.3)
    sway = (0.12 * np.sin(2 * np.pi * 4.0 * seconds(count))).astype(np.float32)
    return np.stack([wave * (1 + sway), wave * (1 - sway)])


VOICES: dict[str, Callable[[Tone, Timbre], F32]] = {
    "pad": pad,
    "stab": stab,
    "arp": arp,
    "bass": bass,
    "lead": lead,
    "keys": keys,
}
"""Every instrument by the name that notes use."""
