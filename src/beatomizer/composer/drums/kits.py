"""Drum kits: which recipe each drum has in each timbre bank, and how one song's copy of a kit sounds."""

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np

from beatomizer.arrays import F32
from beatomizer.composer.drums.effects import EFFECTS
from beatomizer.composer.drums.struck import Metal, Skin, metal, skin
from beatomizer.composer.synth import RATE, decay, fast_size, level, noise, samples

_MEMBRANE = (1.59, 2.14, 2.3)
"""Ratios of a circular membrane's next modes (Fletcher & Rossing 1998)."""

BASE: dict[str, Skin | Metal] = {
    "kick": Skin(hz=50, drop=3.0, drop_s=0.028, t60_s=0.36, punch=1.4, click=0.3, drive=0.6),
    "snare": Skin(hz=190, drop=0.8, drop_s=0.012, t60_s=0.18, noise=1.0, low_hz=1800, high_hz=11000, noise_s=0.22),
    "clap": Skin(skin=0.0, noise=1.2, low_hz=900, high_hz=6500, noise_s=0.2, bursts=3, click=0.0),
    "rim": Skin(hz=820, drop=0.2, t60_s=0.05, modes=(2.13, 3.6), noise=0.3, noise_s=0.03, low_hz=2500, click=0.6),
    "brush": Skin(hz=210, skin=0.25, t60_s=0.1, noise=0.9, low_hz=2200, high_hz=9000, noise_s=0.24, click=0.1),
    "hat": Metal(7500, 16000, 0.07),
    "open_hat": Metal(6500, 16000, 0.42),
    "pedal": Metal(5500, 14000, 0.05, metal=0.15),
    "ride": Metal(5200, 15000, 0.9, base_hz=3300, metal=0.35, ping=0.25),
    "crash": Metal(3200, 16000, 2.4, metal=0.2),
    "shaker": Metal(4500, 12000, 0.07, metal=0.0, swell_s=0.018),
    "tambourine": Metal(6000, 15000, 0.16, base_hz=5200, metal=0.45, swell_s=0.003),
    "tom_low": Skin(hz=85, drop=0.5, drop_s=0.06, t60_s=0.6, modes=_MEMBRANE, noise=0.12, noise_s=0.06),
    "tom_mid": Skin(hz=125, drop=0.5, drop_s=0.05, t60_s=0.5, modes=_MEMBRANE, noise=0.12, noise_s=0.06),
    "tom_high": Skin(hz=180, drop=0.5, drop_s=0.04, t60_s=0.42, modes=_MEMBRANE, noise=0.12, noise_s=0.06),
    "conga_low": Skin(hz=160, drop=0.15, t60_s=0.35, modes=(1.9, 2.7), noise=0.2, noise_s=0.02, click=0.35),
    "conga_high": Skin(hz=250, drop=0.15, t60_s=0.24, modes=(1.9, 2.7), noise=0.3, noise_s=0.02, click=0.5),
    "cowbell": Skin(hz=555, drop=0.0, t60_s=0.25, modes=(1.48, 2.9), click=0.3, drive=1.5),
    "bass_drum": Skin(
        hz=42, drop=0.6, drop_s=0.06, t60_s=1.4, modes=_MEMBRANE, noise=0.1, low_hz=60, high_hz=600,
        click=0.05,
    ),
    "timpani": Skin(hz=98, drop=0.08, drop_s=0.08, t60_s=1.8, modes=(1.5, 1.98, 2.44), click=0.12),
    "blip": Skin(hz=1200, drop=0.5, drop_s=0.02, t60_s=0.09, click=0.1),
}  # fmt: skip
"""Every drum in its plainest form; kits replace what is theirs."""

_ACOUSTIC: dict[str, Skin | Metal] = {
    "kick": Skin(
        hz=62, drop=0.9, drop_s=0.02, t60_s=0.32, modes=(1.6, 2.2, 3.1), noise=0.12, low_hz=200, high_hz=3000,
        noise_s=0.05, click=0.5,
    ),
    "snare": Skin(
        hz=205, drop=0.25, drop_s=0.02, t60_s=0.2, modes=(1.6, 2.3, 2.9), skin=0.8, noise=1.1, low_hz=900,
        high_hz=12000, noise_s=0.26, click=0.5,
    ),
    "hat": Metal(5200, 15000, 0.09, base_hz=3100, metal=0.15),
    "open_hat": Metal(4600, 15000, 0.7, base_hz=3100, metal=0.15),
}  # fmt: skip

