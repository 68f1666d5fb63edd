"""Statistics of the past, in the two speeds that the bank needs: every frame, and every grid cell.

A statistic that changed with each frame would be a recurrence, slow in numpy and different for each way of cutting
the stream. Here the fast ones are windows over the last frames, and the slow ones change only on a fixed grid.
"""

import math
from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64
from beatomizer.features.settings import BankSettings


class RecentMean:
    """Means over the last ``widths`` frames; early ones over as many as there are.

    Args:
        widths: frames in each window.
    """

    def __init__(self, widths: tuple[int, ...]) -> None:
        self._widths = widths
        self._longest = max(widths)
        self._past = np.zeros(self._longest)
        self._heard = 0

    def push(self, values: F32) -> F64:
        """``[t]`` → ``[t, len(widths)]``; values must not be negative."""
        count = len(values)
        joined = np.concatenate([self._past, values])
        sums = joined.cumsum()
        means = np.empty((count, len(self._widths)))
        for column, width in enumerate(self._widths):
            before = self._longest - width
            np.subtract(sums[self._longest :], sums[before : before + count], out=means[:, column])
        if self._heard < self._longest:
            heard = np.arange(self._heard + 1, self._heard + count + 1)[:, None]
            means /= np.minimum(heard, self._widths)
        else:
            means /= self._widths
        self._past = joined[count:]
        self._heard += count
        return np.maximum(means, 0.0, out=means)


class Reference:
    """How loud "loud" is lately: a high percentile of the 400 ms loudness over the last 30 s that held sound."""

    def __init__(self, settings: BankSettings) -> None:
        self._lowest = settings.lowest_reference_lufs
        self._share = settings.reference_percentile / 100.0
        self._ring = np.zeros(settings.reference_cells)
        self._filled = 0
        self.lufs = self._lowest

    @property
    def known(self) -> bool:
        """Whether any sound has been heard for a whole cell."""
        return self._filled > 0

    def first_guess(self, momentary_lufs: F64) -> F64:
        """Before anything is known: the loudest moment so far, ``[t]`` → ``[t]``."""
        guess = np.maximum.accumulate(np.maximum(momentary_lufs, self.lufs))
        self.lufs = float(guess[-1])
        return guess

    def add(self, lufs: float) -> None:
        """Take in one cell with sound."""
        self._ring[self._filled % len(self._ring)] = lufs
        self._filled += 1
        ordered = np.sort(self._ring[: min(self._filled, len(self._ring))])
        position = self._share * (len(ordered) - 1)
        below = int(position)
        above = min(below + 1, len(ordered) - 1)
        value = ordered[below] + (position - below) * (ordered[above] - ordered[below])
        self.lufs = max(float(value), self._lowest)


@dataclass(frozen=True)
class Scales:
    """What a cell's bands are normalised with: float32 mean and 1/deviation of the level, 1/size of the flux."""

    mean: F32
    inverse_deviation: F32
    inverse_flux: F32


class BandMemory:
    """How each band behaves: sums over the cells heard so far, forgotten with a time constant.

    Silence neither adds nor forgets. To the sums comes a prior of fixed weight: what is believed of any song.
    """

    def __init__(self, settings: BankSettings) -> None:
        self._memory_cells = settings.memory_cells
        self._prior = settings.prior_cells
        tilt = np.linspace(0.0, settings.prior_tilt_db, settings.mel_bands)
        self._below_reference = settings.prior_offset_db + tilt
        self._prior_variance = settings.prior_deviation_db**2
        self._prior_flux = self._prior * settings.flux_prior_db**2
        self._least_variance = settings.least_deviation_db**2
        self._least_flux = settings.least_flux_db**2
        self._weight = 0.0
        self._level = np.zeros(settings.mel_bands)
        self._level_squared = np.zeros(settings.mel_bands)
        self._flux_squared = np.zeros(settings.flux_bands)

    def add(self, level: F32, flux: F32, gate: F64) -> None:
        """Take in one cell: ``level [c, mel]`` and ``flux [c, bands]`` in dB, ``gate [c]`` 0..1."""
        share = gate / len(gate)
        heard = float(share.sum())
        if heard <= 0.0:
            return
        keep = math.exp(-heard / self._memory_cells)
        precise = level.astype(np.float64)
        self._weight = keep * self._weight + heard
        self._level = keep * self._level + share @ precise
        self._level_squared = keep * self._level_squared + share @ np.square(precise, out=precise)
        self._flux_squared = keep * self._flux_squared + share @ np.square(flux, dtype=np.float64)

    def scales(self, reference_lufs: F64 | float) -> Scales:
        """Normalisation at this reference: one number, or ``[t]`` (then the mean is ``[t, mel]``)."""
        believed = np.subtract.outer(reference_lufs, self._below_reference)
        share = 1.0 / (self._weight + self._prior)
        mean = (self._level + self._prior * believed) * share
        square = (self._level_squared + self._prior * (believed * believed + self._prior_variance)) * share
        variance = np.maximum(square - mean * mean, self._least_variance)
        flux_square = np.maximum((self._flux_squared + self._prior_flux) * share, self._least_flux)
        return Scales(
            mean.astype(np.float32),
            (1.0 / np.sqrt(variance)).astype(np.float32),
            (1.0 / np.sqrt(flux_square)).astype(np.float32),
        )
