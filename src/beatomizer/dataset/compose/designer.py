"""A lighting designer who sees the score: annotations → key frames → light.

The designer chooses the colours of the song, gives each letter its own, goes through the sections phrase by phrase,
chooses a look for each, pulls back before a drop and saves the highest light for it. What comes back has the look
it had. Then the designer's own timing is added, the plan is drawn, and the limiter makes the light safe.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from beatomizer.arrays import F64, U8
from beatomizer.color import linear_to_rgb8
from beatomizer.composer.annotations import Annotations, SectionTruth
from beatomizer.dataset.compose.colours import Wardrobe, dressed
from beatomizer.dataset.compose.key_frames import KeyFrame, drawn
from beatomizer.dataset.compose.looks import LOOKS, Phrase
from beatomizer.dataset.compose.manner import Manner, drawn_manner, drawn_zones
from beatomizer.dataset.compose.person import Person
from beatomizer.dataset.compose.song_view import SongView
from beatomizer.safety.limit import limit
from beatomizer.safety.profiles import DEFAULT_PROFILE
from beatomizer.show.show import Show
from beatomizer.timebase import FPS, frame_count_of_duration, nearest_frame

_TASTE: dict[str, tuple[float, ...]] = {
    "intro": (3.0, 0.6, 0.4, 0.4, 2.0, 1.2, 0.6, 0.0),
    "verse": (0.9, 2.2, 1.4, 0.7, 0.7, 0.8, 1.8, 0.0),
    "chorus": (0.2, 3.4, 1.6, 1.1, 0.2, 0.5, 2.0, 0.3),
    "build": (0.2, 3.0, 1.2, 0.8, 0.5, 0.5, 0.8, 0.3),
    "drop": (0.1, 3.6, 1.3, 1.2, 0.1, 0.5, 2.0, 0.9),
    "break": (2.0, 0.4, 0.3, 0.3, 2.4, 1.4, 0.7, 0.0),
    "outro": (3.0, 0.4, 0.4, 0.3, 2.0, 0.8, 0.3, 0.0),
}
"""How gladly each look of ``_LOOKS`` is taken for a section."""

_ALIKE = {
    "refrain": "chorus",
    "climax": "chorus",
    "summit": "chorus",
    "solo": "chorus",
    "rise": "build",
    "descent": "outro",
    "closing": "outro",
    "opening": "intro",
    "pre-chorus": "build",
    "interlude": "break",
    "bridge": "break",
    "passage": "break",
}
"""Other labels are lit like these; what is not named here, like a verse."""

_LOOKS = ("hold", "pulse", "alternate", "chase", "swell", "sparkle", "follow", "strobe")

_UNDRIVEN = (1.8, 0.3, 0.4, 0.6, 2.0, 0.8, 1.0, 0.0)
"""What passages without drums do to that."""

_HEADROOM = 0.84
"""The highest intensity outside a drop (and the loudest section of a song without one)."""

_PUMPED_FROM = 0.35
"""Sections of less energy do not breathe with the beat."""

_SHORTEST_BREATH_S = 0.36
"""At faster beats every other one is taken: under three changes a second the limiter lets them pass."""

_SAME_AGAIN = 0.75
"""How often a phrase comes back with the look its letter had at that place before."""


@dataclass(frozen=True)
class Design:
    """Light with the thoughts behind it.

    Attributes:
        rgb8: uint8 sRGB ``[T, Z, 3]`` at 60 frames a second, within the broadcast flash limits.
        wardrobe: the colours.
        manner: the designer's habits.
        keys: the plan, as it was carried out.
        looks: what was chosen when: ``(time_s, look)``.
    """

    rgb8: U8
    wardrobe: Wardrobe
    manner: Manner
    keys: tuple[KeyFrame, ...]
    looks: tuple[tuple[float, str], ...]

    @property
    def zones(self) -> int:
        """Z."""
        return int(self.rgb8.shape[1])

    def facts(self) -> dict[str, Any]:
        """What is written down beside a take, plain JSON."""
        return {
            "palette": list(self.wardrobe.palette),
            "worn": {letter: list(places) for letter, places in self.wardrobe.worn.items()},
            "looks": [[round(time, 3), look] for time, look in self.looks],
            "key_frames": len(self.keys),
            "busyness": round(self.manner.busyness, 3),
            "latency_ms": round(self.manner.latency_ms, 1),
            "jitter_ms": round(self.manner.jitter_ms, 1),
        }


def design(
    song: Annotations,
    rng: np.random.Generator,
    *,
    manner: Manner | None = None,
    person: Person | None = None,
) -> Design:
    """Light a song.

    Args:
        song: its score.
        rng: decides everything that is taste.
        manner: the designer's habits; drawn by chance if none are given.
        person: a designer with habits, colours and a stage of their own; ``manner`` goes before theirs.

    Returns:
        the light, safe, with its plan. The same song and generator state give the same bytes.
    """
    manner = manner or (person.manner if person else drawn_manner(rng))
    zones = person.zones if person else drawn_zones(rng)
    wardrobe = dressed(song, rng, person.taste if person else None)
    view = SongView(song)
    planned, looks = _planned(view, manner, wardrobe, zones, rng)
    keys = tuple(_as_carried_out(planned, manner, rng))
    frames = frame_count_of_duration(song.duration_s)
    linear = drawn(keys, wardrobe.ramps(), frames, zones, _master(view, manner, frames))
    rgb8 = limit(Show(linear_to_rgb8(linear)), DEFAULT_PROFILE).rgb8
    return Design(rgb8, wardrobe, manner, keys, tuple(looks))


def _planned(
    view: SongView, manner: Manner, wardrobe: Wardrobe, zones: int, rng: np.random.Generator
) -> tuple[list[KeyFrame], list[tuple[float, str]]]:
    keys: list[KeyFrame] = []
    looks: list[tuple[float, str]] = []
    remembered: dict[tuple[str, int], str] = {}
    peak = max((section.energy for section in view.song.sections), default=1.0)
    for section in view.song.sections:
        for place, phrase in enumerate(_phrases(section, view, manner, wardrobe, zones, peak, rng)):
            known = remembered.get((section.repeat, place))
            look = known if known and rng.random() < _SAME_AGAIN else _chosen(section, view, manner, rng)
            remembered.setdefault((section.repeat, place), look)
            looks.append((phrase.start_s, look))
            keys += [key for key in LOOKS[look](phrase, view, manner, rng) if key.time_s < phrase.end_s]
            keys += _accents(phrase, section, view, manner, wardrobe, rng)
    for drop in view.song.drops_s:
        keys = _around_drop(keys, float(drop), view, manner, wardrobe, zones, rng)
    return keys, looks


def _chosen(section: SectionTruth, view: SongView, manner: Manner, rng: np.random.Generator) -> str:
    label = _ALIKE.get(section.label, section.label)
    taste = np.array(_TASTE.get(label, _TASTE["verse"]))
    busy = np.array([1.6 - 1.2 * manner.busyness, 0.6 + manner.grip, 1.0, 2 * manner.chases])
    rest = np.array(
        [1.6 - 1.2 * manner.busyness, 1.6 * manner.sparkles, 0.5 + manner.grip, 3 * manner.strobes]
    )
    weights = taste * np.concatenate([busy, rest]) * (0.4 + 1.2 * rng.random(len(taste)))
    if not view.is_driven(section.start_s, section.end_s):
        weights = weights * np.array(_UNDRIVEN)
    return _LOOKS[int(rng.choice(len(_LOOKS), p=weights / weights.sum()))]


def _phrases(
    section: SectionTruth,
    view: SongView,
    manner: Manner,
    wardrobe: Wardrobe,
    zones: int,
    peak: float,
    rng: np.random.Generator,
) -> Iterator[Phrase]:
    """The section in pieces of a few bars; each changes one thing against the one before."""
    lead, answer, accent = wardrobe.worn[section.repeat]
    again = any(
        part.repeat == section.repeat and part.end_s == section.start_s for part in view.song.sections
    )
    if again and rng.random() < 0.5:  # the same at once: the same colours in other roles
        lead, answer, accent = accent, lead, answer
    edges = [
        section.start_s,
        *view.bars(section.start_s + 0.1, section.end_s)[manner.phrase_bars - 1 :: manner.phrase_bars],
    ]
    edges = [edge for edge in edges if section.end_s - edge > 1.2 or edge == section.start_s]
    high = section.label == "drop" or (not view.song.drops_s and section.energy >= peak - 0.05)
    height = (1.0 if high else _HEADROOM) * (
        0.62 + 0.38 * section.energy ** (0.4 + 0.8 * manner.follows_level)
    )
    low = max(manner.floor, 0.35 - 0.3 * section.energy)
    busy = float(np.clip(0.5 * manner.busyness + 0.6 * section.energy - 0.1, 0.0, 1.0))
    groups = _groups(zones, manner, rng)
    for place, (start, end) in enumerate(zip(edges, [*edges[1:], section.end_s], strict=True)):
        if place % 2 and rng.random() < 0.35:
            lead, answer = answer, lead
        elif rng.random() < 0.3:
            groups = _groups(zones, manner, rng)
        level = height * (1.0 if high else float(rng.uniform(0.72, 1.0)))
        yield Phrase(float(start), float(end), lead, answer, accent, level, low * level, busy, groups)


def _groups(zones: int, manner: Manner, rng: np.random.Generator) -> tuple[tuple[int, ...], ...]:
    """The lights in the order of this phrase: one by one, in pairs, or from the middle to both sides."""
    if manner.mirrored and rng.random() < 0.8:
        half = (zones + 1) // 2
        pairs = [tuple(sorted({half - 1 - place, zones - half + place})) for place in range(half)]
        return tuple(pairs)
    size = 2 if zones >= 8 and rng.random() < 0.4 else 1
    return tuple(tuple(range(start, min(start + size, zones))) for start in range(0, zones, size))


def _accents(
    phrase: Phrase,
    section: SectionTruth,
    view: SongView,
    manner: Manner,
    wardrobe: Wardrobe,
    rng: np.random.Generator,
) -> list[KeyFrame]:
    """Now and then a hit in the accent colour at the start of a phrase, or a moment of dark at its end."""
    keys: list[KeyFrame] = []
    if section.energy > 0.5 and rng.random() < 0.3:
        color = wardrobe.white if rng.random() < manner.whites else phrase.accent
        keys.append(KeyFrame(phrase.start_s, phrase.lights, color, phrase.level))
        back = phrase.start_s + 0.5 * view.beat_s
        keys.append(KeyFrame(back, phrase.lights, phrase.lead, max(phrase.rest, 0.4), 0.5 * view.beat_s))
    if section.energy > 0.4 and rng.random() < 0.2 * manner.blackouts:
        keys.append(KeyFrame(phrase.end_s - view.beat_s, phrase.lights, phrase.lead, 0.0))
    return keys


def _around_drop(
    keys: list[KeyFrame],
    drop_s: float,
    view: SongView,
    manner: Manner,
    wardrobe: Wardrobe,
    zones: int,
    rng: np.random.Generator,
) -> list[KeyFrame]:
    """Pull back: the bar or two before a drop are dim, or one light, or dark; the drop opens with everything."""
    bars = view.bars(0.0, drop_s)
    start = float(bars[-1 if rng.random() < 0.6 or len(bars) < 2 else -2]) if len(bars) else drop_s - 2.0
    everything = tuple(range(zones))
    kept = [key for key in keys if not start - 0.02 <= key.time_s < drop_s - 0.02]
    before, after = (_section_at(view.song.sections, time) for time in (start + 0.1, drop_s + 0.1))
    quiet, other, _ = wardrobe.worn[before.repeat]
    lead, _, accent = wardrobe.worn[after.repeat]
    low = 0.4 * (1 - manner.pull_back)
    kept.append(KeyFrame(start, everything, quiet, low, _fade_back(view, manner, rng)))
    if rng.random() < 0.4:  # one light stays
        middle = (zones // 2,) if zones % 2 else (zones // 2 - 1, zones // 2)
        kept.append(KeyFrame(start, middle, other, 0.45))
    if rng.random() < manner.blackouts:
        kept.append(KeyFrame(drop_s - view.beat_s, everything, quiet, 0.0))
    color = wardrobe.white if rng.random() < manner.whites else accent
    kept.append(KeyFrame(drop_s, everything, color, 1.0))
    kept.append(KeyFrame(drop_s + view.beat_s, everything, lead, 0.7, 0.5 * view.beat_s))
    return kept


def _section_at(sections: Sequence[SectionTruth], time_s: float) -> SectionTruth:
    return next((section for section in sections if time_s < section.end_s), sections[-1])


def _fade_back(view: SongView, manner: Manner, rng: np.random.Generator) -> float:
    return view.beat_s if rng.random() < manner.fades else 0.0


def _as_carried_out(keys: Sequence[KeyFrame], manner: Manner, rng: np.random.Generator) -> Iterator[KeyFrame]:
    """The plan with this person's timing: what is meant for one moment stays one moment."""
    moments = sorted({round(key.time_s, 4) for key in keys})
    scatter = np.clip(rng.normal(0, manner.jitter_ms, len(moments)), -90, 90)
    shift = dict(zip(moments, (scatter + manner.latency_ms) / 1000, strict=True))
    for key in keys:
        yield replace(key, time_s=max(0.0, key.time_s + float(shift[round(key.time_s, 4)])))