KITS: dict[str, dict[str, Skin | Metal]] = {
    "909": {
        "kick": Skin(hz=50, drop=4.5, drop_s=0.022, t60_s=0.4, punch=1.6, click=0.38, drive=1.2),
        "snare": Skin(
            hz=185, drop=0.9, drop_s=0.01, t60_s=0.16, modes=(1.78,), noise=1.1, low_hz=1500, noise_s=0.2,
            drive=0.4,
        ),
    },
    "808": {
        "kick": Skin(hz=46, drop=1.6, drop_s=0.02, t60_s=1.1, punch=0.9, click=0.12, drive=0.4),
        "snare": Skin(hz=178, drop=0.2, t60_s=0.12, modes=(1.85,), noise=0.7, low_hz=2600, noise_s=0.16, click=0.1),
        "clap": Skin(skin=0.0, noise=1.1, low_hz=800, high_hz=3600, noise_s=0.3, bursts=4, click=0.0),
        "hat": Metal(8000, 17000, 0.05, base_hz=4300, metal=0.8),
        "open_hat": Metal(7000, 17000, 0.4, base_hz=4300, metal=0.8),
        "tom_low": Skin(hz=82, drop=0.3, t60_s=0.7, click=0.05),
        "tom_mid": Skin(hz=124, drop=0.3, t60_s=0.6, click=0.05),
        "tom_high": Skin(hz=170, drop=0.3, t60_s=0.5, click=0.05),
        "cowbell": Skin(hz=540, drop=0.0, t60_s=0.4, modes=(1.48,), drive=3.0, click=0.1),
    },
    "studio": dict(_ACOUSTIC),
    "garage": {
        **_ACOUSTIC,
        "kick": Skin(
            hz=70, drop=0.7, t60_s=0.24, modes=(1.6, 2.4), noise=0.3, low_hz=300, high_hz=4000, noise_s=0.08,
            click=0.7, drive=1.5,
        ),
        "snare": Skin(
            hz=240, drop=0.3, t60_s=0.22, modes=(1.6, 2.3), noise=1.5, low_hz=700, high_hz=9000, noise_s=0.34,
            click=0.4, drive=1.5,
        ),
        "crash": Metal(2400, 14000, 3.2, metal=0.1),
    },
    "brushes": {
        **_ACOUSTIC,
        "kick": Skin(hz=58, drop=0.5, t60_s=0.4, modes=(1.6, 2.2), click=0.1),
        "snare": Skin(
            hz=215, skin=0.35, t60_s=0.16, modes=(1.6,), noise=0.9, low_hz=1800, high_hz=9000, noise_s=0.22,
            click=0.15,
        ),
        "ride": Metal(4200, 14000, 1.3, base_hz=2900, metal=0.25, ping=0.4),
    },
    "lo-fi": {
        **_ACOUSTIC,
        "kick": Skin(hz=64, drop=1.2, t60_s=0.26, noise=0.15, low_hz=100, high_hz=1500, click=0.25, drive=2.0),
        "snare": Skin(hz=170, drop=0.4, t60_s=0.16, noise=1.2, low_hz=900, high_hz=5000, noise_s=0.16, drive=2.0),
        "hat": Metal(4500, 9500, 0.06, base_hz=3000, metal=0.3),
    },
    "orchestra": {
        **_ACOUSTIC,
        "kick": Skin(hz=44, drop=0.5, drop_s=0.05, t60_s=1.1, modes=_MEMBRANE, click=0.05),
        "snare": Skin(
            hz=230, drop=0.1, t60_s=0.2, modes=(1.6, 2.3), skin=0.4, noise=1.0, low_hz=1600, high_hz=12000,
            noise_s=0.3, click=0.3,
        ),
        "crash": Metal(2600, 15000, 3.4, metal=0.08),
    },
    "glitch": {
        "kick": Skin(hz=58, drop=9.0, drop_s=0.01, t60_s=0.2, click=0.9, drive=2.5),
        "snare": Skin(
            hz=430, drop=3.0, drop_s=0.008, t60_s=0.07, noise=1.2, low_hz=3000, high_hz=14000, noise_s=0.08,
            click=0.9,
        ),
        "clap": Skin(
            hz=900, drop=4.0, drop_s=0.004, t60_s=0.04, noise=1.0, low_hz=2000, high_hz=12000, noise_s=0.06,
            bursts=2,
        ),
        "hat": Metal(9000, 18000, 0.022, base_hz=6100, metal=0.6),
        "open_hat": Metal(8000, 18000, 0.12, base_hz=6100, metal=0.6),
        "rim": Skin(hz=1900, drop=1.0, drop_s=0.004, t60_s=0.03, click=1.0),
        "shaker": Metal(10000, 18000, 0.015, metal=0.0),
    },
    "festival": {
        "kick": Skin(hz=52, drop=7.0, drop_s=0.02, t60_s=0.34, punch=1.8, click=0.6, drive=2.5),
        "snare": Skin(
            hz=200, drop=1.0, t60_s=0.2, noise=1.6, low_hz=900, high_hz=14000, noise_s=0.4, bursts=2,
            drive=1.0,
        ),
        "clap": Skin(skin=0.0, noise=1.5, low_hz=700, high_hz=11000, noise_s=0.4, bursts=3, click=0.3, drive=1.0),
    },
    "industrial": {
        "kick": Skin(
            hz=48, drop=5.0, drop_s=0.03, t60_s=0.3, noise=0.6, low_hz=100, high_hz=5000, noise_s=0.12,
            click=0.7, drive=5.0,
        ),
        "snare": Skin(
            hz=160, drop=0.4, t60_s=0.24, modes=(2.7, 4.1), noise=1.3, low_hz=400, high_hz=8000, noise_s=0.3,
            drive=4.0,
        ),
        "hat": Metal(5000, 14000, 0.05, base_hz=2300, metal=0.7),
        "open_hat": Metal(4000, 14000, 0.3, base_hz=2300, metal=0.7),
        "rim": Skin(hz=420, drop=0.0, t60_s=0.3, modes=(2.76, 5.4, 8.9), click=0.6, drive=2.0),
    },
    "console": {
        "kick": Skin(hz=75, drop=4.0, drop_s=0.04, t60_s=0.13, click=0.1, drive=4.0),
        "snare": Skin(hz=300, drop=1.5, t60_s=0.05, skin=0.3, noise=1.5, low_hz=900, high_hz=14000, noise_s=0.18),
        "clap": Skin(skin=0.0, noise=1.4, low_hz=1500, high_hz=14000, noise_s=0.09, click=0.0),
        "hat": Metal(5000, 15000, 0.025, metal=0.0),
        "open_hat": Metal(5000, 15000, 0.2, metal=0.0),
        "crash": Metal(2500, 15000, 1.0, metal=0.0),
        "tom_low": Skin(hz=90, drop=2.0, drop_s=0.08, t60_s=0.25, click=0.0, drive=2.0),
        "tom_mid": Skin(hz=140, drop=2.0, drop_s=0.07, t60_s=0.22, click=0.0, drive=2.0),
        "tom_high": Skin(hz=200, drop=2.0, drop_s=0.06, t60_s=0.2, click=0.0, drive=2.0),
    },
    "stack": {
        **_ACOUSTIC,
        "kick": Skin(
            hz=66, drop=1.4, drop_s=0.008, t60_s=0.18, modes=(1.6, 2.4), noise=0.35, low_hz=2500, high_hz=9000,
            noise_s=0.012, click=1.0, drive=1.0,
        ),
        "snare": Skin(
            hz=185, drop=0.4, t60_s=0.2, modes=(1.6, 2.3, 2.9), noise=1.4, low_hz=800, high_hz=12000,
            noise_s=0.3, click=0.7, drive=0.8,
        ),
        "open_hat": Metal(3800, 15000, 0.6, base_hz=2700, metal=0.12),
        "crash": Metal(2600, 15000, 2.8, metal=0.1),
    },
    "horns": {
        **_ACOUSTIC,
        "snare": Skin(
            hz=260, drop=0.2, t60_s=0.22, modes=(1.6, 2.1, 2.9), noise=0.7, low_hz=1500, high_hz=10000,
            noise_s=0.16, click=0.5,
        ),
        "hat": Metal(5800, 15000, 0.07, base_hz=3600, metal=0.2),
    },
    "salon": {
        **_ACOUSTIC,
        "kick": Skin(hz=55, drop=0.4, t60_s=0.5, modes=(1.6, 2.2), click=0.08),
        "snare": Skin(
            hz=220, skin=0.4, t60_s=0.16, modes=(1.6,), noise=0.8, low_hz=1600, high_hz=9000, noise_s=0.18,
            click=0.15,
        ),
    },
    "gated": {
        "kick": Skin(hz=55, drop=2.5, drop_s=0.02, t60_s=0.28, punch=1.8, click=0.55),
        "snare": Skin(
            hz=165, drop=0.4, t60_s=0.3, modes=(1.5,), noise=1.8, low_hz=500, high_hz=10000, noise_s=0.9,
            click=0.4, drive=1.2,
        ),
        "tom_low": Skin(hz=75, drop=1.2, drop_s=0.08, t60_s=0.5, noise=0.3, noise_s=0.3, low_hz=300),
        "tom_mid": Skin(hz=115, drop=1.2, drop_s=0.07, t60_s=0.45, noise=0.3, noise_s=0.3, low_hz=300),
        "tom_high": Skin(hz=165, drop=1.2, drop_s=0.06, t60_s=0.4, noise=0.3, noise_s=0.3, low_hz=300),
    },
    "hands": {
        "kick": Skin(
            hz=68, drop=0.3, t60_s=0.38, modes=(2.0, 3.0), noise=0.3, low_hz=200, high_hz=2500, noise_s=0.04,
            click=0.15,
        ),
        "snare": Skin(
            hz=390, drop=0.1, t60_s=0.14, modes=(1.5, 2.0, 2.9), noise=0.6, low_hz=1200, high_hz=9000,
            noise_s=0.06, click=0.7,
        ),
        "clap": Skin(skin=0.0, noise=1.0, low_hz=1100, high_hz=5500, noise_s=0.1, bursts=2, click=0.2),
        "hat": Metal(5500, 12000, 0.06, metal=0.0, swell_s=0.012),
        "open_hat": Metal(5500, 14000, 0.25, base_hz=5200, metal=0.4),
    },
    "chip": {
        "kick": Skin(hz=60, drop=6.0, drop_s=0.03, t60_s=0.16, click=0.0, drive=6.0),
        "snare": Skin(
            hz=220, drop=1.0, t60_s=0.06, skin=0.4, noise=1.4, low_hz=300, high_hz=20000, noise_s=0.14,
            click=0.0, drive=3.0,
        ),
        "clap": Skin(skin=0.0, noise=1.4, low_hz=500, high_hz=20000, noise_s=0.1, click=0.0, drive=3.0),
        "hat": Metal(3000, 20000, 0.03, metal=0.0),
        "open_hat": Metal(3000, 20000, 0.14, metal=0.0),
        "crash": Metal(1500, 20000, 0.7, metal=0.0),
    },
}  # fmt: skip
"""Every kit by the name of its bank: what differs from ``BASE``."""


