"""What the models hear: 104 numbers a frame, from nothing but the past.

There is one implementation. A song is the stream pushed at once; a stream is cut at grid cells inside, so the way in
which samples arrive does not matter.

Columns (``COLUMNS``):

* ``mel`` 64: log-mel level, each band normalised by its own past (mean 0, deviation 1, clipped at ±3; silence is −3).
* ``flux`` 24: rise of the level since the frame before, ``log1p`` of multiples of the band's usual rise; 0 = no rise.
* ``chroma`` 12: pitch classes from C, unit length; all zero where nothing sounds.
* ``loudness`` 3: K-weighted over 50 ms, 400 ms, 3 s, not normalised: 1 is 0 LUFS, 0 is −80 LUFS and below.
* ``relative`` 1: the 400 ms loudness against the loud parts of the last 30 s: 1 is as loud, 0 is 30 dB less.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.audio.audio import Audio
from beatomizer.features.features import Features
from beatomizer.features.filterbanks import Bands, chroma_weights, loudness_weights, mel_weights
from beatomizer.features.running import BandMemory, RecentMean, Reference, Scales
from beatomizer.features.settings import BankSettings
from beatomizer.features.windows import asymmetric_window, gapless_window
from beatomizer.progress import Progress, silent
from beatomizer.timebase import HOP, frame_count

BANK = BankSettings()
SETTINGS = BANK.identity
COLUMNS = BANK.columns()
WIDTH = BANK.width

_LOUDEST_SAMPLE = 8.0
"""Samples are at most 1; live input may misbehave, and its square must stay far from infinity."""
_PUSH_FRAMES = 1200
_DECIBELS_PER_NEPER = np.float32(10.0 / np.log(10.0))


def extract_features(audio: Audio, progress: Progress = silent) -> Features:
    """Hear a whole song: ``frame_count(N)`` rows, the last one padded with silence."""
    stream = FeatureStream()
    frames = np.empty((frame_count(len(audio.samples)), WIDTH), dtype=np.float32)
    done = 0
    for start in range(0, len(audio.samples), _PUSH_FRAMES * HOP):
        part = stream.push(audio.samples[start : start + _PUSH_FRAMES * HOP])
        frames[done : done + len(part)] = part
        done += len(part)
        progress("features", done / len(frames))
    frames[done:] = stream.finish()
    progress("features", 1.0)
    return Features(frames, audio.samples, SETTINGS)


def loudness_lufs(frames: F32) -> F32:
    """The loudness columns of ``[T, F]`` in LUFS, ``[T, 3]``: 50 ms, 400 ms, 3 s. Never below −80."""
    return np.asarray((frames[:, COLUMNS["loudness"]] - 1.0) * BANK.loudness_span_db, dtype=np.float32)


class FeatureStream:
    """Features of samples as they arrive, in pieces of any size.

    Args:
        settings: the constants; models fit only the default.
    """

    def __init__(self, settings: BankSettings = BANK) -> None:
        self.settings = settings
        self._columns = settings.columns()
        self._spectra = _Spectra(settings)
        self._means = RecentMean(settings.loudness_frames)
        self._reference = Reference(settings)
        self._memory = BandMemory(settings)
        self._ground: _Ground | None = None
        self._cell = _Cell(settings)
        self._rest = np.zeros(0, dtype=np.float32)
        self._finished = False

    def push(self, samples: F32) -> F32:
        """Take mono 24 kHz samples ``[n]``, give the frames that they complete, ``[t, F]``.

        Values that are not finite count as silence.
        """
        if self._finished:
            raise ValueError("the stream is finished")
        clean = _clean(samples)
        joined = np.concatenate([self._rest, clean]) if len(self._rest) else clean
        hop, width = self.settings.hop, self.settings.width
        count = len(joined) // hop
        frames = np.empty((count, width), dtype=np.float32)
        start = 0
        while start < count:
            stop = min(count, start + self._cell.room)
            self._frames(joined[start * hop : stop * hop], frames[start:stop])
            start = stop
        self._rest = joined[count * hop :].copy()
        return frames

    def finish(self) -> F32:
        """Give the last frame, padded with silence, if samples are left: ``[0 or 1, F]``."""
        padding = np.zeros(-len(self._rest) % self.settings.hop, dtype=np.float32)
        last = self.push(padding)
        self._finished = True
        return last

    def _frames(self, samples: F32, out: F32) -> None:
        """Fill ``out [t, F]`` from ``t`` hops of samples that lie in one grid cell."""
        settings, columns = self.settings, self._columns
        mel, chroma, flux_now, flux_before, power = self._spectra.push(samples)
        lufs = 10.0 * np.log10(self._means.push(power) + 1e-12) - 0.691
        gate = _ramp(lufs[:, 1], settings.silent_lufs, settings.sounding_lufs)
        soft = gate.astype(np.float32)[:, None]
        known = self._ground or self._first_ground(lufs[:, 0])
        scales, reference, floor, flux_floor = known.scales, known.reference, known.floor, known.flux_floor

        level = _decibels(mel + floor)
        normal = (level - scales.mean) * scales.inverse_deviation
        np.maximum(np.minimum(normal, settings.clip, out=normal), -settings.clip, out=normal)
        out[:, columns["mel"]] = (normal + settings.clip) * soft - settings.clip

        rise = (flux_now + flux_floor) / (flux_before + flux_floor)
        flux = _decibels(np.maximum(rise, 1.0, out=rise)) * soft
        out[:, columns["flux"]] = np.log(1.0 + flux * scales.inverse_flux)

        heard = chroma.sum(axis=1, keepdims=True) + np.float32(12.0) * floor
        out[:, columns["chroma"]] = np.sqrt(chroma / heard) * soft
        out[:, columns["loudness"]] = np.maximum(1.0 + lufs / settings.loudness_span_db, 0.0)
        relative = 1.0 + (lufs[:, 1:2] - reference) / settings.relative_span_db
        out[:, columns["relative"]] = np.minimum(np.maximum(relative, 0.0), 1.5) * soft

        if self._cell.add(level, flux, gate):
            self._close_cell(float(lufs[-1, 1]))

    def _close_cell(self, lufs: float) -> None:
        """The grid ticks: from now on the finished cell belongs to the past."""
        cell = self._cell
        self._memory.add(cell.level, cell.flux, cell.gate)
        if cell.gate[-1] > 0.0:
            self._reference.add(lufs)
        if self._reference.known:
            self._ground = self._ground_at(self._reference.lufs, self._memory.scales(self._reference.lufs))

    def _first_ground(self, momentary_lufs: F64) -> "_Ground":
        """Before a cell with sound is over: one row for each frame."""
        guess = self._reference.first_guess(momentary_lufs)
        return self._ground_at(guess[:, None], self._memory.scales(guess))

    def _ground_at(self, reference: F64 | float, scales: Scales) -> "_Ground":
        floor = np.asarray(10.0 ** (0.1 * (reference - self.settings.range_db)), dtype=np.float32)
        flux = np.asarray(10.0 ** (0.1 * (reference - self.settings.flux_range_db)), dtype=np.float32)
        return _Ground(scales, reference, floor, flux)


@dataclass(frozen=True)
class _Ground:
    """What a cell is measured against: numbers, or ``[t, 1]`` while nothing is known."""

    scales: Scales
    reference: F64 | float
    floor: F32
    flux_floor: F32


class _Cell:
    """The frames of the grid cell that is being heard."""

    def __init__(self, settings: BankSettings) -> None:
        self.level = np.zeros((settings.grid_frames, settings.mel_bands), dtype=np.float32)
        self.flux = np.zeros((settings.grid_frames, settings.flux_bands), dtype=np.float32)
        self.gate = np.zeros(settings.grid_frames)
        self._filled = 0

    @property
    def room(self) -> int:
        """Frames until the cell is full."""
        return len(self.gate) - self._filled

    def add(self, level: F32, flux: F32, gate: F64) -> bool:
        """Keep ``t <= room`` frames; whether the cell is now full (and starts over)."""
        here = slice(self._filled, self._filled + len(gate))
        self.level[here], self.flux[here], self.gate[here] = level, flux, gate
        self._filled = here.stop % len(self.gate)
        return self._filled == 0


class _Spectra:
    """Band powers of the two windows, right-aligned to the end of each frame."""

    def __init__(self, settings: BankSettings) -> None:
        rate, long, short = settings.sample_rate, settings.long_window, settings.short_window
        self._hop, self._long, self._short = settings.hop, long, short
        slow = asymmetric_window(long, settings.long_fall)
        fast = gapless_window(short, settings.hop)
        mel = mel_weights(long, rate, settings.mel_bands, settings.mel_low_hz, settings.mel_high_hz)
        chroma = chroma_weights(
            long, rate, settings.chroma_low_hz, settings.chroma_high_hz, settings.tuning_hz
        )
        flux = mel_weights(short, rate, settings.flux_bands, settings.flux_low_hz, settings.flux_high_hz)
        full_scale_slow, full_scale_fast = (slow.sum() / 2) ** 2, (fast.sum() / 2) ** 2
        self._slow_window, self._fast_window = slow.astype(np.float32), fast.astype(np.float32)
        self._slow_bands = Bands(np.hstack([chroma, mel]) / full_scale_slow)
        loudness = loudness_weights(fast, rate)[:, None]
        self._fast_bands = np.hstack([flux / full_scale_fast, loudness]).astype(np.float32)
        self._fluxes = settings.flux_bands
        self._past = np.zeros(long - settings.hop, dtype=np.float32)
        self._flux_before = np.zeros((1, settings.flux_bands), dtype=np.float32)

    def push(self, samples: F32) -> tuple[F32, F32, F32, F32, F32]:
        """``t`` hops of samples → mel, chroma, flux bands now and a frame before, K-weighted mean square."""
        joined = np.concatenate([self._past, samples])
        count = len(samples) // self._hop
        slow = self._slow_bands.of(self._powers(joined, 0, count, self._slow_window))
        fast = self._powers(joined, self._long - self._short, count, self._fast_window) @ self._fast_bands
        bands = fast[:, : self._fluxes]
        before = np.concatenate([self._flux_before, bands[:-1]])
        self._past, self._flux_before = joined[len(samples) :], bands[-1:]
        return slow[:, 12:], slow[:, :12], bands, before, fast[:, self._fluxes]

    def _powers(self, joined: F32, offset: int, count: int, window: F32) -> F32:
        step = joined.itemsize
        shape, strides = (count, len(window)), (self._hop * step, step)
        frames: F32 = np.ndarray(shape, np.float32, joined, offset * step, strides)
        spectrum = np.fft.rfft(frames * window).view(np.float32)
        np.square(spectrum, out=spectrum)
        return np.asarray(spectrum[:, 0::2] + spectrum[:, 1::2])


def _clean(samples: F32) -> F32:
    samples = np.asarray(samples, dtype=np.float32)
    peak = np.max(np.abs(samples), initial=0.0)
    if peak <= _LOUDEST_SAMPLE:
        return samples
    return np.clip(np.nan_to_num(samples, posinf=0.0, neginf=0.0), -_LOUDEST_SAMPLE, _LOUDEST_SAMPLE)


def _ramp(values: F64, low: float, high: float) -> F64:
    return np.minimum(np.maximum((values - low) / (high - low), 0.0), 1.0)


def _decibels(power: F32) -> F32:
    # The natural logarithm is vectorised for float32, the decimal one is not.
    return np.asarray(_DECIBELS_PER_NEPER * np.log(power))