def _master(view: SongView, manner: Manner, frames: int) -> F64:
    """The master fader: as far as this designer follows the song's energy."""
    energy = view.energy(np.arange(frames) / FPS)
    slow = np.convolve(np.pad(energy, (15, 15), mode="edge"), np.full(31, 1 / 31), mode="valid")
    return np.asarray((1 - manner.follows_level * 0.6 * (1 - slow[:frames])) * _pump(view, manner, frames))


def _pump(view: SongView, manner: Manner, frames: int) -> F64:
    """The stage breathes: full on each beat of a driven passage, then down by the manner's share."""
    level = np.ones(frames)
    fall_s, late_s = 0.3 * view.beat_s, manner.latency_ms / 1000
    every = max(1, int(np.ceil(_SHORTEST_BREATH_S / view.beat_s)))
    for section in view.song.sections:
        beats = view.grid(section.start_s, section.end_s)[::every] + late_s
        driven = view.is_driven(section.start_s, section.end_s)
        if section.energy < _PUMPED_FROM or not driven or not len(beats):
            continue
        # The last breath lasts until this designer's next section, which is as late as its first beat.
        edges = (nearest_frame(float(time)) for time in (beats[0], section.end_s + late_s))
        first, last = (min(frames, max(0, edge)) for edge in edges)
        times = np.arange(first, last) / FPS
        since = times - beats[np.searchsorted(beats, times + 0.5 / FPS) - 1]
        level[first:last] = 1 - manner.pump * section.energy * (1 - np.exp(-np.maximum(since, 0.0) / fall_s))
    return level