@dataclass(frozen=True)
class Colour:
    """What a kit's sounds go through.

    Attributes:
        room_s, room: length and strength of the room around it.
        hold: samples that a cheap converter repeats; 1 for none.
        bits: of that converter; 0 for none.
        variants: takes of each drum, so that no two strokes in a row are the same.
    """

    room_s: float = 0.0
    room: float = 0.0
    hold: int = 1
    bits: int = 0
    variants: int = 1


COLOURS = {
    "studio": Colour(room_s=0.35, room=0.25, variants=3),
    "garage": Colour(room_s=0.7, room=0.5, variants=3),
    "brushes": Colour(room_s=0.5, room=0.25, variants=3),
    "lo-fi": Colour(room_s=0.2, room=0.3, hold=3, bits=9, variants=2),
    "orchestra": Colour(room_s=1.8, room=0.6, variants=3),
    "glitch": Colour(hold=2, bits=10),
    "industrial": Colour(room_s=0.9, room=0.4, hold=2, bits=8),
    "console": Colour(hold=3, bits=7),
    "stack": Colour(room_s=0.5, room=0.35, variants=3),
    "horns": Colour(room_s=0.5, room=0.3, variants=3),
    "salon": Colour(room_s=0.9, room=0.35, variants=2),
    "gated": Colour(room_s=0.3, room=0.8),
    "hands": Colour(room_s=0.4, room=0.3, variants=3),
    "chip": Colour(hold=4, bits=5),
}
"""Kits that are not simply clean."""


