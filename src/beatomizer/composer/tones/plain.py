"""Subtractive, frequency-modulated and additive voices: waves through an envelope."""

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.synth import (
    RATE,
    decay,
    filtered,
    hertz,
    noise,
    oscillator,
    samples,
    seconds,
    wavetables,
)
from beatomizer.composer.tones.recipe import Recipe, Tone, cycles, driven, loudness, shade


def wave(tone: Tone, recipe: Recipe) -> F32:
    """A wave with a filter that sweeps; ``[n]``, or ``[2, n]`` with copies to the left and right."""
    pitch = tone.pitch + 12 * recipe.octave
    count = samples(recipe.ring_s or tone.duration_s)
    tables = wavetables(recipe.shape, pitch, recipe.ring)
    place = shade(count, tone, recipe)
    turns = cycles(count, hertz(pitch), recipe)
    middle = oscillator(tables, turns, place)
    if recipe.copies == 1:
        return driven(middle, recipe.drive) * loudness(count, tone, recipe)
    apart = 2 ** (recipe.detune / 1200)
    up = oscillator(tables, turns * apart + 0.33, place)
    down = oscillator(tables, turns / apart + 0.71, place)
    if recipe.copies == 2:  # both in the middle: they beat
        return driven(up + down, recipe.drive) * loudness(count, tone, recipe)
    both = np.stack([middle + 0.9 * up, middle + 0.9 * down])
    return driven(both, recipe.drive) * loudness(count, tone, recipe)


def fm(tone: Tone, recipe: Recipe) -> F32:
    """One sine that bends another, ``[n]``: electric pianos, bells, hard basses."""
    pitch = tone.pitch + 12 * recipe.octave
    count = samples(recipe.ring_s or tone.duration_s)
    turns = (2 * np.pi * cycles(count, hertz(pitch), recipe)).astype(np.float64)
    keep = np.clip(1.3 - (pitch - 48) / 60, 0.35, 1.3)  # high notes would hiss
    bend = recipe.index * keep * (0.35 + 1.1 * tone.brightness)
    falling = 0.25 + 0.75 * decay(count, max(0.06, 4 * recipe.sweep_s))
    phase = turns + bend * falling * np.sin(recipe.ratio * turns)
    body = np.sin(phase % (2 * np.pi)).astype(np.float32)
    return driven(body, recipe.drive) * loudness(count, tone, recipe)


def sub(tone: Tone, recipe: Recipe) -> F32:
    """The bass of a drum machine, ``[n]``: a sine that falls into its pitch, warmed by saturation."""
    count = samples(recipe.ring_s or tone.duration_s)
    time_s = seconds(count)
    hz = hertz(tone.pitch + 12 * recipe.octave)
    turns = hz * (time_s + 0.018 * recipe.sweep * 4 * (1 - np.exp(-time_s / 0.018)))
    body = np.sin(2 * np.pi * turns).astype(np.float32)
    warm = np.tanh(body * np.float32(1.0 + recipe.drive))
    return np.asarray(warm * loudness(count, tone, recipe), dtype=np.float32)


def breath(tone: Tone, recipe: Recipe) -> F32:
    """A pipe, ``[n]``: a few harmonics and the air that makes them."""
    pitch = tone.pitch + 12 * recipe.octave
    count = samples(tone.duration_s)
    tables = wavetables(recipe.shape, pitch, 0.0)
    body = oscillator(tables, cycles(count, hertz(pitch), recipe), shade(count, tone, recipe))
    rng = np.random.default_rng([pitch, 31])
    air = filtered(noise(count, rng), 0.8 * hertz(pitch), min(6 * hertz(pitch), 16_000.0))
    start = 1 + 3 * np.exp(-np.arange(count, dtype=np.float32) / (0.03 * RATE))
    blown = body + np.float32(recipe.breath) * air * start.astype(np.float32)
    return np.asarray(blown * loudness(count, tone, recipe), dtype=np.float32)
