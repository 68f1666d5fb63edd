"""What the song feels like, and which colours answer that.

Faster and major: lighter, yellower, more saturated; louder: redder; minor and slow: bluer (Palmer, Schloss, Xu,
Prado-León, PNAS 2013, and the practice in ``docs/colour.md``).
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.palettes import MOST_COLORS, PALETTES, Palette, resolve_palette
from beatomizer.cues.style import Style
from beatomizer.features.bank import COLUMNS, loudness_lufs
from beatomizer.features.features import Features
from beatomizer.timebase import SAMPLE_RATE

_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
"""How well each pitch class fits a key, from its tonic (Krumhansl and Kessler 1982)."""

_LISTENED = 256
_WINDOW = 2048


@dataclass(frozen=True)
class Mood:
    """Each 0..1 but ``major``.

    Attributes:
        pace: tempo, 70 to 160 BPM.
        loudness: loud parts, −30 to −8 LUFS, without the pauses.
        brightness: centre of the spectrum, 500 Hz to 4 kHz on a log scale.
        major: −1 (clearly minor) to 1 (clearly major).
    """

    pace: float
    loudness: float
    brightness: float
    major: float

    @property
    def energy(self) -> float:
        """How busy a palette it asks for, 0..1."""
        return float(np.clip(0.45 * self.pace + 0.4 * self.loudness + 0.15 * self.brightness, 0.0, 1.0))

    @property
    def warmth(self) -> float:
        """−1 (blue) to 1 (orange)."""
        return float(
            np.clip(0.55 * self.major + 0.5 * (self.loudness - 0.5) + 0.2 * (self.pace - 0.5), -1, 1)
        )


def song_mood(features: Features, tempo_bpm: float) -> Mood:
    """Hear the mood of a whole song."""
    lufs = loudness_lufs(features.frames)[:, 2]
    loud = float(np.percentile(lufs, 80)) if len(lufs) else -80.0
    pace = (tempo_bpm - 70.0) / 90.0 if tempo_bpm > 0 else 0.2
    return Mood(
        pace=float(np.clip(pace, 0.0, 1.0)),
        loudness=float(np.clip((loud + 30.0) / 22.0, 0.0, 1.0)),
        brightness=_brightness(features),
        major=majorness(features.frames[:, COLUMNS["chroma"]].astype(np.float64).sum(axis=0)),
    )


def majorness(chroma: F64) -> float:
    """−1 (minor) to 1 (major): how much better the best major key fits the pitch classes than the best minor."""
    if float(np.ptp(chroma)) < 1e-9:
        return 0.0
    fits = [
        max(float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1]) for tonic in range(12))
        for profile in (_MAJOR, _MINOR)
    ]
    return float(np.clip((fits[0] - fits[1]) / 0.15, -1.0, 1.0))


def _brightness(features: Features) -> float:
    """Where the middle of the power lies, from a few hundred looks into the song."""
    samples = features.samples
    if len(samples) < _WINDOW:
        return 0.5
    starts = np.linspace(0, len(samples) - _WINDOW, _LISTENED).astype(int)
    cuts = samples[starts[:, None] + np.arange(_WINDOW)] * np.hanning(_WINDOW).astype(np.float32)
    magnitude = np.abs(np.fft.rfft(cuts, axis=1)).sum(axis=0)
    hertz = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)
    heard = hertz > 60
    total = float(magnitude[heard].sum())
    if total <= 1e-6:
        return 0.5
    center = float((magnitude * hertz)[heard].sum()) / total
    return float(np.clip(np.log2(center / 500.0) / 3.0, 0.0, 1.0))


def song_palette(mood: Mood, style: Style, chance: np.random.Generator) -> tuple[str, ...]:
    """Three to five colours: what was asked for, else one of the palettes that suit the mood best."""
    if style.palette is not None:
        return resolve_palette(style.palette)[:MOST_COLORS]
    fitting = sorted(
        (palette for palette in PALETTES.values() if not palette.occasion), key=lambda p: misfit(p, mood)
    )
    weights = np.array([0.22, 0.2, 0.18, 0.16, 0.13, 0.11])
    chosen = fitting[int(chance.choice(len(weights), p=weights))]
    return chosen.for_song()


def misfit(palette: Palette, mood: Mood) -> float:
    """How far a palette lies from the mood."""
    light = 0.62 + 0.12 * (mood.brightness - 0.5) + 0.08 * mood.major
    return (
        abs(palette.energy - mood.energy)
        + 0.35 * abs(palette.warmth - mood.warmth)
        + 1.0 * abs(palette.lightness - light)
    )
