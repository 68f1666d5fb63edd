"""The live director: cues decided as the song goes on, each for the beat that is about to fall.

Colour changes where parts begin, looks by phrase of four or eight bars; a build pulls back on its last beat, and what
bursts in gets the biggest picture. While no beat is sure the stage breathes; while nothing sounds it rests.
"""

import zlib
from collections.abc import Iterator

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.beat_grid import SURE
from beatomizer.cues.cuelist import Beat, Cue, Section
from beatomizer.cues.opinions import Opinion
from beatomizer.cues.repertoire import DROP, TIERS, Picture, chances, tier_of
from beatomizer.cues.staging import (
    BIG_TIER,
    CALM_TIER,
    DIMMEST,
    WAY_UP,
    allowed_drive,
    calm_colors,
    drive_of,
    light_missed,
    soft_fade_s,
    staged,
    wished_light,
)
from beatomizer.cues.style import Style
from beatomizer.live.colours import Wardrobe, live_palette
from beatomizer.live.form import Form, Turn
from beatomizer.live.hearing import Moment

RESTING, AWAKE = 0.2, 0.45
"""Presence below which there is no music, and from which there is."""

IDLE_INTENSITY = 0.4
"""Of a resting stage; the level, which is nothing then, takes most of it away."""

_RENEWED_S = 60.0
"""A rest is told anew each minute, so that nobody has to remember where its breaths are counted from."""

_TRUST_BEATS, _DOUBT_BEATS = 4.0, 6.0
"""How many beats sure ones and doubtful ones are counted over: a song should move with its second bar."""

_MOVES, _STILL = 0.6, 0.4
"""Share of sure beats lately at which the stage begins and ceases to move with them."""

_SETTLED_BEATS = 16
"""After so many sure beats the song's palette is chosen for good, at the next part."""

_NEW_SONG_S = 2.5
"""Silence after which what comes is another song."""

_CHROMA_KEPT = 0.98
"""Share of the pitches heard that is kept a frame while the stage rests: a second, in which the next song begins."""

_LOUD_SAY = 0.7
"""How much of a picture's light is decided by how loud the moment is, beside its energy."""

_LIGHT_MATTERS = 1.5
"""How unlikely a picture is that misses the light asked for by a factor of e: exp(−1.5)."""

_AGAIN = 0.25
"""How gladly the picture of the phrase before is shown once more."""


