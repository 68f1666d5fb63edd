"""The phase-locked oscillator: a belief about tempo and place in the beat, moved on and corrected every frame.

A forward filter over 96 tempi × 64 phases (the bar pointer of Whiteley, Cemgil and Godsill 2006; causal as in the
forward mode of Böck and Krebs' trackers). Phases are rotated by exact fractions in the frequency domain, so that a
tempo needs no whole number of frames. Now and then a little of the belief is dealt out anew, where the model's heads
point: a new song is caught in a few beats, because it need not be reached on foot.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64
from beatomizer.inference.engine import TEMPI_BPM
from beatomizer.timebase import FPS

BPM: F64 = 40.0 * 6.0 ** (np.arange(96) / 95)
"""Candidate tempi, 1.9 % apart."""

PHASES = 64
PERIODS: F64 = FPS * 60.0 / BPM
"""Frames in a beat of each candidate."""

_PRIOR_BPM, _PRIOR_OCTAVES = 117.0, 0.9
"""Where people tap (McKinney and Moelants 2006); wide, for the model knows better."""

_PHASE_JITTER = 0.02
"""Standard deviation of a beat's place after one beat, in beats."""

_TEMPO_STEP = 0.004
"""Chance a frame that the tempo moves to the next candidate, either way: 1 % a second, more when it is heard."""

_RESTART = 0.0015
"""Share of the belief dealt out anew each frame: a tenth a second."""

_HILL_FRAMES = 1.3
"""Half-width of a beat: models mark it within a frame or two."""

_MISSED, _HIT, _EXTRA = 0.55, 2.3, 0.9
"""What is likelier on a beat than between two: by how much at score 0 (beats are left out all the time), how that
grows with the score, and how far a full score is believed to be a beat."""

_TEMPO_TRUST, _PHASE_TRUST = 0.02, 0.02
"""Exponents of the model's own tempo and phase, which change slowly: sixty frames of them say little more than one."""


_NEAR = 6
"""Steps of phase on either side that count as one place: a tenth of a beat."""

_CLEARLY, _CONCENTRATED, _VAGUE = 1.3, 0.40, 0.27
"""How much more of the belief another place must hold, and at least how much, for a jump; an even belief has 0.2."""

_BEYOND_DOUBT = 8.0
"""How much likelier a rival tempo must be to need little patience, even at half or double."""

_MOST_PULL = 0.4
"""Frames by which the phase is pulled in one frame."""


@dataclass(frozen=True)
class Reading:
    """What is believed after a frame.

    Attributes:
        phase: 0..1, place in the beat at the end of the last frame heard; 0 is on it.
        period: frames in a beat.
        focus: 0..1, share of the belief that agrees with tempo and place.
    """

    phase: float
    period: float
    focus: float


