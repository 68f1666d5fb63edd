"""The live director: cues decided as the song goes on, each for the beat that is about to fall.

Colour changes where parts begin, looks by phrase of four or eight bars; a build pulls back on its last beat, and what
bursts in gets the biggest picture. While no beat is sure the stage breathes; while nothing sounds it rests.
"""

import zlib
from collections.abc import Iterator

import numpy as np

from beatomizer.arrays import F64
from beatomizer.cues.beat_grid import SURE
from beatomizer.cues.brightness import gains_for, glow_for, luminance_of, usual_luminance
from beatomizer.cues.cuelist import Beat, Cue, Section
from beatomizer.cues.repertoire import DROP, TIERS, Layer, Picture, chances, fitted, tier_of
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

_PULSE_BEATS = 6.0
_MOVES, _STILL = 0.6, 0.4
"""Share of sure beats lately at which the stage begins and ceases to move with them."""

_SETTLED_BEATS = 24
"""After so many sure beats the song's palette is chosen for good, at the next part."""

_NEW_SONG_S = 2.5
"""Silence after which what comes is another song."""

_DRIVE_BY_KIND = {"drop": 0.35, "build": 0.08, "intro": -0.1, "outro": -0.2, "break": -0.2}
_STILL_MOST, _CALM_MOST = 0.19, 0.59
_DIMMEST, _WAY_UP, _CALM_LIGHT = 0.08, 0.29, 0.4
"""As in ``cues.design``: light of a part without energy, and what full energy adds, beside a steady light of the
palette; and the share of it at the calmest wish."""

