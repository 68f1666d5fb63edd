"""Small sets of clips for tests, made in a moment: a click track and colours that follow it."""

from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.dataset.clip import CLIP_FRAMES, CLIP_SAMPLES, REPEAT, Clip
from beatomizer.dataset.packed import SPLITS
from beatomizer.dataset.shards import write_facts, write_split
from beatomizer.timebase import FPS, SAMPLE_RATE

_CLICK_S = 0.05


def made_set(folder: Path, clips: int = 12, zones: int = 1, seed: int = 0) -> Path:
    """Write a valid set of ``clips`` clips and return its folder.

    Takes have two clips each. Of every four takes two are in ``train``, one in ``validation``, one in ``test``; so
    from six clips on each split has some.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = [made_clip(number, zones, seed) for number in range(clips)]
    shards = {split: write_split(folder, split, [c for c in whole if c.split == split]) for split in SPLITS}
    more = {"settings": {"seed": seed}, "licences": {"CC0-1.0": (clips + 1) // 2}, "takes": (clips + 1) // 2}
    write_facts(folder, shards, labels="zones" if zones > 1 else "mean", zones=zones, more=more)
    rows = ["id,name,split,clips"]
    rows += [f"{clip.facts['take']},made,{clip.split},2" for clip in whole[::2]]
    (folder / "takes.csv").write_text("\n".join(rows) + "\n")
    return folder


def made_clip(number: int, zones: int = 1, seed: int = 0) -> Clip:
    """Fifteen seconds: a click on each beat, a light that flashes on the beat and changes its hue every two bars."""
    take, part = divmod(number, 2)
    rng = np.random.default_rng([seed, number])
    tempo_bpm = float(rng.integers(90, 150))
    beats_s = np.arange(float(rng.uniform(0.1, 0.4)), CLIP_FRAMES / FPS - _CLICK_S, 60 / tempo_bpm)
    time_s = np.arange(CLIP_FRAMES) / FPS
    beat = np.clip(np.searchsorted(beats_s, time_s, side="right") - 1, 0, None)
    level = 0.2 + 0.8 * np.exp(-8 * np.clip(time_s - beats_s[beat], 0, None))
    turn = rng.uniform() + beat[:, None] // 8 / 5 + np.arange(zones) / zones / 4
    rgb = _hue(turn) * level[:, None, None]
    slow = part == 1  # the second clip of each take is filmed at 30 frames a second
    flags = np.where((np.arange(CLIP_FRAMES) % 2 == 1) & slow, REPEAT, 0).astype(np.uint8)
    rgb = np.repeat(rgb[::2], 2, axis=0) if slow else rgb
    return Clip(
        key=f"{take:016x}-{part:04d}",
        split=("train", "validation", "test", "train")[take % 4],
        audio=_clicks(rng, beats_s),
        rgb=np.round(rgb * 65535).astype(np.uint16),
        flags=flags,
        facts={
            "take": f"{take:016x}",
            "start_s": 15.0 * part,
            "labels": "zones" if zones > 1 else "mean",
            "source_fps": "30" if slow else "60",
            "offset_ms": 0.0,
            "quality": [],
            "score": _score(beats_s),
        },
    )


def _clicks(rng: np.random.Generator, beats_s: np.ndarray[Any, np.dtype[Any]]) -> Any:
    sound = 0.01 * rng.standard_normal(CLIP_SAMPLES)
    local = np.arange(int(_CLICK_S * SAMPLE_RATE)) / SAMPLE_RATE
    for index, beat_s in enumerate(beats_s):
        first = round(beat_s * SAMPLE_RATE)
        pitch_hz = 120 if index % 4 == 0 else 60
        sound[first : first + len(local)] += 0.8 * np.sin(2 * np.pi * pitch_hz * local) * np.exp(-60 * local)
    return np.round(np.clip(sound, -1, 1) * 32767).astype(np.int16)


def _score(beats_s: np.ndarray[Any, np.dtype[Any]]) -> dict[str, Any]:
    times = [round(float(value), 6) for value in beats_s]
    half = times[len(times) // 2]
    return {
        "beats": [[time, index % 4 + 1] for index, time in enumerate(times)],
        "onsets": {"kick": times[::2], "snare": times[1::2], "hat": times, "other": []},
        "sections": [
            {"start_s": 0.0, "end_s": half, "label": "verse", "repeat": "A"},
            {"start_s": half, "end_s": CLIP_FRAMES / FPS, "label": "chorus", "repeat": "B"},
        ],
        "energy": [[time, 0.4 if time < half else 0.8] for time in times],
        "meter": "4/4",
        "style": "house",
    }


def _hue(turn: np.ndarray[Any, np.dtype[Any]]) -> Any:
    """Full colours of hues given in turns: ``[...]`` → ``[..., 3]``."""
    return np.clip(np.abs((turn[..., None] + np.array([0.0, 2 / 3, 1 / 3])) % 1 * 6 - 3) - 1, 0, 1)
