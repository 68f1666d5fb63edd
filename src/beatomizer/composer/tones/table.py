"""Every family of synthesis by the name that recipes use, and the levelling that makes their mixing simple."""

from collections.abc import Callable

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.synth import RATE, level
from beatomizer.composer.tones import plain, struck, sung, wide
from beatomizer.composer.tones.recipe import Recipe, Tone

FAMILIES: dict[str, Callable[[Tone, Recipe], F32]] = {
    "wave": plain.wave,
    "fm": plain.fm,
    "sub": plain.sub,
    "breath": plain.breath,
    "string": struck.string,
    "bar": struck.bar,
    "voice": sung.voice,
    "wide": wide.wide,
}
"""To add a family, write a function of a tone and a recipe and enter it here."""

LEVEL = 0.2
"""Root mean square of the loudest 40 ms of every tone before its fader."""


def played(tone: Tone, recipe: Recipe) -> F32:
    """One tone, ``[n]`` or ``[2, n]``, at ``LEVEL``."""
    wave = FAMILIES[recipe.family](tone, recipe)
    if recipe.ring_s:  # what rings is never let go: its end is faded here
        fall = min(wave.shape[-1], RATE // 40)
        wave[..., wave.shape[-1] - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
    return np.asarray(wave * np.float32(LEVEL / level(wave)), dtype=np.float32)
