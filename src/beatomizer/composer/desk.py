"""How styles are mixed: ranges from which each song's desk is set."""

from dataclasses import dataclass

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True)
class Desk:
    """Least and most of each setting.

    Attributes:
        duck: how far basses and pads step aside for the kick.
        reverb_s, reverb: length of the room and how much goes into it.
        echo: how much of the lead, arpeggio and keys is echoed.
        drive: saturation of the whole, 0 none.
        glue: compression of the whole, 0..1.
        tilt: decibels an octave around 800 Hz: below 0 is dull.
        width: of the stereo picture, 1 as it is.
        lufs: loudness of the result.
        drums_db: level of all drums.
    """

    duck: Range = (0.0, 0.25)
    reverb_s: Range = (0.8, 2.0)
    reverb: Range = (0.3, 0.8)
    echo: Range = (0.0, 0.5)
    drive: Range = (0.1, 0.8)
    glue: Range = (0.1, 0.6)
    tilt: Range = (-1.0, 0.6)
    width: Range = (0.6, 1.3)
    lufs: Range = (-16.0, -9.0)
    drums_db: float = 0.0

    def set(self, rng: np.random.Generator) -> "Setting":
        """One song's setting."""

        def between(name: str) -> float:
            low, high = getattr(self, name)
            return float(rng.uniform(low, high))

        return Setting(
            duck=between("duck"),
            reverb_s=between("reverb_s"),
            reverb=between("reverb"),
            echo=between("echo"),
            echo_beats=float(rng.choice([0.5, 0.75, 1.0, 1.5])),
            drive=between("drive"),
            glue=between("glue"),
            tilt=between("tilt"),
            width=between("width"),
            lufs=between("lufs"),
            faders_db={name: float(rng.normal(0, 1.8)) for name in FADERS_DB},
            drums_db=self.drums_db + float(rng.normal(0, 1.5)),
            low_cut_hz=float(rng.choice([20, 25, 30, 45, 80], p=[0.35, 0.3, 0.2, 0.1, 0.05])),
            high_cut_hz=float(rng.choice([20_000, 17_000, 13_000, 9_000], p=[0.55, 0.25, 0.13, 0.07])),
        )


@dataclass(frozen=True)
class Setting:
    """One song's desk: see ``Desk``; ``faders_db`` shifts each strip, ``echo_beats`` is the echo's delay."""

    duck: float
    reverb_s: float
    reverb: float
    echo: float
    echo_beats: float
    drive: float
    glue: float
    tilt: float
    width: float
    lufs: float
    faders_db: dict[str, float]
    drums_db: float
    low_cut_hz: float
    high_cut_hz: float


FADERS_DB = {
    "kick": 1.0,
    "snare": -3.0,
    "clap": -5.0,
    "rim": -9.0,
    "brush": -10.0,
    "hat": -15.0,
    "open_hat": -15.0,
    "pedal": -17.0,
    "ride": -15.0,
    "crash": -11.0,
    "shaker": -19.0,
    "tambourine": -15.0,
    "tom_low": -5.0,
    "tom_mid": -6.0,
    "tom_high": -7.0,
    "conga_low": -9.0,
    "conga_high": -10.0,
    "cowbell": -13.0,
    "bass_drum": -2.0,
    "timpani": -5.0,
    "blip": -13.0,
    "riser": -12.0,
    "sweep": -14.0,
    "reverse": -13.0,
    "impact": -5.0,
    "bass": -6.0,
    "pad": -16.0,
    "comp": -13.0,
    "arp": -12.0,
    "lead": -8.0,
    "keys": -11.0,
}
"""Level of each strip, where every sound has the same level before it; chords have as many notes as they have."""