class Director:
    """Decides cues; ``cues`` are those so far.

    Args:
        style: the wishes.
    """

    def __init__(self, style: Style) -> None:
        self.style = style
        self.cues: list[Cue] = []
        self._form = Form()
        self._song = 0
        self._chroma = np.zeros(12)
        self._wardrobe = Wardrobe(live_palette(0.0, self._chroma, None, style, 0))
        self._settled = style.palette is not None
        self._pair = self._wardrobe.palette[0], self._wardrobe.palette[-1]
        self._pulse, self._moves, self._sure_beats = 0.0, False, 0
        self._resting_s: float | None = 0.0
        self._named, self._dark = True, False
        self._tier, self._picture = 0, -1
        self._told_again = False

    @property
    def palette(self) -> tuple[str, ...]:
        """The colours of the song that is playing."""
        return self._wardrobe.palette

    def wish(self, style: Style) -> None:
        """Other wishes from the next beat on; a palette that was wished for, or no longer is, is worn at once.

        Raises:
            UsageError: an unknown palette; nothing has changed then.
        """
        before = self.style
        if style.palette != before.palette:
            palette = live_palette(0.0, self._chroma, None, style, self._song)
            self._wardrobe.repaint(palette)
            self._pair = self._wardrobe.fresh(0.5, None, None)
            self._settled = style.palette is not None
            self._sure_beats = 0
        self.style = style
        self._picture, self._told_again = -1, True

    def sections(self, end_s: float) -> tuple[Section, ...]:
        """The parts up to ``end_s``."""
        return self._form.sections(end_s)

    def frame(self, time_s: float, moment: Moment, chroma: F64, presence: float) -> list[Cue]:
        """Take in a frame; cues if the stage must rest at once."""
        self._chroma = self._chroma * (_CHROMA_KEPT if self._resting_s is not None else 1.0) + chroma
        if not self.cues:
            return self._said([self._rest(time_s, 0.0)])
        if self._resting_s is not None:
            again = time_s - self.cues[-1].time_s >= _RENEWED_S or self._told_again
            self._told_again = False
            return self._said([self._rest(time_s, 2.0)]) if again else []
        if presence < RESTING:
            self._resting_s = time_s
            self._form.rest(time_s)
            self._pulse, self._moves, self._dark = 0.0, False, False
            return self._said([self._rest(time_s, 2.0)])
        self._form.frame(moment)
        return []

    def beat(self, beat: Beat, meter: int, tempo_bpm: float, moment: Moment, presence: float) -> list[Cue]:
        """Cues for the beat that is about to fall."""
        sure = beat.confidence >= SURE
        self._pulse += (sure - self._pulse) / (_TRUST_BEATS if sure else _DOUBT_BEATS)
        before, self._moves = self._moves, self._pulse >= (_STILL if self._moves else _MOVES)
        self._sure_beats += sure
        if self._resting_s is not None:
            return self._said(self._wake(beat, moment)) if presence >= AWAKE else []
        turn = self._form.beat(beat, moment, self._moves)
        if turn is Turn.PART:
            self._new_part(tempo_bpm, moment)
        elif turn is Turn.BURST:
            self._picture = -1
        elif turn is Turn.BAR and not self._named and self._form.part.bars:
            worn = self._pair
            self._name(moment)
            if worn == self._pair and tier_of(self._drive(moment)) == self._tier:
                return []
            return self._said(list(self._show(beat.time_s, meter, tempo_bpm, moment, again=True)))
        elif self._told_again:
            pass
        elif not (self._dark or before != self._moves or (turn is Turn.BAR and self._due(moment))):
            follows = self._moves and self._form.drop_may_follow(meter - beat.position + 1)
            return self._said(list(self._pull_back(beat.time_s))) if follows else []
        return self._said(list(self._show(beat.time_s, meter, tempo_bpm, moment)))

    def _rest(self, time_s: float, fade_s: float) -> Cue:
        """A stage that breathes while nothing sounds."""
        return Cue(time_s, "swell", self._pair[:1], IDLE_INTENSITY, fade_s, 16.0, floor=0.4)

    def _said(self, cues: list[Cue]) -> list[Cue]:
        self.cues += cues
        return cues

    def _wake(self, beat: Beat, moment: Moment) -> list[Cue]:
        """Music begins; after a long silence it is another song."""
        assert self._resting_s is not None
        first = len(self._form.parts) == 1
        if first or beat.time_s - self._resting_s >= _NEW_SONG_S:
            self._song += not first
            self._sure_beats, self._settled = 0, self.style.palette is not None
            self._wardrobe = Wardrobe(live_palette(0.0, self._chroma, moment.hue, self.style, self._song))
        self._resting_s = None
        self._form.wake(beat.time_s)
        self._pair = self._wardrobe.fresh(0.5, None, moment.hue)
        self._named, self._picture = False, -1
        return list(self._show(beat.time_s, 4, 0.0, moment))

    def _new_part(self, tempo_bpm: float, moment: Moment) -> None:
        """Another part wears other colours at once; which letter it is will be heard within a bar."""
        before, answer = self._pair
        if self._sure_beats < _SETTLED_BEATS and not self._settled:
            self._pair = answer, before
        else:
            if not self._settled:
                self._settle(tempo_bpm, moment)
                before = self._wardrobe.like(before)
            self._pair = self._wardrobe.fresh(moment.energy, before, moment.hue)
        self._named, self._picture = False, -1

    def _settle(self, tempo_bpm: float, moment: Moment) -> None:
        """The song's palette, for good: now something is known of it. The colours so far are among it, or near."""
        self._wardrobe.repaint(
            live_palette(tempo_bpm, self._chroma, moment.hue, self.style, self._song, worn=self._pair)
        )
        self._settled = True

    def _name(self, moment: Moment) -> None:
        """After a bar: a material that came back gets its own colours back."""
        letter = self._wardrobe.letter_of(moment.sound)
        self._form.part.label = letter
        self._pair = self._wardrobe.keep(letter, self._pair)
        self._named = True

    def _due(self, moment: Moment) -> bool:
        """Whether a bar's beginning asks for another picture: a phrase is over, or the music has changed its height."""
        part = self._form.part
        each = 8 if self.style.energy < 0.3 else 4
        return part.bars % each == 0 or abs(tier_of(self._drive(moment)) - self._tier) >= 2

    def _drive(self, moment: Moment) -> float:
        """How busy the stage is, 0..1, as ``cues.design`` has it."""
        kind = self._form.part.kind
        drive = drive_of(self._height(moment), kind, Opinion(look=moment.look), self.style.energy)
        return allowed_drive(drive, kind, sure=self._moves)

    def _height(self, moment: Moment) -> float:
        """How high the music stands within the song so far, 0..1: mostly how loud it is, and its energy."""
        return moment.energy + _LOUD_SAY * (moment.loud - moment.energy)

    def _chosen(self, moment: Moment, colors: tuple[str, ...], light: float, again: bool) -> Picture:
        """One of the tier's pictures, by chance, weighted by what the model would do and by whether it can give the
        light; or the one that is shown.
        """
        if again and 0 <= self._picture < len(TIERS[self._tier]):
            return TIERS[self._tier][self._picture]
        part = self._form.part
        if part.kind == "drop" and not part.bars and self._tier >= BIG_TIER:
            self._picture = -1
            return DROP
        weight = chances(self._tier, moment.look)
        for place, picture in enumerate(TIERS[self._tier]):
            missed = light_missed(picture, colors, light, palette=self.palette, style=self.style)
            weight[place] *= np.exp(-_LIGHT_MATTERS * missed)
        if 0 <= self._picture < len(weight):
            weight[self._picture] *= _AGAIN
        letter = zlib.crc32(f"{part.label} {part.bars} {self._tier}".encode())
        chance = np.random.default_rng([self.style.seed, self._song, letter])
        self._picture = int(chance.choice(len(weight), p=weight / weight.sum()))
        return TIERS[self._tier][self._picture]

    def _show(
        self, time_s: float, meter: int, tempo_bpm: float, moment: Moment, *, again: bool = False
    ) -> Iterator[Cue]:
        """The picture of the moment; ``again``: the same one in other colours, if its height has not changed."""
        tier, self._told_again = tier_of(self._drive(moment)), False
        again, self._tier, self._dark = again and tier == self._tier, tier, False
        colors: tuple[str, ...] = (*self._pair, self._accent())
        if self._tier <= CALM_TIER:
            colors = calm_colors(colors)
        light = self._light(moment)
        picture = self._chosen(moment, colors, light, again)
        fade_s = 0.0
        if self._tier < BIG_TIER and self._form.part.kind != "drop":
            fade_s = soft_fade_s(self._tier, 60.0 / (tempo_bpm or 100.0))
        yield from staged(
            picture,
            time_s,
            colors,
            light,
            fade_s,
            palette=self.palette if self._settled else self._pair,
            style=self.style,
            meter=meter,
        )

    def _accent(self) -> str:
        """The song's last colour that is neither lead nor answer; none before the palette is chosen for good."""
        others = [color for color in self.palette[::-1] if color not in self._pair]
        return others[0] if others and self._settled else self._pair[1]

    def _light(self, moment: Moment) -> float:
        """How much light the stage should give beside a steady light of the palette."""
        kind = self._form.part.kind
        height = self._height(moment)
        height = 1.0 if kind == "drop" else min(height, 0.4) if kind == "break" else height
        share = DIMMEST + WAY_UP * height
        if kind in ("intro", "outro"):
            share *= 0.8
        return wished_light(share, self.style.energy)

    def _pull_back(self, time_s: float) -> Iterator[Cue]:
        """The last beat of a build: dark, or nearly so where the wish is calm."""
        self._dark = True
        if self.style.energy >= 0.25:
            yield Cue(time_s, "blackout", self._pair[:1], 0.0)
        else:
            yield Cue(time_s, "hold", self._pair[:1], 0.2, 0.3)
