"""From cues to light: ``CueList`` → ``Show``, 60 frames a second, the same bytes for the same list.

A zone plays the latest cue that names it, from that cue's first frame on. The show is cut where any cue begins; each
piece is drawn cue by cue by the cue's look, which always lays itself out over all the zones of its cue, whether or
not another cue has taken some of them. Pieces are at most ``CHUNK_LIGHTS`` lights long, so the memory needed beside
the show itself does not grow with the song.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from beatomizer.arrays import F64, Int
from beatomizer.color import linear_to_rgb8
from beatomizer.cues.cuelist import Cue, CueList
from beatomizer.errors import ResourceLimitError
from beatomizer.inference.engine import RawLight
from beatomizer.show.looks import LOOKS
from beatomizer.show.mixing import fade
from beatomizer.show.scene import Scene, Song, first_frame, song_of
from beatomizer.show.show import Show
from beatomizer.show.zones import zones_of
from beatomizer.timebase import FPS, clock, frame_count_of_duration

CHUNK_LIGHTS = 32_768
"""Frames times zones drawn at once: about 10 MB of working memory."""

MOST_LIGHTS = 6_000_000
"""Frames times zones of the largest show, about 28 hours of one light: beyond it a render needs over 1.5 GB."""

FALLBACK_COLORS = ("#ffffff",)
"""For a cue without colours in a list without a palette."""

DARK = -1
"""In place of a cue's number: before the first cue of a zone there is no light."""


def draw_show(cues: CueList, *, source: Path | None = None) -> Show:
    """Draw a cue list: uint8 sRGB ``[T, cues.zones, 3]``, T frames that cover ``cues.duration_s``.

    Before its first cue a zone is dark; a list without cues is dark throughout.

    Raises:
        ResourceLimitError: more than ``MOST_LIGHTS`` frames times zones.
    """
    length = frame_count_of_duration(cues.duration_s)
    _refuse_too_many(length, cues.zones)
    rgb8 = np.zeros((length, cues.zones, 3), dtype=np.uint8)
    plan = _plan(cues, len(rgb8))
    song = song_of(cues)
    step = max(1, CHUNK_LIGHTS // cues.zones)
    for row, (start, end) in enumerate(pairwise(plan.cuts)):
        for first in range(start, end, step):
            frames = np.arange(first, min(first + step, end))
            for number in np.unique(plan.playing[row]):
                if number != DARK:
                    zones = np.flatnonzero(plan.playing[row] == number)
                    light = _light(plan, song, row, int(number), zones, frames)
                    rgb8[first : first + len(frames), zones] = linear_to_rgb8(light)
    return Show(rgb8, cues, source)


def _refuse_too_many(frames: int, zones: int) -> None:
    if frames * zones > MOST_LIGHTS:
        raise ResourceLimitError(
            f"{zones} zones for {clock(frames / FPS)} are too many",
            f"{zones} can be lit for {clock(MOST_LIGHTS / zones / FPS)}; use fewer with --zones",
        )


def raw_show(raw: RawLight, zones: int, *, source: Path | None = None) -> Show:
    """Colour straight from an engine, ``[T, Z', 3]``, on a stage of ``zones`` lights.

    Each zone shows the engine's zone that lies at its place on the stage: fewer are spread, more are thinned out.

    Raises:
        ResourceLimitError: as ``draw_show``.
    """
    _refuse_too_many(len(raw.linear), zones)
    given = raw.linear.shape[1]
    place = np.arange(zones) * given // zones
    return Show(linear_to_rgb8(raw.linear.astype(np.float64))[:, place], None, source)


@dataclass(frozen=True)
class _Plan:
    """Who plays what when. S stretches, Z zones; cues are numbered in the order of time.

    Attributes:
        cues: in the order of time; of two at the same time the later in the list comes later.
        starts: first frame of each cue.
        members: zone numbers of each cue.
        cuts: ``[S + 1]`` frames; stretch s lasts from ``cuts[s]`` to ``cuts[s + 1]``, and in it no cue begins.
        playing: ``[S, Z]`` number of the cue that each zone plays.
        before: ``[S, Z]`` number of the cue that it played until that one.
        until: ``[S, Z]`` frame at which the next cue takes the zone.
    """

    cues: list[Cue]
    starts: list[int]
    members: list[Int]
    cuts: list[int]
    playing: Int
    before: Int
    until: Int


def _plan(cues: CueList, frames: int) -> _Plan:
    ordered = sorted((_with_colors(cue, cues) for cue in cues.cues), key=lambda cue: cue.time_s)
    starts = [max(0, first_frame(cue.time_s)) for cue in ordered]
    members = [zones_of(cue.zones, cues.zones) for cue in ordered]
    cuts = sorted({start for start in starts if start < frames} | {frames})
    shape = (len(cuts) - 1, cues.zones)
    playing, before, until = np.full(shape, DARK), np.full(shape, DARK), np.full(shape, frames)
    now, number = np.full(cues.zones, DARK), 0
    for row, cut in enumerate(cuts[:-1]):
        while number < len(ordered) and starts[number] <= cut:
            now[members[number]] = number
            number += 1
        playing[row] = now
    changes = playing[1:] != playing[:-1]
    for row in range(1, len(playing)):
        before[row] = np.where(changes[row - 1], playing[row - 1], before[row - 1])
    for row in range(len(playing) - 2, -1, -1):
        until[row] = np.where(changes[row], cuts[row + 1], until[row + 1])
    return _Plan(ordered, starts, members, cuts, playing, before, until)


def _with_colors(cue: Cue, cues: CueList) -> Cue:
    return cue if cue.colors else replace(cue, colors=cues.palette[:2] or FALLBACK_COLORS)


def _light(plan: _Plan, song: Song, row: int, number: int, zones: Int, frames: Int) -> F64:
    """Linear light ``[n, len(zones), 3]`` of one cue, faded from what its zones played before."""
    light = _unfaded(plan, song, number, zones, frames)
    start = plan.starts[number]
    # A fade that the next cue would cut short is over by then, so that light never jumps back.
    lasts = np.minimum(round(plan.cues[number].fade_s * FPS), plan.until[row, zones] - start)
    fading = frames[frames < start + lasts.max(initial=0)]
    if not len(fading):
        return light
    earlier = np.zeros((len(fading), len(zones), 3))
    befores = plan.before[row, zones]
    for before in np.unique(befores[befores != DARK]):
        own = befores == before
        earlier[:, own] = _unfaded(plan, song, int(before), zones[own], fading)
    progress = np.clip((fading[:, None] - start) / np.maximum(lasts, 1), 0.0, 1.0)
    light[: len(fading)] = fade(earlier, light[: len(fading)], np.where(lasts > 0, progress, 1.0))
    return light


def _unfaded(plan: _Plan, song: Song, number: int, zones: Int, frames: Int) -> F64:
    """Linear light of some zones of a cue, which lays its look out over all of them."""
    cue, members = plan.cues[number], plan.members[number]
    light = LOOKS[cue.look](Scene(cue, frames, members, song))
    return light[:, np.searchsorted(members, zones)]
