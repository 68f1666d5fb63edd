"""What is known of a song at a moment, for lights that want to know more than colours."""

from bisect import bisect_right
from itertools import pairwise

import numpy as np

from beatomizer.arrays import U8
from beatomizer.cues.cuelist import CueList
from beatomizer.outputs.lights.light import LightFrame


class SongNotes:
    """A cue list, laid out to be asked for any moment, forwards or backwards.

    Args:
        cues: of the song; ``None`` for raw light, of which nothing is known.
    """

    def __init__(self, cues: CueList | None) -> None:
        self._list = cues or CueList(0.0)
        self._cues = sorted(self._list.cues, key=lambda cue: cue.time_s)
        self._cue_s = [cue.time_s for cue in self._cues]
        self._beat_s = [beat.time_s for beat in self._list.beats]
        self._section_s = [section.start_s for section in self._list.sections]
        steps = [60.0 / (b - a) for a, b in pairwise(self._beat_s) if b > a]
        self._tempo_bpm = self._list.tempo_bpm or (float(np.median(steps)) if steps else 0.0)

    def frame(self, time_s: float, rgb8: U8) -> LightFrame:
        """The frame for lights: these colours, and what is known at that moment of the song."""
        beats = bisect_right(self._beat_s, time_s)
        cue = self._cues[bisect_right(self._cue_s, time_s) - 1] if self._cue_s else None
        if cue is not None and cue.time_s > time_s:
            cue = None
        part = bisect_right(self._section_s, time_s)
        section = self._list.sections[part - 1].shown if part else ""
        level = self._list.level
        loud = (
            np.interp(time_s / level.step_s, np.arange(len(level.values)), level.values)
            if level.values
            else 0.0
        )
        return LightFrame(
            rgb8,
            time_s=time_s,
            beat=beats,
            position=self._list.beats[beats - 1].position if beats else 0,
            tempo_bpm=self._tempo_bpm,
            intensity=cue.intensity if cue else 0.0,
            palette=self._list.palette,
            look=cue.look if cue else "",
            section=section,
            level=float(loud),
        )
