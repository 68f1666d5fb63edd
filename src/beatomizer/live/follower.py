"""The live follower: samples as they arrive → the light as it should be now.

    follower = LiveFollower(load_engine("live"), Style())
    while sound:
        for rgb8 in follower.push(samples):  # any number of samples; [Z, 3] a frame
            send(rgb8)

Light frame t follows from the samples before ``(t + 1) * HOP`` and from nothing else, and the way in which samples
arrive does not matter: inside, everything is done one frame at a time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from beatomizer.arrays import F32, F64, U8
from beatomizer.color import linear_to_rgb8
from beatomizer.cues.beat_grid import SURE
from beatomizer.cues.cuelist import Accent, Beat, CueList, Level
from beatomizer.cues.format import rounded
from beatomizer.cues.style import Style
from beatomizer.errors import UsageError
from beatomizer.features.bank import COLUMNS, FeatureStream
from beatomizer.live.accents import AccentWatch
from beatomizer.live.beats import BeatFollower
from beatomizer.live.director import RESTING, Director
from beatomizer.live.gain import AutomaticGain, Presence
from beatomizer.live.hearing import QUARTER_FRAMES, Hearing
from beatomizer.live.stage import Stage
from beatomizer.safety.limiter import Limiter
from beatomizer.timebase import FPS, HOP, SAMPLE_RATE

LEAD_MS = 30.0
"""By how much light goes before sound: people see the two as one when the light leads by 20 to 40 ms."""

MOST_LEAD_MS = 250.0
"""A guess so far ahead is no longer a prediction."""


_STOPPED = 0.05
"""Loudness against the loud parts of the last 30 s (1 is as loud, 0 is 30 dB less) at which nothing is playing."""

_LIMITED_AT_ONCE = 30
"""From so many frames on the limiter is quicker in blocks; the light is the same."""


class Card(Protocol):
    """What a listener says about itself."""

    @property
    def latency_frames(self) -> int:
        """Row t of its answers speaks of frame t less this."""


class Listener(Protocol):
    """Hears frames in turn, and keeps the past itself; ``StreamingOnnxEngine`` is one."""

    @property
    def card(self) -> Card:
        """About itself."""

    def push(self, frames: F32) -> Mapping[str, F32]:
        """``[t, F]`` → scores by their names in ``Scores``, each ``[t, …]``."""


@runtime_checkable
class LiveEngine(Protocol):
    """Something that can listen to a stream; ``OnnxEngine`` is one."""

    name: str

    def stream(self) -> Listener:
        """A fresh listener."""


class LiveFollower:
    """Follows a stream of sound.

    Args:
        engine: what listens; its model must stream.
        style: the wishes, and the safety profile that the light keeps to.
        lead_ms: by how much light goes before sound. Add what sound card and lamps are late by.
        title: written into the cue list.

    Raises:
        UsageError: a lead out of range, or an unknown palette or profile.
        UnreadableInputError: the model hears whole songs only.
    """

    def __init__(
        self, engine: LiveEngine, style: Style | None = None, *, lead_ms: float = LEAD_MS, title: str = ""
    ) -> None:
        self.style = style or Style()
        self._name, self._title = engine.name, title
        self._gain, self._features, self._listener = AutomaticGain(), FeatureStream(), engine.stream()
        self._rest = np.zeros(0, dtype=np.float32)
        self._heard = 0
        self.decider = Decider(self.style, lead_ms, self._listener.card.latency_frames)
        self._limiter = Limiter(self.style.zones, self.style.safety)

    def push(self, samples: F32) -> U8:
        """Take mono 24 kHz samples ``[n]``, give the light of the frames that they complete: uint8 ``[t, Z, 3]``."""
        joined = np.concatenate([self._rest, np.asarray(samples, dtype=np.float32)])
        count = len(joined) // HOP
        for frame in joined[: count * HOP].reshape(count, HOP):
            self._hear(frame)
        self._rest = joined[count * HOP :].copy()
        self._heard += len(samples)
        return self._limited(linear_to_rgb8(self.decider.light()))

    def wish(self, style: Style) -> None:
        """Other colours and another energy while the music goes on; stage, seed and safety stay as they are.

        Raises:
            UsageError: an unknown palette; nothing has changed then.
        """
        style = replace(self.style, palette=style.palette, energy=style.energy)
        self.decider.wish(style)
        self.style = style

    def finish(self) -> U8:
        """The light of the last frame, padded with silence, if samples are left: ``[0 or 1, Z, 3]``."""
        if not len(self._rest):
            return np.empty((0, self.style.zones, 3), dtype=np.uint8)
        heard = self._heard
        light = self.push(np.zeros(HOP - len(self._rest), dtype=np.float32))
        self._heard = heard
        return light

    @property
    def cues(self) -> CueList:
        """All decisions up to now, as a cue list that can be saved, edited and drawn again."""
        return self.decider.cue_list(self._heard / SAMPLE_RATE, self._title, self._name)

    def _hear(self, samples: F32) -> None:
        """One frame, whatever came with it: sums of many frames round otherwise than those of one."""
        features = self._features.push(self._gain.push(samples))
        scores = self._listener.push(features)
        row = {name: values[0] for name, values in scores.items()}
        self.decider.step(features[0], row, self._gain.level_db, self._gain.gain_db)

    def _limited(self, wanted: U8) -> U8:
        if len(wanted) > _LIMITED_AT_ONCE:
            return self._limiter.run(wanted)
        return np.stack([self._limiter.step(frame) for frame in wanted]) if len(wanted) else wanted


@dataclass(frozen=True)
class Known:
    """What is known at the light frame that was drawn last.

    Attributes:
        beat: beats so far that the light has reached.
        position: of the last one in its bar; 0 before the first.
        tempo_bpm: of the beats to come; 0 before the first.
        look, intensity: of the cue on stage.
        palette: of the song.
        level: loudness as light, 0..1.
    """

    beat: int = 0
    position: int = 0
    tempo_bpm: float = 0.0
    look: str = ""
    intensity: float = 0.0
    palette: tuple[str, ...] = ()
    level: float = 0.0


class Decider:
    """From features and scores, a frame at a time, to cues and light (before safety).

    Args:
        style: the wishes.
        lead_ms: as for ``LiveFollower``.
        latency_frames: by how much the scores speak of the past.
        draws: whether light is wanted too.

    Raises:
        UsageError: a lead out of range, or an unknown palette.
    """

    def __init__(self, style: Style, lead_ms: float, latency_frames: int, *, draws: bool = True) -> None:
        if not 0.0 <= lead_ms <= MOST_LEAD_MS:
            raise UsageError(f"a lead of {lead_ms:g} ms is out of range", f"give 0 to {MOST_LEAD_MS:g}")
        self.style = style
        self.lead_frames = round(lead_ms * FPS / 1000.0)
        # A beat must be certain in the frame that its light begins with, whichever way its moment is rounded.
        self._beats = BeatFollower(self.lead_frames + 0.5, latency_frames)
        self._hearing, self._presence = Hearing(), Presence()
        self._director = Director(style)
        self._accents = AccentWatch(style.energy)
        self._stage = Stage(style.zones, style.seed)
        self._draws = draws
        self._frame = -1
        self._told: list[Beat] = []
        self._reached = 0
        self._found: list[Accent] = []
        self._level: list[float] = []

    def step(self, features: F32, scores: Mapping[str, F32], level_db: float, gain_db: float = 0.0) -> None:
        """Hear one frame: ``features [F]``, each score's row, the level before the gain, and the gain."""
        self._frame += 1
        scores = {name: np.minimum(np.maximum(values, 0.0), 1.0) for name, values in scores.items()}
        moment = self._hearing.step(features, scores, gain_db)
        downbeat = float(scores["downbeat"]) if "downbeat" in scores else 0.0
        beat = self._beats.step(
            self._frame, float(scores["beat"]), downbeat, scores.get("tempo"), scores.get("phase")
        )
        presence = self._presence.step(level_db, self._beats.confidence)
        cues = self._director.frame(
            (self._frame + self.lead_frames) / FPS,
            moment,
            features[COLUMNS["chroma"]].astype(np.float64),
            presence,
        )
        if beat is not None:
            if (
                float(features[COLUMNS["relative"]][0]) <= _STOPPED
            ):  # the oscillator runs on, the music does not
                beat = replace(beat, confidence=0.0)
            self._stage.add_beat(beat)
        if beat is not None and presence >= RESTING:
            self._told.append(beat)
            tempo_bpm = 60.0 * FPS / self._beats.period
            cues += self._director.beat(beat, self._beats.meter, tempo_bpm, moment, presence)
        self._stage.add_cues(cues)
        self._foresee()
        self._note(moment.light * presence, scores.get("onsets"))
        if self._draws:
            self._stage.ask(self._frame + self.lead_frames)

    def wish(self, style: Style) -> None:
        """Other wishes from the next beat on; see ``LiveFollower.wish``."""
        self._director.wish(style)
        self._accents.wish(style.energy)
        self.style = style

    def light(self) -> F64:
        """Linear light ``[t, Z, 3]`` of the frames that were heard since the last call."""
        return self._stage.take()

    @property
    def known(self) -> Known:
        """What lights may want to know beside colours, at the frame that was heard last."""
        until_s = (self._frame + self.lead_frames) / FPS + 1e-9
        while self._reached < len(self._told) and self._told[self._reached].time_s <= until_s:
            self._reached += 1
        cue = next((cue for cue in reversed(self._director.cues) if cue.time_s <= until_s), None)
        return Known(
            beat=self._reached,
            position=self._told[self._reached - 1].position if self._reached else 0,
            tempo_bpm=60.0 * FPS / self._beats.period if self._reached else 0.0,
            look=cue.look if cue else "",
            intensity=cue.intensity if cue else 0.0,
            palette=self._director.palette,
            level=self._level[-1] if self._level else 0.0,
        )

    def cue_list(self, duration_s: float, title: str, model: str) -> CueList:
        """All decisions so far."""
        beats = tuple(beat for beat in self._told if beat.time_s < duration_s)
        return rounded(
            CueList(
                duration_s=duration_s,
                beats=beats,
                sections=self._director.sections(duration_s),
                palette=self._director.palette,
                cues=tuple(cue for cue in self._director.cues if cue.time_s < duration_s),
                accents=tuple(self._found),
                level=Level(QUARTER_FRAMES / FPS, tuple(self._level)),
                title=title,
                tempo_bpm=_tempo(beats),
                model=model,
                seed=self.style.seed,
                safety=self.style.safety,
                zones=self.style.zones,
            )
        )

    def _foresee(self) -> None:
        follower = self._beats
        positions = tuple(follower.position_after(count + 1) for count in range(follower.meter))
        self._stage.foresee(follower.coming, follower.period, positions, follower.meter)

    def _note(self, light: float, onsets: F32 | None) -> None:
        """Levels each quarter of a second, towards which the light goes in the next; and accents."""
        if self._frame % QUARTER_FRAMES == 0:
            self._level.append(light)
            self._stage.add_level(self._frame + self.lead_frames + QUARTER_FRAMES, light)
        around = (self._beats.coming, self._beats.coming - self._beats.period)
        accent = self._accents.step(self._frame, onsets, around)
        if accent is not None:
            self._found.append(accent)
            self._stage.add_accent(accent, self._frame + self.lead_frames)


def _tempo(beats: tuple[Beat, ...]) -> float:
    """Beats a minute by the sure beats; 0 if there are too few."""
    times = np.array([beat.time_s for beat in beats])
    sure = np.array([beat.confidence >= SURE for beat in beats], dtype=np.bool_)
    steps = np.diff(times)[sure[1:] & sure[:-1]] if len(times) > 1 else np.zeros(0)
    return 60.0 / float(np.median(steps)) if len(steps) >= 4 else 0.0
