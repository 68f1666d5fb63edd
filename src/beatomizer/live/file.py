"""The live follower on a file: what it would have done, had it stood beside the speaker, sooner than the song lasts."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from beatomizer.arrays import F32, U8
from beatomizer.audio.audio import Audio
from beatomizer.color import linear_to_rgb8
from beatomizer.cues.cuelist import CueList
from beatomizer.cues.style import Style
from beatomizer.features.bank import FeatureStream
from beatomizer.live.follower import LEAD_MS, Decider, Listener, LiveEngine
from beatomizer.live.gain import AutomaticGain
from beatomizer.progress import Progress, silent
from beatomizer.safety.limiter import Limiter
from beatomizer.show.show import Show
from beatomizer.timebase import HOP, frame_count

_BLOCK_FRAMES = 600
"""Frames that features and model hear at once: a file need not arrive one by one."""


def listen_live(
    audio: Audio,
    engine: LiveEngine,
    style: Style | None = None,
    *,
    lead_ms: float = LEAD_MS,
    progress: Progress = silent,
) -> CueList:
    """The beats, cues and sections of a song, each decided from its past alone, as ``LiveFollower`` decides them.

    Args:
        audio: the song.
        engine: what listens; its model must stream.
        style: the wishes.
        lead_ms: as for ``LiveFollower``.
        progress: told about the stage "cues".

    Raises:
        UsageError: a lead out of range, or an unknown palette.
        UnreadableInputError: the model hears whole songs only.
    """
    decider, listener = _decider(engine, style, lead_ms, draws=False)
    for _ in _decided(audio, decider, listener, "cues", progress):
        pass
    return _named(decider, audio, engine)


def live_show(
    audio: Audio,
    engine: LiveEngine,
    style: Style | None = None,
    *,
    lead_ms: float = LEAD_MS,
    progress: Progress = silent,
) -> Show:
    """The light that ``LiveFollower`` would have given, frame by frame limited; arguments as for ``listen_live``.

    ``safety.limit`` finds nothing left to change in it.
    """
    decider, listener = _decider(engine, style, lead_ms, draws=True)
    wanted: U8 = np.empty((frame_count(len(audio.samples)), decider.style.zones, 3), dtype=np.uint8)
    for start, stop in _decided(audio, decider, listener, "show", progress):
        wanted[start:stop] = linear_to_rgb8(decider.light())
    shown = Limiter(decider.style.zones, decider.style.safety).run(wanted)
    return Show(shown, _named(decider, audio, engine), audio.source)


def _decider(
    engine: LiveEngine, style: Style | None, lead_ms: float, *, draws: bool
) -> tuple[Decider, Listener]:
    listener = engine.stream()
    return Decider(style or Style(), lead_ms, listener.card.latency_frames, draws=draws), listener


def _decided(
    audio: Audio, decider: Decider, listener: Listener, stage: str, progress: Progress
) -> Iterator[tuple[int, int]]:
    """Let the decider hear the song, and say after each block which frames those were."""
    stream, gain = FeatureStream(), AutomaticGain()
    count = frame_count(len(audio.samples))
    for start in range(0, count, _BLOCK_FRAMES):
        samples, levels = _levelled(audio.samples, start, min(start + _BLOCK_FRAMES, count), gain)
        frames = stream.push(samples)
        scores = listener.push(frames)
        for number, features in enumerate(frames):
            row = {name: values[number] for name, values in scores.items()}
            decider.step(features, row, *levels[number])
        yield start, start + len(frames)
        progress(stage, min(1.0, (start + len(frames)) / count))


def _named(decider: Decider, audio: Audio, engine: LiveEngine) -> CueList:
    return replace(decider.cue_list(audio.duration_s, audio.title, engine.name), artist=audio.artist)


def _levelled(
    samples: F32, start: int, stop: int, gain: AutomaticGain
) -> tuple[F32, list[tuple[float, float]]]:
    """Samples of the frames ``start`` to ``stop`` after the gain (the last frame padded with silence); the level
    before it and the gain, in decibels, of each.
    """
    block = samples[start * HOP : stop * HOP]
    block = np.pad(block, (0, (stop - start) * HOP - len(block)))
    levelled, levels = [], []
    for frame in block.reshape(-1, HOP):
        levelled.append(gain.push(frame))
        levels.append((gain.level_db, gain.gain_db))
    return np.concatenate(levelled), levels
