"""Every constant of the feature bank in one place, and the identity that models are tied to."""

import hashlib
from dataclasses import asdict, dataclass
from functools import cached_property

from beatomizer.timebase import HOP, SAMPLE_RATE


@dataclass(frozen=True)
class BankSettings:
    """The constants behind the features. Changing one changes ``identity``, and with it which models fit.

    Levels are in dB of a full-scale sine (bands) or LUFS (loudness). Time constants are in frames of 1/60 s.

    Attributes:
        version: raised by hand when the arithmetic changes while no constant does.
        long_window, long_fall: samples of the slow window, and of its fall at the newest end (10 ms, so that a kick
            shows in the frame that holds it or the next; a Hann window would be 43 ms late).
        short_window: samples of the fast window. It is flat except where neighbouring frames share samples, so that
            no click can fall between two frames.
        range_db, lowest_reference_lufs: bands are floored ``range_db`` below the running reference loudness, which
            itself is never taken as lower than the latter. So gain cancels, and faint hiss stays flat.
        silent_lufs, sounding_lufs: below the first nothing is heard, above the second everything.
        grid_frames: slow statistics change only on this grid and use whole grid cells of the past.
        reference_percentile, reference_cells: the reference is this percentile of the 400 ms loudness over so many
            grid cells (30 s).
        memory_cells: time constant of the per-band statistics (30 s).
        prior_cells, prior_offset_db, prior_tilt_db, prior_deviation_db: what is believed of a band before anything
            is heard, and how many cells of sound it weighs: a level under the reference, falling by the tilt from
            the lowest to the highest band.
        least_deviation_db, clip: a band is never stretched more than this, and never leaves ±``clip``.
        flux_prior_db, least_flux_db: likewise for the root mean square of the flux.
    """

    version: int = 1
    sample_rate: int = SAMPLE_RATE
    hop: int = HOP
    long_window: int = 2048
    long_fall: int = 240
    short_window: int = 512
    mel_bands: int = 64
    mel_low_hz: float = 27.5
    mel_high_hz: float = 11_500.0
    flux_bands: int = 24
    flux_low_hz: float = 20.0
    flux_high_hz: float = 11_500.0
    chroma_low_hz: float = 105.0
    chroma_high_hz: float = 2_100.0
    tuning_hz: float = 440.0
    loudness_frames: tuple[int, int, int] = (3, 24, 180)
    loudness_span_db: float = 80.0
    relative_span_db: float = 30.0
    range_db: float = 60.0
    flux_range_db: float = 54.0
    lowest_reference_lufs: float = -60.0
    silent_lufs: float = -80.0
    sounding_lufs: float = -70.0
    grid_frames: int = 24
    reference_percentile: float = 90.0
    reference_cells: int = 75
    memory_cells: float = 75.0
    prior_cells: float = 1.5
    prior_offset_db: float = 18.0
    prior_tilt_db: float = 24.0
    prior_deviation_db: float = 9.0
    least_deviation_db: float = 4.0
    clip: float = 3.0
    flux_prior_db: float = 6.0
    least_flux_db: float = 2.0

    @cached_property
    def identity(self) -> str:
        """For example ``"bank104-v1-0a1b2c3d"``: width, version, and a fingerprint of every constant."""
        fingerprint = hashlib.sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()[:8]
        return f"bank{self.width}-v{self.version}-{fingerprint}"

    @property
    def width(self) -> int:
        """F, numbers in one frame."""
        return self.mel_bands + self.flux_bands + 12 + len(self.loudness_frames) + 1

    def columns(self) -> dict[str, slice]:
        """Where each group of numbers lies in a frame."""
        widths = {
            "mel": self.mel_bands,
            "flux": self.flux_bands,
            "chroma": 12,
            "loudness": len(self.loudness_frames),
            "relative": 1,
        }
        columns, start = {}, 0
        for name, width in widths.items():
            columns[name] = slice(start, start + width)
            start += width
        return columns