_PLAIN_LUMINANCE = 0.1
"""A colour this light needs no correction of what glows between pulses."""

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

    @property
    def palette(self) -> tuple[str, ...]:
        """The colours of the song that is playing."""
        return self._wardrobe.palette

    def sections(self, end_s: float) -> tuple[Section, ...]:
        """The parts up to ``end_s``."""
        return self._form.sections(end_s)

    def frame(self, time_s: float, moment: Moment, chroma: F64, presence: float) -> list[Cue]:
        """Take in a frame; cues if the stage must rest at once."""
        if not self.cues:
            return self._said([self._rest(time_s, 0.0)])
        if self._resting_s is not None:
            again = time_s - self.cues[-1].time_s >= _RENEWED_S
            return self._said([self._rest(time_s, 2.0)]) if again else []
        if presence < RESTING:
            self._resting_s = time_s
            self._form.rest(time_s)
            self._pulse, self._moves, self._dark = 0.0, False, False
            return self._said([self._rest(time_s, 2.0)])
        self._form.frame(moment)
        self._chroma += chroma
        return []

    def beat(self, beat: Beat, meter: int, tempo_bpm: float, moment: Moment, presence: float) -> list[Cue]:
        """Cues for the beat that is about to fall."""
        sure = beat.confidence >= SURE
        self._pulse += (sure - self._pulse) / _PULSE_BEATS
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
        if len(self._form.parts) > 1 and beat.time_s - self._resting_s >= _NEW_SONG_S:
            self._song += 1
            self._chroma[:] = 0.0
            self._sure_beats, self._settled = 0, self.style.palette is not None
            self._wardrobe = Wardrobe(live_palette(0.0, self._chroma, None, self.style, self._song))
        self._resting_s = None
        self._form.wake(beat.time_s)
        self._pair = self._wardrobe.fresh(0.5, None, moment.hue)
        self._named, self._picture = False, -1
        return list(self._show(beat.time_s, 4, 0.0, moment))

    def _new_part(self, tempo_bpm: float, moment: Moment) -> None:
        """Another part wears other colours at once; which letter it is will be heard within a bar."""
        if not self._settled and self._sure_beats >= _SETTLED_BEATS:
            self._wardrobe.repaint(live_palette(tempo_bpm, self._chroma, moment.hue, self.style, self._song))
            self._settled = True
        self._pair = self._wardrobe.fresh(moment.energy, self._pair[0], moment.hue)
        self._named, self._picture = False, -1

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
        drive = 0.15 + 0.55 * moment.energy + 0.8 * (self.style.energy - 0.5) + _DRIVE_BY_KIND.get(kind, 0.0)
        most = 1.0 if self._moves else _STILL_MOST
        if kind in ("break", "intro", "outro"):
            most = min(most, _CALM_MOST)
        return float(np.clip(drive, 0.0, most))

    def _chosen(self, moment: Moment, again: bool) -> Picture:
        """One of the tier's pictures, by chance, weighted by what the model would do; or the one that is shown."""
        if again and 0 <= self._picture < len(TIERS[self._tier]):
            return TIERS[self._tier][self._picture]
        part = self._form.part
        if part.kind == "drop" and not part.bars and self._tier >= 3:
            self._picture = -1
            return DROP
        weight = chances(self._tier, moment.look)
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
        tier = tier_of(self._drive(moment))
        again, self._tier, self._dark = again and tier == self._tier, tier, False
        layers = fitted(self._chosen(moment, again), self.style.zones)
        accent = next((color for color in self.palette[::-1] if color not in self._pair), self._pair[1])
        wardrobe = (*self._pair, accent)
        worn = [_worn(layer, wardrobe, self._tier) for layer in layers]
        wanted = usual_luminance(self.palette) * self._light(moment)
        gains, glow = gains_for(wanted, layers, worn), glow_for(wanted, layers, worn)
        fade_s = 0.0
        if self._tier < 3 and self._form.part.kind != "drop":
            fade_s = min((2.0 if self._tier <= 1 else 1.0) * 60.0 / (tempo_bpm or 100.0), 2.0)
        for layer, colors, gain in zip(layers, worn, gains):
            beats = layer.beats if meter == 4 or layer.beats < 2 else meter * max(1, round(layer.beats / 4))
            yield Cue(
                time_s=time_s,
                look=layer.look,
                colors=colors,
                intensity=float(np.clip(layer.intensity * gain, 0.0, 1.0)),
                fade_s=fade_s,
                beats=float(beats),
                zones=layer.zones,
                floor=_floor(layer, colors[0], glow, self.style.energy),
            )

    def _light(self, moment: Moment) -> float:
        """How much light the stage should give beside a steady light of the palette."""
        kind = self._form.part.kind
        height = 1.0 if kind == "drop" else min(moment.energy, 0.4) if kind == "break" else moment.energy
        share = _DIMMEST + _WAY_UP * height
        if kind in ("intro", "outro"):
            share *= 0.8
        return share * (_CALM_LIGHT + 2.0 * (1.0 - _CALM_LIGHT) * self.style.energy)

    def _pull_back(self, time_s: float) -> Iterator[Cue]:
        """The last beat of a build: dark, or nearly so where the wish is calm."""
        self._dark = True
        if self.style.energy >= 0.25:
            yield Cue(time_s, "blackout", self._pair[:1], 0.0)
        else:
            yield Cue(time_s, "hold", self._pair[:1], 0.2, 0.3)


def _worn(layer: Layer, wardrobe: tuple[str, ...], tier: int) -> tuple[str, ...]:
    """The layer's colours; calm parts are led by the deep one, comets and flares over a wash by the bright one."""
    worn = [wardrobe[place] for place in layer.colors]
    bright = layer.look == "chase" or (layer.look == "pulse" and layer.zones != "all")
    if bright or tier <= 1:
        worn.sort(key=luminance_of, reverse=bright)
    return tuple(dict.fromkeys(worn))


def _floor(layer: Layer, lead: str, glow: float, wild: float) -> float:
    """What glows between pulses, as in ``cues.design``: as dark in yellow as in violet, more where the wish is calm."""
    if layer.look == "hold":
        return 0.0
    floor = max(layer.floor, glow * (1.0 - 0.5 * wild)) if layer.look == "pulse" else layer.floor
    plain = min(1.0, _PLAIN_LUMINANCE / max(luminance_of(lead), 1e-3))
    floor = (floor + 0.15 * max(0.0, 0.5 - wild)) * plain ** float(np.clip(wild, 0.25, 0.5))
    return float(np.clip(floor, 0.0, 0.6))