class Oscillator:
    """The belief, ``[96, 64]``, summing to one."""

    def __init__(self) -> None:
        octaves = np.log2(BPM / _PRIOR_BPM)
        prior = np.exp(-0.5 * (octaves / _PRIOR_OCTAVES) ** 2)
        self._prior: F64 = prior / prior.sum()
        self._belief: F64 = np.repeat(self._prior[:, None] / PHASES, PHASES, axis=1)
        harmonic = np.arange(PHASES // 2 + 1)
        turn = np.exp(-2j * np.pi * harmonic / PERIODS[:, None])
        blur = np.exp(-2 * np.pi**2 * (_PHASE_JITTER**2 / PERIODS[:, None]) * harmonic**2)
        self._turn = turn * blur
        angle = np.arange(PHASES) / PHASES
        off = np.minimum(angle, 1.0 - angle)
        width = np.maximum(_HILL_FRAMES / PERIODS, 0.75 / PHASES)
        self._hill: F64 = np.exp(-0.5 * (off[None, :] / width[:, None]) ** 2)
        self._cos, self._sin = np.cos(2 * np.pi * angle), np.sin(2 * np.pi * angle)
        self._from_model = _between_tempi()
        self._tempo = int(np.argmax(self._prior))
        self._place = 0.0
        self._pressed = 0

    def step(self, beat: float, tempo: F64 | None = None, phase: F64 | None = None) -> Reading:
        """Move on by one frame and hear its scores: ``beat`` 0..1, ``tempo [49]``, ``phase [2]`` as in ``Scores``."""
        belief = np.fft.irfft(np.fft.rfft(self._belief, axis=1) * self._turn, PHASES, axis=1)
        np.maximum(belief, 1e-12, out=belief)
        belief[1:-1] += _TEMPO_STEP * (belief[2:] + belief[:-2] - 2 * belief[1:-1])
        tempi, places = self._prior, self._cos * 0.0 + 1.0
        if tempo is not None:
            tempi = self._heard_tempi(tempo)
        if phase is not None:
            cosine, sine = 2.0 * float(phase[0]) - 1.0, 2.0 * float(phase[1]) - 1.0
            places = np.exp(2.0 * (cosine * self._cos + sine * self._sin))
        fresh = (tempi / tempi.sum())[:, None] * (places / places.sum())
        belief *= (1.0 - _RESTART) / belief.sum()
        belief += _RESTART * fresh
        belief *= self._likelihood(beat)
        if tempo is not None:
            belief *= (tempi**_TEMPO_TRUST)[:, None]
        if phase is not None:
            belief *= places**_PHASE_TRUST
        belief /= belief.sum()
        self._belief = belief
        return self._read()

    def _likelihood(self, beat: float) -> F64:
        """How well each state explains the beat score."""
        heard = min(max(beat, 0.0), 1.0)
        ratio = (_MISSED + _HIT * heard) / (1.0 - _EXTRA * heard)
        return np.asarray(1.0 + self._hill * (ratio - 1.0))

    def _heard_tempi(self, tempo: F64) -> F64:
        """The model's chances at our candidates; what it calls no beat says nothing."""
        return np.asarray(self._from_model @ tempo[:-1] + 0.002 + 0.02 * float(tempo[-1]))

    def _read(self) -> Reading:
        """Tempo and place of the strongest hypothesis; another must be clearly stronger for a while to take over."""
        marginal = self._belief.sum(axis=1)
        near = np.convolve(marginal, np.ones(5), mode="same")
        low = max(0, self._tempo - 2)
        self._tempo = low + int(np.argmax(near[low : self._tempo + 3]))
        rival = int(np.argmax(near))
        if near[rival] > 2.0 * near[self._tempo]:
            self._pressed += 1
            beats = _patience(BPM[rival] / BPM[self._tempo], near[rival] / near[self._tempo])
            if self._pressed > min(PERIODS[self._tempo], PERIODS[rival]) * beats:
                self._tempo, self._pressed = rival, 0
        else:
            self._pressed = 0
        band = slice(max(0, self._tempo - 2), self._tempo + 3)
        share = self._belief[band]
        period = float(share.sum(axis=1) @ PERIODS[band] / share.sum())
        phases = share.sum(axis=0)
        place, agreed = self._locked(phases, period)
        self._place = place
        return Reading(place, period, agreed)

    def _locked(self, phases: F64, period: float) -> tuple[float, float]:
        """The next place in the beat, and the share of the belief around it.

        It runs on by itself, a little faster or slower towards where the belief lies; only a clearly better place
        makes it jump. So it never stands still where nothing is heard.
        """
        expected = self._place + 1.0 / period
        wide = np.concatenate([phases[-_NEAR:], phases, phases[:_NEAR]])
        around = np.convolve(wide, np.ones(2 * _NEAR + 1), mode="valid")
        centre = expected * PHASES
        here, best = int(centre + 0.5) % PHASES, int(np.argmax(around))
        if around[best] > max(_CLEARLY * around[here], _CONCENTRATED):
            place = (best + self._lean(phases, best, 0.0)) / PHASES
        else:
            pull = self._lean(phases, here, centre - int(centre + 0.5)) / PHASES
            place = expected + min(max(pull, -_MOST_PULL / period), _MOST_PULL / period)
        return place % 1.0, float(around[int(place * PHASES + 0.5) % PHASES])

    def _lean(self, phases: F64, centre: int, beside: float) -> float:
        """How far the belief near ``centre`` lies from ``centre + beside``, in steps of phase; less if it is vague."""
        offset = np.arange(-_NEAR - 2, _NEAR + 3)
        mass = phases[(centre + offset) % PHASES]
        total = float(mass.sum())
        sure = min(max((total - _VAGUE) / (_CONCENTRATED - _VAGUE), 0.0), 1.0)
        return sure * (float(mass @ offset) / max(total, 1e-12) - beside)


def _patience(ratio: float, lead: float) -> float:
    """Beats of the faster of the two for which a rival tempo must lead.

    Long for half and double, so that they never take turns; less if it is ``lead`` times as likely beyond doubt, as
    after a mix into a song of twice the tempo.
    """
    if abs(abs(np.log2(ratio)) - 1.0) >= 0.08:
        return 1.0
    return 6.0 if lead < _BEYOND_DOUBT else 2.0


def _between_tempi() -> F64:
    """``[96, 48]``: the model's tempi at ours, along straight lines."""
    place = np.interp(np.log(BPM), np.log(TEMPI_BPM), np.arange(len(TEMPI_BPM)))
    return np.asarray(np.maximum(0.0, 1.0 - np.abs(place[:, None] - np.arange(len(TEMPI_BPM)))))
