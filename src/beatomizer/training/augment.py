"""Variations of a clip: other gains, rooms, speeds and colours of the same moment, sound and light together.

Everything is drawn from (seed, epoch, clip, effect): the same numbers give the same clip on any machine and in any
order, and switching one effect on does not change the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from beatomizer.arrays import F32
from beatomizer.timebase import HOP, SAMPLE_RATE
from beatomizer.training.recipe import AugmentPart


@dataclass(frozen=True)
class Example:
    """A clip on its way to a batch.

    Attributes:
        audio: float32 ``[T · 400]``, −1..1.
        rgb: float32 ``[T, Z, 3]`` sRGB 0..1.
        weight: float32 ``[T]``: how much each frame counts.
    """

    audio: F32
    rgb: F32
    weight: F32


_EFFECTS = ("tempo", "shift", "mirror", "hue", "polarity", "tone", "dropout", "noise", "gain", "clipping")


def augment(example: Example, amounts: AugmentPart, stream: Sequence[int]) -> Example:
    """Vary one clip.

    Args:
        example: as it was filmed.
        amounts: what may happen and how much; all zero gives ``example`` back.
        stream: seed, epoch and clip.

    Returns:
        As many samples and frames as before; frames that show nothing of the clip weigh 0.
    """
    rngs = {name: np.random.default_rng([*stream, index]) for index, name in enumerate(_EFFECTS)}
    if amounts.tempo > 0:
        example = at_tempo(example, 1 + amounts.tempo * rngs["tempo"].uniform(-1, 1))
    if amounts.shift_frames > 0:
        example = shifted(
            example, int(rngs["shift"].integers(-amounts.shift_frames, amounts.shift_frames + 1))
        )
    rgb = example.rgb
    if _happens(rngs["mirror"], amounts.mirror):
        rgb = rgb[:, ::-1]
    if _happens(rngs["hue"], amounts.hue_rotation):
        rgb = hue_rotated(rgb, rngs["hue"].uniform())
    if not amounts.sound:
        return replace(example, rgb=rgb)
    return replace(example, rgb=rgb, audio=_varied(example.audio, amounts, rngs))


def _varied(audio: F32, amounts: AugmentPart, rngs: dict[str, np.random.Generator]) -> F32:
    """The effects that leave the light as it is, in the order in which they happen to real sound."""
    if _happens(rngs["dropout"], amounts.dropout):
        audio = with_holes(audio, rngs["dropout"])
    if amounts.tilt_db > 0 or amounts.band_limit > 0:
        tilt_db = amounts.tilt_db * rngs["tone"].uniform(-1, 1)
        limits = band(rngs["tone"]) if _happens(rngs["tone"], amounts.band_limit) else (0.0, np.inf)
        audio = toned(audio, tilt_db, *limits)
    if _happens(rngs["noise"], amounts.noise):
        audio = noisy(audio, rngs["noise"])
    if _happens(rngs["polarity"], amounts.polarity):
        audio = -audio
    if amounts.gain_db > 0:
        audio = audio * np.float32(decibels(amounts.gain_db * rngs["gain"].uniform(-1, 1)))
    if _happens(rngs["clipping"], amounts.clipping):
        audio = overdriven(audio, rngs["clipping"].uniform(0.0, 12.0))
    return np.clip(audio, -1.0, 1.0)


def _happens(rng: np.random.Generator, chance: float) -> bool:
    return chance > 0 and bool(rng.uniform() < chance)


def decibels(level_db: float) -> float:
    """As a factor of amplitude."""
    return float(10.0 ** (level_db / 20.0))


def at_tempo(example: Example, factor: float) -> Example:
    """Played ``factor`` times as fast, pitch with it; what is then missing at the end is silent and weighs 0."""
    import soxr

    resampled = soxr.resample(example.audio, SAMPLE_RATE * factor, SAMPLE_RATE, quality="LQ")
    audio = np.zeros_like(example.audio)
    kept = min(len(audio), len(resampled))
    audio[:kept] = resampled[:kept]
    frames = len(example.rgb)
    # The light at the start of each new frame; a hair more, because 60 · (1/60) must not fall into frame 59.
    source = np.floor(np.arange(frames) * factor + 1e-9).astype(np.int64)
    inside = source < frames
    source = np.minimum(source, frames - 1)
    return Example(audio, example.rgb[source], example.weight[source] * inside.astype(np.float32))


def shifted(example: Example, frames: int) -> Example:
    """Begun ``frames`` later (earlier if negative), light and sound together; the gap is silent and weighs 0."""
    audio, rgb = np.zeros_like(example.audio), np.zeros_like(example.rgb)
    weight = np.zeros_like(example.weight)
    late, early = max(frames, 0), max(-frames, 0)
    kept = len(weight) - abs(frames)
    audio[early * HOP : (early + kept) * HOP] = example.audio[late * HOP : (late + kept) * HOP]
    rgb[early : early + kept] = example.rgb[late : late + kept]
    weight[early : early + kept] = example.weight[late : late + kept]
    return Example(audio, rgb, weight)


def hue_rotated(srgb: F32, turns: float) -> F32:
    """All hues turned around the HSV wheel by ``turns`` 0..1; the largest and smallest channel of each colour stay.

    So greys stay, colours stay inside the screen's, and a third of a turn is a permutation of the channels.
    """
    high, low = srgb.max(axis=-1), srgb.min(axis=-1)
    span = np.where(high > low, high - low, 1.0)
    red, green, blue = ((high - srgb[..., channel]) / span for channel in range(3))
    sector = np.where(
        srgb[..., 0] == high,
        blue - green,
        np.where(srgb[..., 1] == high, 2.0 + red - blue, 4.0 + green - red),
    )
    hue = (sector / 6.0 + turns) % 1.0
    # Each channel as a trapezoid of the hue: Foley & van Dam, "Computer Graphics", HSV.
    around = (hue[..., None] * 6.0 + np.array([0.0, 4.0, 2.0])) % 6.0
    share = np.clip(np.abs(around - 3.0) - 1.0, 0.0, 1.0)
    return np.asarray(low[..., None] + (high - low)[..., None] * share, dtype=np.float32)


def toned(audio: F32, tilt_db: float, low_hz: float, high_hz: float) -> F32:
    """Highs raised over lows by ``tilt_db`` between 100 Hz and 8 kHz, and only ``low_hz``..``high_hz`` let through.

    Both fall off by 12 dB an octave outside, without a change of phase: nothing moves in time.
    """
    spectrum = np.fft.rfft(audio)
    hz = np.maximum(_frequencies(len(audio)), np.float32(1.0))
    octaves = np.log2(np.clip(hz, 50.0, 12_000.0) / 894.4)  # the geometric middle of 100 Hz and 8 kHz
    slopes = np.sqrt(1.0 + (low_hz / hz) ** 4) * np.sqrt(1.0 + (hz / high_hz) ** 4)
    gain = np.asarray(10.0 ** (tilt_db * octaves / 6.32 / 20.0) / slopes, dtype=np.float32)
    return np.asarray(np.fft.irfft(spectrum * gain, len(audio)), dtype=np.float32)


def _frequencies(samples: int) -> F32:
    """Hz of each bin; single precision, for a sound of 16 bits does not need more."""
    return np.fft.rfftfreq(samples, 1 / SAMPLE_RATE).astype(np.float32)


def band(rng: np.random.Generator) -> tuple[float, float]:
    """What a small loudspeaker, a telephone or a bad stream lets through: low and high edge in Hz."""
    return float(np.exp(rng.uniform(np.log(20), np.log(300)))), float(
        np.exp(rng.uniform(np.log(2500), np.log(12_000)))
    )


def noisy(audio: F32, rng: np.random.Generator) -> F32:
    """Noise of a random colour, from hiss to rumble, swelling like a crowd, 5 to 40 dB under the sound's level."""
    slope, ratio_db = rng.uniform(0.0, 1.2), rng.uniform(5.0, 40.0)
    bins = len(audio) // 2 + 1
    spectrum = rng.standard_normal(bins, dtype=np.float32) + 1j * rng.standard_normal(bins, dtype=np.float32)
    hz = np.maximum(_frequencies(len(audio)), np.float32(40.0))
    noise = np.fft.irfft(spectrum * hz ** np.float32(-slope), len(audio))
    swells = rng.uniform(0.2, 1.0, size=max(2, len(audio) // (2 * SAMPLE_RATE)))
    noise *= np.interp(np.linspace(0, 1, len(audio)), np.linspace(0, 1, len(swells)), swells)
    level = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) * decibels(-ratio_db)
    return np.asarray(audio + noise * (level / max(float(noise.std()), 1e-12)), dtype=np.float32)


def overdriven(audio: F32, drive_db: float) -> F32:
    """Clipped as by a full meter: ``drive_db`` of the peaks are cut off."""
    peak = float(np.abs(audio).max()) / decibels(drive_db)
    return np.clip(audio, -peak, peak) if peak > 0 else audio


def with_holes(audio: F32, rng: np.random.Generator) -> F32:
    """One to three drop-outs of 0.1 to 0.5 s, with edges of 5 ms; the light goes on."""
    gain = np.ones(len(audio), dtype=np.float32)
    edge = np.linspace(1.0, 0.0, SAMPLE_RATE // 200, dtype=np.float32)
    for _ in range(int(rng.integers(1, 4))):
        length = int(rng.uniform(0.1, 0.5) * SAMPLE_RATE)
        start = int(rng.integers(0, max(1, len(audio) - length)))
        hole = np.zeros(length, dtype=np.float32)
        hole[: len(edge)], hole[-len(edge) :] = edge, edge[::-1]
        gain[start : start + length] *= hole[: len(audio) - start]
    return audio * gain
