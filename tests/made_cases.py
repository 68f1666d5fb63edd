"""A song that never sounded, forty-eight seconds in two halves that repeat, and a light that knows all about it."""

from dataclasses import replace

import numpy as np

from beatomizer.color import oklch_to_linear
from beatomizer.metrics.case import Case
from beatomizer.metrics.light import Light
from beatomizer.metrics.song import Part, Song
from beatomizer.timebase import FPS

SECONDS = 48
FRAMES = SECONDS * FPS
BEAT_S = {"own": 0.5, "other": 0.63}
ENDS_S = {"own": (12.0, 24.0, 36.0, 48.0), "other": (9.0, 17.0, 31.0, 48.0)}
LEVELS = {"own": (0.5, 1.0, 0.5, 1.0), "other": (1.0, 0.6, 0.25, 0.5)}
HUES = {"own": (0.4, 4.4, 0.4, 4.4), "other": (2.4, 5.4, 3.2, 2.4)}
MATERIALS = {"own": "ABAB", "other": "ABCA"}
TIME_S = np.arange(FRAMES) / FPS


def made_song(which="own"):
    beats = np.arange(0.25, SECONDS - 0.1, BEAT_S[which])
    since = TIME_S - beats[np.clip(np.searchsorted(beats, TIME_S, side="right") - 1, 0, None)]
    onset = np.where(since >= 0.0, np.exp(-since / 0.04), 0.0)
    place = _part_of(which)
    chroma = np.abs(np.sin(np.arange(12) * (1.0 + np.array(HUES[which])[place][:, None])))
    return Song(
        onset=onset,
        loudness_db=-30.0 + 18.0 * _slow(np.array(LEVELS[which])[place]) + onset,
        chroma=chroma,
        beats_s=beats,
        downbeats_s=beats[::4],
        parts=tuple(
            Part(start, end, letter)
            for start, end, letter in zip((0.0, *ENDS_S[which]), ENDS_S[which], MATERIALS[which])
        ),
        drops_s=np.array([ENDS_S[which][0]]) if which == "own" else np.array([ENDS_S[which][2]]),
    )


def made_light(which="own", zones=1):
    """Two hues, one for each material; a flash on each beat; louder is lighter; darker in the bar before the drop."""
    beats = made_song(which).beats_s
    since = TIME_S - beats[np.clip(np.searchsorted(beats, TIME_S, side="right") - 1, 0, None)]
    pulse = np.where(since >= 0.0, np.exp(-since / 0.12), 0.0)
    place = _part_of(which)
    level = np.array(LEVELS[which])[place] * (0.2 + 0.8 * pulse)
    drop = float(made_song(which).drops_s[0])
    level = np.where((drop - 2.0 <= TIME_S) & (drop > TIME_S), 0.4 * level, level)
    turn = 0.6 * np.floor(TIME_S / 3.0 % 2)  # two neighbouring hues in turn: three seconds each
    hue = np.array(HUES[which])[place] + turn
    colour = oklch_to_linear(np.stack([np.full(FRAMES, 0.7), np.full(FRAMES, 0.19), hue], axis=1))
    return np.repeat((colour * level[:, None])[:, None], zones, axis=1)


def perfect_case():
    """The light is the label."""
    light = Light(made_light())
    return Case(made_song(), light, light, unsafe=np.zeros(FRAMES, dtype=bool))


def lit(case, linear, **changes):
    """The same song and label with other light."""
    return replace(case, light=Light(np.asarray(linear, dtype=np.float64)), **changes)


def of_other_song(case):
    """The same light, the song of somebody else."""
    return replace(case, song=made_song("other"), label=Light(made_light("other")))


def reversed_case(case):
    """Song, light and label from end to beginning; only what has no direction in time of its own."""
    song = replace(
        case.song,
        onset=case.song.onset[::-1],
        loudness_db=case.song.loudness_db[::-1],
        chroma=case.song.chroma[::-1],
    )
    return Case(
        song, Light(case.light.linear[::-1]), Light(case.label.linear[::-1]), unsafe=case.unsafe[::-1]
    )


def _part_of(which):
    return np.searchsorted(np.array(ENDS_S[which][:-1]), TIME_S, side="right")


def _slow(values):
    return np.convolve(np.pad(values, 12, mode="edge"), np.full(25, 1 / 25), mode="valid")