@dataclass(frozen=True)
class Kit:
    """One song's copy of a kit.

    Attributes:
        bank: name in ``KITS``.
        root_hz: pitch of the song, for the effects.
        seed: of all chance in it.
    """

    bank: str
    root_hz: float
    seed: int

    @cached_property
    def recipes(self) -> dict[str, Skin | Metal]:
        """The kit's drums, each a little off its recipe, as no two drums are the same."""
        rng = np.random.default_rng([self.seed, 5])
        return {name: _shifted(recipe, rng) for name, recipe in {**BASE, **KITS[self.bank]}.items()}

    @property
    def colour(self) -> Colour:
        """What its sounds go through."""
        return COLOURS.get(self.bank, Colour())

    def struck(self, drum: str, tone: float, hard: float, variant: int) -> F32:
        """One stroke ``[n]`` or ``[2, n]`` at the level of ``LEVEL``; ``variant`` chooses among takes."""
        number = list(BASE).index(drum)
        rng = np.random.default_rng([self.seed, number, variant])
        recipe = self.recipes[drum]
        wave = skin(recipe, tone, hard, rng) if isinstance(recipe, Skin) else metal(recipe, tone, hard, rng)
        wave = _coloured(wave, self.colour, rng)
        return np.asarray(wave * np.float32(LEVEL / level(wave)), dtype=np.float32)

    def effect(self, name: str, duration_s: float) -> F32:
        """One effect ``[2, n]``."""
        rng = np.random.default_rng([self.seed, 1000 + list(EFFECTS).index(name)])
        wave = EFFECTS[name](duration_s, self.root_hz, rng)
        return np.asarray(wave * np.float32(LEVEL / level(wave)), dtype=np.float32)


