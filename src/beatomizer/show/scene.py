"""What a look may know: the cue, where the song is, and which frames of which zones are asked for.

A look is a function of a scene alone, so any stretch of any show can be drawn by itself: in pieces, again, or live.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64, Bool, Int
from beatomizer.cues.cuelist import Cue, CueList
from beatomizer.show.clock import BeatClock, beat_clock
from beatomizer.show.mixing import color_of, ramp
from beatomizer.timebase import FPS, nearest_frame

LEVEL_SHARE = 0.6
"""How much of the intensity follows the song's loudness; the rest is the cue's own.

Light that only follows the loudness correlates with it by 1.0; people at lighting desks reach 0.44 to 0.52 (Kohl et
al. 2025). The aim is 0.55 to 0.75 over four seconds.
"""

OFF_BEAT_STRENGTH = 0.5
"""Strength of a moment between two beats."""

LEAD_FRAMES = 1
"""A drawn show runs one frame before its song: people see light and sound as one when the light leads by 20 to 40 ms,
and what plays the show is rather late than early. Live, the follower's own lead takes its place."""


@dataclass(frozen=True)
class Song:
    """What the cue list knows of the song, as arrays.

    Attributes:
        clock: its beats.
        level_frame, level: loudness as light 0..1, joined by straight lines between these frames; may be empty.
        accent_frame, accent: ascending frames and strengths of strong sounds.
        seed: the show's chance.
    """

    clock: BeatClock
    level_frame: F64
    level: F64
    accent_frame: Int
    accent: F64
    seed: int


def song_of(cues: CueList) -> Song:
    """The song as its cue list remembers it, ``LEAD_FRAMES`` early."""
    accents = sorted(cues.accents, key=lambda accent: accent.time_s)
    level = np.clip(np.array(cues.level.values, dtype=np.float64), 0.0, 1.0)
    return Song(
        clock=beat_clock(cues.beats, cues.duration_s, cues.tempo_bpm).earlier(LEAD_FRAMES / FPS),
        level_frame=np.arange(len(level), dtype=np.float64) * (cues.level.step_s * FPS) - LEAD_FRAMES,
        level=level,
        accent_frame=np.array([first_frame(accent.time_s) for accent in accents], dtype=np.int64),
        accent=np.array([accent.strength for accent in accents]),
        seed=cues.seed,
    )


def first_frame(time_s: float) -> int:
    """The frame of the show in which something at a moment of the song begins; −1 at the song's very beginning."""
    return nearest_frame(time_s) - LEAD_FRAMES


@dataclass(frozen=True)
class Scene:
    """A stretch of one cue.

    Attributes:
        cue: what to draw; it has at least one colour.
        frames: ``[n]`` consecutive frames of the show, n ≥ 1.
        zones: ``[k]`` zone numbers on the stage, ascending, k ≥ 1.
        song: what is known of the song.
    """

    cue: Cue
    frames: Int
    zones: Int
    song: Song

    def gain(self, frames: Int) -> F64:
        """Intensity ``[n]`` at ``frames``: the cue's, part of it following the song's loudness."""
        if not len(self.song.level):
            return np.full(len(frames), self.cue.intensity)
        heard = np.interp(frames, self.song.level_frame, self.song.level)
        return self.cue.intensity * (1.0 - LEVEL_SHARE + LEVEL_SHARE * heard)

    def above_floor(self, shape: F64) -> F64:
        """Intensity ``[n, k]`` of a shape 0..1 of that form: the cue's floor stays on, the rest follows the shape."""
        return self.gain(self.frames)[:, None] * (self.cue.floor + (1.0 - self.cue.floor) * shape)

    def color(self, index: int) -> F64:
        """Linear light ``[3]`` of the cue's colour ``index``, counted round and round."""
        return color_of(self.cue.colors[index % len(self.cue.colors)])

    def colors(self) -> F64:
        """Linear light ``[K, 3]`` of all the cue's colours."""
        return np.stack([color_of(color) for color in self.cue.colors])

    def ramp(self, first: int = 0, second: int = 1) -> F64:
        """Linear light ``[RAMP_STEPS, 3]`` from one of the cue's colours to another."""
        names = self.cue.colors
        return ramp(names[first % len(names)], names[second % len(names)])

    def cycles(self, shortest_s: float) -> "Cycles":
        """The look's cycles around the scene's frames, counted from the downbeat nearest to the cue.

        A cycle shorter than ``shortest_s`` at the song's usual pace is doubled until it is not: the look stays on
        the beat and becomes slow enough to be seen, and to be safe.
        """
        clock = self.song.clock
        beats = self.cue.beats if self.cue.beats > 0 else 1.0
        while beats * clock.period_s < shortest_s:
            beats *= 2.0
        anchor = clock.downbeat_near(self.cue.time_s)
        now = (clock.beat_at(self.frames / FPS) - anchor) / beats
        number = np.arange(np.floor(now[0]) - 2, np.floor(now[-1]) + 4)
        beat = anchor + number * beats
        nearest = clock.nearest_beat(beat)
        on_beat = np.abs(beat - nearest) < 1e-6
        return Cycles(
            beats=beats,
            now=now,
            number=number.astype(np.int64),
            frame=clock.frame_of(beat),
            strength=np.where(on_beat, clock.strength[nearest], OFF_BEAT_STRENGTH),
            downbeat=on_beat & (clock.position[nearest] == 1),
            full=on_beat & clock.full[nearest],
        )


@dataclass(frozen=True)
class Cycles:
    """Cycles of a look: ``now`` for each frame of the scene, the rest for each of m cycles around them.

    Attributes:
        beats: length of a cycle.
        now: ``[n]`` cycles since the one that the cue began with, whole numbers where a cycle begins.
        number: ``[m]`` consecutive, from before the first frame to beyond the last.
        frame: ``[m]`` in which each begins.
        strength: ``[m]`` of the sound it begins with, 0..1.
        downbeat: ``[m]`` whether it begins a bar.
        full: ``[m]`` whether it may begin with a full flash.
    """

    beats: float
    now: F64
    number: Int
    frame: Int
    strength: F64
    downbeat: Bool
    full: Bool

    def current(self, frames: Int) -> Int:
        """Index into the cycles of the one that each frame lies in, never the last one."""
        return np.clip(np.searchsorted(self.frame, frames, side="right") - 1, 0, len(self.frame) - 2)
