"""Batches: excerpts of songs at other speeds, in other keys, with holes; and what should be said of them."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from beatomizer.arrays import F32, F64, Bool, Int
from beatomizer.dataset.lessons.targets import soft_hue, soft_tempo
from beatomizer.features.bank import COLUMNS
from beatomizer.models.listening.heads import SLOW_FRAMES
from beatomizer.timebase import FPS
from beatomizer.training.listening.recipe import AugmentPart
from beatomizer.training.listening.songs import Song

EDGE_FRAMES = 12
"""Half the foot of the hill at a boundary."""

SILENCE: F32 = np.zeros(104, dtype=np.float32)
SILENCE[COLUMNS["mel"]] = -3.0
"""A frame in which nothing sounds."""


@dataclass(frozen=True)
class Batch:
    """B excerpts of T frames (U = T / 8 slow steps) with their targets; masks are 1 where the truth is known.

    Attributes:
        frames: ``[B, T, F]``.
        beat, downbeat, boundary, light: ``[B, T]``; ``onsets``: ``[B, T, 4]``; ``phase``: ``[B, T, 2]``, −1..1.
        rgb: ``[B, T, 3]``, linear.
        energy: ``[B, U]``; ``tempo``: ``[B, U, 49]``; ``part``, ``letter``, ``look``: int64 ``[B, U]``, −1 unknown;
            ``hue``: ``[B, U, 24]``, all zero where unknown.
        knows_*: ``[B]``, which kinds are known; ``inside``: ``[B, T]``, 1 within the song.
    """

    frames: Tensor
    beat: Tensor
    downbeat: Tensor
    boundary: Tensor
    light: Tensor
    onsets: Tensor
    phase: Tensor
    rgb: Tensor
    energy: Tensor
    tempo: Tensor
    part: Tensor
    letter: Tensor
    look: Tensor
    hue: Tensor
    inside: Tensor
    knows_beats: Tensor
    knows_bars: Tensor
    knows_onsets: Tensor
    knows_sections: Tensor
    knows_energy: Tensor
    knows_light: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same elsewhere."""
        return Batch(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def batch_of(
    songs: list[Song], frames: int, excerpts: int, augment: AugmentPart, seed: tuple[int, ...]
) -> Batch:
    """Excerpts by chance; the same seed gives the same batch."""
    rng = np.random.default_rng(seed)
    weights = np.array([len(song) for song in songs], dtype=np.float64)
    chosen = rng.choice(len(songs), size=excerpts, p=weights / weights.sum())
    return stacked([excerpt(songs[int(place)], frames, augment, rng) for place in chosen])


def stacked(parts: list[dict[str, Any]]) -> Batch:
    """Excerpts of one length as a batch."""
    return Batch(**{name: torch.from_numpy(np.stack([part[name] for part in parts])) for name in parts[0]})


def excerpt(song: Song, frames: int, augment: AugmentPart, rng: np.random.Generator) -> dict[str, Any]:
    """One excerpt, at a speed and from a place by chance. Songs that are too short have silence around them."""
    speed = float(np.exp(rng.uniform(-augment.stretch, augment.stretch))) if rng.random() < 0.7 else 1.0
    span = frames * speed
    start = float(rng.uniform(min(0.0, len(song) - span), max(0.0, len(song) - span)))
    part = whole(song, frames, start, speed)
    part["frames"] = varied(part["frames"], augment, rng)
    return part


def whole(song: Song, frames: int, start: float = 0.0, speed: float = 1.0) -> dict[str, Any]:
    """``frames`` frames of a song from frame ``start``, played ``speed`` times as fast, with their targets."""
    at: F64 = np.asarray(start + np.arange(frames) * speed, dtype=np.float64)
    inside = (at >= 0) & (at <= len(song) - 1)
    nearest = np.clip(np.round(at), 0, len(song) - 1).astype(np.int64)
    slow = np.minimum(nearest[::SLOW_FRAMES] // SLOW_FRAMES, len(song.part) - 1)
    slow_inside = inside[::SLOW_FRAMES]

    def marked(times: F64) -> F32:
        out = np.zeros(frames, dtype=np.float32)
        places = np.round((times - start) / speed).astype(np.int64)
        out[places[(places >= 0) & (places < frames)]] = 1.0
        return out

    def classes(values: Int) -> Int:
        return np.where(slow_inside, values[slow], -1)

    hue = np.where(slow_inside, song.hue[slow].astype(np.float64), np.nan)
    part: dict[str, Any] = {
        "frames": _resampled(song, at, inside),
        "beat": marked(song.beats),
        "downbeat": marked(song.downbeats),
        "boundary": _hills((song.boundaries - start) / speed, frames),
        "light": np.where(inside, song.light[nearest], 0.0),
        "onsets": np.stack([marked(times) for times in song.onsets], axis=1),
        "phase": _phase(song, nearest, at, inside),
        "rgb": np.where(inside[:, None], song.rgb[nearest], 0.0),
        "energy": np.where(slow_inside, song.energy[nearest[::SLOW_FRAMES]], 0.0),
        "tempo": soft_tempo(
            60.0 * FPS * speed / np.where(slow_inside, song.period[nearest[::SLOW_FRAMES]], np.nan)
        ),
        "hue": np.where(np.isnan(hue)[:, None], 0.0, soft_hue(hue.astype(np.float32))),
        "inside": inside,
    }
    part |= {
        f"knows_{kind}": kind in song.known
        for kind in ("beats", "bars", "onsets", "sections", "energy", "light")
    }
    arrays: dict[str, F32 | Int] = {name: np.asarray(value, dtype=np.float32) for name, value in part.items()}
    return arrays | {name: classes(getattr(song, name)) for name in ("part", "letter", "look")}


def _resampled(song: Song, at: F64, inside: Bool) -> F32:
    """Features at fractional frames: straight lines between, but of two rises the larger: a click stays one."""
    low = np.clip(np.floor(at), 0, len(song) - 1).astype(np.int64)
    high = np.minimum(low + 1, len(song) - 1)
    share = (at - np.floor(at)).astype(np.float32)[:, None]
    before, after = song.frames[low].astype(np.float32), song.frames[high].astype(np.float32)
    out = before + share * (after - before)
    if float(share.max(initial=0.0)) > 0.0:
        flux = COLUMNS["flux"]
        out[:, flux] = np.maximum(before[:, flux] * (share < 0.75), after[:, flux] * (share > 0.25))
    return np.where(inside[:, None], out, SILENCE)


def _phase(
    song: Song,
    nearest: Int,
    at: F64,
    inside: Bool,
) -> F32:
    angle = (
        2
        * np.pi
        * (
            song.count[nearest].astype(np.float64)
            + (at - nearest) / np.nan_to_num(song.period[nearest], nan=30.0)
        )
    )
    turn = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.where(inside[:, None] & ~np.isnan(turn), turn, 0.0).astype(np.float32)


def _hills(places: F64, frames: int) -> F32:
    out = np.zeros(frames, dtype=np.float32)
    for place in places:
        low, high = max(0, int(place) - EDGE_FRAMES), min(frames, int(place) + EDGE_FRAMES + 2)
        if low < high:
            hill = 1.0 - np.abs(np.arange(low, high) - place) / EDGE_FRAMES
            out[low:high] = np.maximum(out[low:high], hill)
    return out


def varied(frames: F32, augment: AugmentPart, rng: np.random.Generator) -> F32:
    """Features in another key, with bands missing, noise, a moment of silence; ``[T, F]``, a new array."""
    out = frames.copy()
    mel, flux, chroma = (out[:, COLUMNS[name]] for name in ("mel", "flux", "chroma"))
    if rng.random() < augment.key:
        chroma[:] = np.roll(chroma, int(rng.integers(12)), axis=1)
        shift = int(rng.integers(-2, 3))
        places = np.clip(np.arange(mel.shape[1]) - shift, 0, mel.shape[1] - 1)
        mel[:] = mel[:, places]
    if rng.random() < augment.bands:
        start, width = int(rng.integers(0, 60)), int(rng.integers(2, 14))
        mel[:, start : start + width] = -3.0
    if rng.random() < augment.bands:
        start, width = int(rng.integers(0, 22)), int(rng.integers(1, 7))
        flux[:, start : start + width] = 0.0
    if rng.random() < augment.noise:
        mel += rng.normal(0.0, rng.uniform(0.05, 0.4), mel.shape).astype(np.float32)
    if rng.random() < augment.hush:
        start = int(rng.integers(0, len(out)))
        out[start : start + int(rng.integers(6, 60))] = SILENCE
    if rng.random() < augment.deaf:
        chroma[:] = 0.0
    return out