LEVEL = 0.2
"""Root mean square of the loudest 40 ms of every stroke before its fader."""


def _shifted(recipe: Skin | Metal, rng: np.random.Generator) -> Skin | Metal:
    changes: dict[str, Any] = {}
    for field in fields(recipe):
        value = getattr(recipe, field.name)
        if isinstance(value, float | int) and field.name not in ("bursts", "low_hz"):
            changes[field.name] = value * float(np.exp(np.clip(rng.normal(0, 0.12), -0.3, 0.3)))
    return replace(recipe, **changes)


def _coloured(wave: F32, colour: Colour, rng: np.random.Generator) -> F32:
    if colour.hold > 1:
        wave = np.repeat(wave[..., :: colour.hold], colour.hold, axis=-1)[..., : wave.shape[-1]]
    if colour.bits:
        steps = np.float32(2 ** (colour.bits - 1) / max(1e-6, float(np.abs(wave).max())))
        wave = np.asarray(np.round(wave * steps) / steps, dtype=np.float32)
    if colour.room:
        wave = _roomy(wave, colour, rng)
    return wave


def _roomy(wave: F32, colour: Colour, rng: np.random.Generator) -> F32:
    """The stroke in a small room, ``[2, n]``: the walls answer after 4 ms, each side its own way."""
    count = wave.shape[-1] + samples(0.8 * colour.room_s)
    size = fast_size(count)
    length = samples(0.8 * colour.room_s)
    answer = np.stack([noise(length, rng), noise(length, rng)]) * decay(length, colour.room_s)
    answer[:, : RATE // 250] = 0
    answer /= np.sqrt((answer**2).sum(axis=1, keepdims=True))
    hz = np.fft.rfftfreq(size, 1 / RATE)
    damped = (1 / (1 + (hz / 5000) ** 2)).astype(np.float32)
    spectrum = np.fft.rfft(wave if wave.ndim == 1 else wave.mean(axis=0), size) * damped
    wet = np.fft.irfft(spectrum * np.fft.rfft(answer, size, axis=1), size, axis=1)[:, :count]
    out = np.float32(colour.room) * wet.astype(np.float32)
    out[:, : wave.shape[-1]] += wave
    fall = RATE // 50
    out[:, count - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
    return np.asarray(out, dtype=np.float32)
