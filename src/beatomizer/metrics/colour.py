"""Has the light colours, few enough to be chosen and strong enough to be seen?"""

import numpy as np

from beatomizer.arrays import F64
from beatomizer.metrics.light import Light
from beatomizer.timebase import FPS

GREY_CHROMA = 0.04
"""OKLab chroma below which a lit frame is grey."""

HUE_BINS = 24
TURN = np.deg2rad(30.0)
"""A hue has changed when it is farther than this from the one that was held."""


def commitment(light: Light) -> float:
    """Mean OKLab chroma of the lit frames, 0..0.33; 0 if nothing is lit."""
    return float(light.chroma[light.lit].mean()) if light.lit.any() else 0.0


def grey_share(light: Light) -> float:
    """Share of the lit frames with chroma below 0.04, 0..1; 1 if nothing is lit: darkness is no colour."""
    return float((light.chroma[light.lit] < GREY_CHROMA).mean()) if light.lit.any() else 1.0


def effective_hues(light: Light) -> float:
    """exp(entropy) of the chroma-weighted histogram of hue in 24 bins, 1..24; 0 if there is no colour at all.

    Three colours for a third of the time each count 3. People use 3–5 in a song.
    """
    share = hue_histogram(light)
    used = share[share > 0.0]
    return float(np.exp(-(used * np.log(used)).sum())) if len(used) else 0.0


def hue_histogram(light: Light) -> F64:
    """``[24]``: how much of the colour lies in each 15 degrees of OKLCh hue, lit frames weighted by chroma.

    Sums to 1; all zero if there is no colour.
    """
    weight = light.chroma * (light.lit & (light.chroma >= GREY_CHROMA))
    total = float(weight.sum())
    if total <= 0.0:
        return np.zeros(HUE_BINS)
    place = np.floor((light.hue / (2 * np.pi)) % 1.0 * HUE_BINS).astype(np.int64) % HUE_BINS
    return np.bincount(place.ravel(), weight.ravel(), minlength=HUE_BINS) / total


def dwell_s(light: Light) -> float:
    """Median seconds that a hue is held until it has turned by more than 30 degrees; 0 if there is no colour.

    Of the whole stage, over the frames that are coloured: a pulse that goes dark and comes back has not changed.
    """
    lab = light.stage_oklab
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    coloured = np.flatnonzero(chroma >= GREY_CHROMA)
    if len(coloured) == 0:
        return 0.0
    hue = np.arctan2(lab[coloured, 2], lab[coloured, 1])
    changes = coloured[_turns(hue)]
    return float(np.median(np.diff(np.concatenate([[0], changes, [light.frames]])))) / FPS


def _turns(hue: F64) -> list[int]:
    """Places at which the hue is farther than 30 degrees from where it was at the turn before."""
    turns: list[int] = []
    start = 0
    while True:
        apart = np.abs((hue[start:] - hue[start] + np.pi) % (2 * np.pi) - np.pi) > TURN
        if not apart.any():
            return turns
        start += int(apart.argmax())
        turns.append(start)
