"""From the bins of a spectrum to what an ear sorts by: mel bands, pitch classes, loudness.

Every function gives weights ``[bins, bands]`` for power spectra of ``size``-sample windows (``size // 2 + 1`` bins).
"""

import numpy as np

from beatomizer.arrays import F32, F64

MAX_ROWS = 24
"""Spectra that go through ``Bands`` at once."""

_PIECE_PRODUCTS, _PIECE_WEIGHTS = 240_000, 9_000
"""OpenBLAS shares a product among threads from 2**18 multiplications, and a vector's from 9216 weights. Threads that
wait for each other on a busy machine made the whole bank 30 times slower; below these sizes none are started."""


class Bands:
    """Multiplication of power spectra with weights that are mostly zero: dense pieces along the diagonal.

    Half the work of the full product, and always on one thread.

    Args:
        weights: ``[bins, bands]``; neighbouring bins should touch neighbouring bands.
    """

    def __init__(self, weights: F64) -> None:
        self._count = weights.shape[1]
        self._pieces: list[tuple[slice, slice, F32]] = []
        start = 0
        while start < len(weights):
            stop = self._furthest(weights, start)
            bands = _touched(weights[start:stop])
            if bands.stop > bands.start:
                dense = np.ascontiguousarray(weights[start:stop, bands], dtype=np.float32)
                self._pieces.append((slice(start, stop), bands, dense))
            start = stop

    @staticmethod
    def _furthest(weights: F64, start: int) -> int:
        stop = start + 1
        while stop < len(weights):
            bands = _touched(weights[start : stop + 1])
            size = (stop + 1 - start) * (bands.stop - bands.start)
            if size > _PIECE_WEIGHTS or size * MAX_ROWS > _PIECE_PRODUCTS:
                break
            stop += 1
        return stop

    def of(self, powers: F32) -> F32:
        """``[t, bins]`` → ``[t, bands]``, t ≤ ``MAX_ROWS``."""
        sums = np.zeros((len(powers), self._count), dtype=np.float32)
        for bins, bands, dense in self._pieces:
            sums[:, bands] += powers[:, bins] @ dense
        return sums


def _touched(weights: F64) -> slice:
    used = np.flatnonzero(weights.any(axis=0))
    return slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 0)


def bin_hz(size: int, sample_rate: int) -> F64:
    """Centre frequency of each bin."""
    return np.asarray(np.arange(size // 2 + 1) * (sample_rate / size))


def hz_to_mel(hz: F64 | float) -> F64:
    """Mel scale, O'Shaughnessy's formula as in HTK: 2595 log10(1 + f / 700)."""
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0))


def mel_to_hz(mel: F64 | float) -> F64:
    """Back from mel."""
    return np.asarray(700.0 * (10.0 ** (np.asarray(mel) / 2595.0) - 1.0))


def mel_edges_hz(bands: int, low_hz: float, high_hz: float) -> F64:
    """The ``bands + 2`` corners of overlapping triangles, evenly spaced in mel."""
    return mel_to_hz(np.linspace(float(hz_to_mel(low_hz)), float(hz_to_mel(high_hz)), bands + 2))


def mel_weights(size: int, sample_rate: int, bands: int, low_hz: float, high_hz: float) -> F64:
    """Triangles of height 1. A triangle narrower than a bin is widened to it, so that no band is deaf."""
    corners = mel_edges_hz(bands, low_hz, high_hz)
    step = sample_rate / size
    centre = corners[1:-1]
    left = np.minimum(corners[:-2], centre - step)
    right = np.maximum(corners[2:], centre + step)
    hz = bin_hz(size, sample_rate)[:, None]
    rising, falling = (hz - left) / (centre - left), (right - hz) / (right - centre)
    return np.asarray(np.clip(np.minimum(rising, falling), 0.0, 1.0))


def chroma_weights(size: int, sample_rate: int, low_hz: float, high_hz: float, tuning_hz: float) -> F64:
    """The 12 pitch classes from C, each bin shared between its two nearest semitones.

    Bins outside ``low_hz``..``high_hz`` count nothing: below, a bin is wider than a semitone; above, it is overtones.
    """
    hz = bin_hz(size, sample_rate)
    inside = (hz >= low_hz) & (hz <= high_hz)
    semitone = 69.0 + 12.0 * np.log2(np.where(inside, hz, tuning_hz) / tuning_hz)
    distance = np.abs((semitone[:, None] - np.arange(12) + 6.0) % 12.0 - 6.0)
    return np.asarray(np.clip(1.0 - distance, 0.0, 1.0) * inside[:, None])


def loudness_weights(window: F64, sample_rate: int) -> F64:
    """``[bins]``: what each bin adds to the K-weighted mean square of the windowed samples.

    K-weighting as ITU-R BS.1770-5, annex 1, tables 1 and 2: the squared response of its two 48 kHz filters.
    """
    size = len(window)
    hz = bin_hz(size, sample_rate)
    shelf = _response(
        hz,
        (1.53512485958697, -2.69169618940638, 1.19839281085285),
        (1.0, -1.69065929318241, 0.73248077421585),
    )
    high_pass = _response(hz, (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621))
    one_sided = np.where((hz > 0) & (hz < sample_rate / 2), 2.0, 1.0)
    return np.asarray(shelf * high_pass * one_sided / (size * np.sum(window**2)))


def _response(hz: F64, numerator: tuple[float, ...], denominator: tuple[float, ...]) -> F64:
    z = np.exp(-2j * np.pi * hz / 48_000.0)
    powers = np.stack([z**0, z, z**2])
    return np.asarray(np.abs(np.array(numerator) @ powers / (np.array(denominator) @ powers)) ** 2)
