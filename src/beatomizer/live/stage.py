"""The stage as it should be now: looks drawn from the cues and beats known so far, a few frames at a time.

The drawing runs ``lead_frames`` ahead of the sound: at frame t it shows what belongs to t + lead, so that the light of
a beat is there before the beat. The looks are those of ``show``; what is made here is a song that knows no more than
the last beats, one that is certain, and where the next ones will probably fall.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64, Int
from beatomizer.cues.beat_grid import SURE
from beatomizer.cues.cuelist import Accent, Beat, Cue
from beatomizer.show.clock import FULL_FLASH_GAP_S, BeatClock
from beatomizer.show.looks import LOOKS
from beatomizer.show.mixing import fade
from beatomizer.show.scene import Scene, Song
from beatomizer.show.zones import zones_of
from beatomizer.timebase import FPS, nearest_frame

_PREDICTED = 6
"""Beats drawn ahead: looks ask for two cycles to come, and what they ask beyond goes on at the same pace."""

_KEPT_BEATS = 12
_LEVELS, _ACCENTS = 8, 64
_PERIOD_MOVES = 0.04
"""Looks that double their cycles where beats are short must not waver; the pace they see changes by this at least."""

_MOST_BEATS = 512
_SAME_MOMENT_S = 0.005


@dataclass
class _Playing:
    """One cue on stage: its zones, and the light that they had when it began."""

    cue: Cue
    start: int
    members: Int
    before: F64


class Stage:
    """Draws.

    Args:
        zones: Z.
        seed: of everything that looks leave to chance.
    """

    def __init__(self, zones: int, seed: int) -> None:
        self._zones, self._seed = zones, seed
        self._beats = [Beat(0.0, 1, 0.0, 0.5)]
        self._full = [False]
        self._next, self._period, self._pace = 0.0, 30.0, 30.0
        self._positions: tuple[int, ...] = (1, 2, 3, 4)
        self._meter = 4
        self._waiting: list[Cue] = []
        self._playing: list[_Playing] = []
        self._owner = np.full(zones, -1)
        self._levels: list[tuple[float, float]] = []
        self._accents: list[tuple[int, float]] = []
        self._last: F64 = np.zeros((zones, 3))
        self._song: Song | None = None
        self._asked: list[int] = []
        self._drawn: list[F64] = []

    def foresee(self, at: float, period: float, positions: tuple[int, ...], meter: int) -> None:
        """Where the next beat will probably fall (a frame), how long beats are, and their places in the bar."""
        moved = abs(at - self._next) >= 0.5 or abs(period / self._period - 1.0) >= 0.01
        if not moved and positions == self._positions:
            return
        self._catch_up()
        if abs(period / self._pace - 1.0) >= _PERIOD_MOVES:
            self._pace = period
        self._next, self._period, self._positions, self._meter = at, period, positions, meter

    def add_beat(self, beat: Beat) -> None:
        """A beat that is certain to be fired."""
        self._catch_up()
        full = self._may_flash(beat, [b.time_s for b, f in zip(self._beats, self._full) if f])
        self._beats.append(beat)
        self._full.append(full)
        self._forget()

    def add_cues(self, cues: list[Cue]) -> None:
        """Cues that begin now or soon."""
        self._waiting += cues

    def add_level(self, frame: float, level: float) -> None:
        """The loudness as light at a frame to come."""
        self._catch_up()
        self._levels = [*self._levels[-_LEVELS:], (frame, level)]

    def add_accent(self, accent: Accent, frame: int) -> None:
        """A strong sound, answered from ``frame`` on."""
        self._catch_up()
        if len(self._accents) >= 2 * _ACCENTS:  # the dice of twinkles go by number: numbers seldom move
            del self._accents[:_ACCENTS]
        self._accents.append((frame, accent.strength))

    def ask(self, frame: int) -> None:
        """Have a frame drawn as things stand now; frames are asked for in turn, and given by ``take``."""
        if any(nearest_frame(cue.time_s) <= frame for cue in self._waiting):
            self._catch_up()
            self._take_over(frame)
        self._asked.append(frame)

    def take(self) -> F64:
        """Linear light ``[t, Z, 3]`` of all the frames asked for since the last call."""
        self._catch_up()
        drawn, self._drawn = self._drawn, []
        return np.concatenate(drawn) if drawn else np.zeros((0, self._zones, 3))

    def _catch_up(self) -> None:
        """Draw what was asked for, before something changes: as many frames at once as see the same song."""
        if self._asked:
            light = self._draw(np.array(self._asked))
            self._drawn.append(light)
            self._last = light[-1]
            self._asked = []
        self._song = None

    def _draw(self, frames: Int) -> F64:
        song = self._known_song()
        light = np.zeros((len(frames), self._zones, 3))
        for number, playing in enumerate(self._playing):
            zones = np.flatnonzero(self._owner == number)
            whole = LOOKS[playing.cue.look](Scene(playing.cue, frames, playing.members, song))
            own = whole[:, np.searchsorted(playing.members, zones)]
            lasts = round(playing.cue.fade_s * FPS)
            fading = int(np.searchsorted(frames, playing.start + lasts))
            if fading:
                progress = np.repeat((frames[:fading, None] - playing.start) / lasts, len(zones), axis=1)
                own[:fading] = fade(
                    np.repeat(playing.before[None, zones], fading, axis=0), own[:fading], progress
                )
            light[:, zones] = own
        return light

    def _take_over(self, frame: int) -> None:
        """Cues whose time has come take their zones; those that have none left are forgotten."""
        due = [cue for cue in self._waiting if nearest_frame(cue.time_s) <= frame]
        self._waiting = [cue for cue in self._waiting if nearest_frame(cue.time_s) > frame]
        for cue in due:
            members = zones_of(cue.zones, self._zones)
            if len(members):
                self._playing.append(_Playing(cue, frame, members, self._last))
                self._owner[members] = len(self._playing) - 1
        kept = sorted({int(number) for number in self._owner if number >= 0})
        self._playing = [self._playing[number] for number in kept]
        self._owner = np.array([kept.index(number) if number >= 0 else -1 for number in self._owner.tolist()])
        self._forget()

    def _forget(self) -> None:
        """Beats are kept from before the oldest cue on stage: its cycles are counted from there."""
        oldest_s = min((playing.cue.time_s for playing in self._playing), default=float("inf"))
        keep = 0
        while len(self._beats) - keep > _KEPT_BEATS and (
            self._beats[keep + _KEPT_BEATS].time_s < oldest_s or len(self._beats) - keep > _MOST_BEATS
        ):
            keep += 1
        if keep:
            del self._beats[:keep], self._full[:keep]

    def _may_flash(self, beat: Beat, flashed_s: list[float]) -> bool:
        """Whether a beat may light the whole stage: long enough after the last that did, and not before a downbeat."""
        if beat.confidence < SURE or (flashed_s and beat.time_s - flashed_s[-1] < FULL_FLASH_GAP_S):
            return False
        if beat.position == 1:
            return True
        left_s = (self._meter - beat.position + 1) * self._period / FPS
        return left_s >= FULL_FLASH_GAP_S

    def _known_song(self) -> Song:
        if self._song is None:
            frames, levels = zip(*self._levels) if self._levels else ((), ())
            starts, strengths = zip(*self._accents) if self._accents else ((), ())
            self._song = Song(
                clock=self._clock(),
                level_frame=np.array(frames, dtype=np.float64),
                level=np.array(levels, dtype=np.float64),
                accent_frame=np.array(starts, dtype=np.int64),
                accent=np.array(strengths, dtype=np.float64),
                seed=self._seed,
            )
        return self._song

    def _clock(self) -> BeatClock:
        """Beats that were, and those that will probably be."""
        known, full = list(self._beats), list(self._full)
        last = known[-1]
        for number in range(_PREDICTED):
            time_s = (self._next + number * self._period) / FPS
            if time_s <= known[-1].time_s:
                continue
            place = self._positions[number % len(self._positions)]
            coming = Beat(time_s, place, last.confidence, last.strength)
            full.append(self._may_flash(coming, [b.time_s for b, f in zip(known, full) if f]))
            known.append(coming)
        step_s = self._period / FPS
        before = [(known[0].time_s - count * step_s, known[0].position - 1 - count) for count in (2, 1)]
        return _LiveClock(
            time_s=np.array([*(time_s for time_s, _ in before), *(beat.time_s for beat in known)]),
            position=np.array(
                [*(place % self._meter + 1 for _, place in before), *(beat.position for beat in known)]
            ),
            strength=np.array([0.5, 0.5, *(beat.strength for beat in known)]),
            full=np.array([False, False, *full], dtype=np.bool_),
            period_s=self._pace / FPS,
            bar=self._meter,
        )


class _LiveClock(BeatClock):
    """A clock whose cycles are counted from beats that have been: predictions may change, and no look may jump."""

    def downbeat_near(self, time_s: float) -> int:
        """Index of the last downbeat up to a moment; of the first beat known where there was none."""
        until = int(np.searchsorted(self.time_s, time_s + _SAME_MOMENT_S, side="right"))
        downbeats = np.flatnonzero(self.position[2:until] == 1)
        return int(downbeats[-1]) + 2 if len(downbeats) else 2
