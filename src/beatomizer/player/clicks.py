"""Click and flash once a second: what eyes and ears need to find out how late an output is.

One flash a second stays within every profile but ``calm``, where light only swells below what counts as a flash.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from beatomizer.arrays import U8
from beatomizer.cues.cuelist import Beat, Cue, CueList, Section
from beatomizer.cues.format import to_json
from beatomizer.safety.limit import limit
from beatomizer.show.show import Show
from beatomizer.timebase import FPS

if TYPE_CHECKING:
    from beatomizer.player.prepare import Prepared

SECONDS = 60
_FLASH_S, _FADE_S = 0.10, 0.15
_CLICK_HZ, _CLICK_S = 1_800.0, 0.012


def flashes(zones: int, profile: str, seconds: int = SECONDS) -> Show:
    """A white flash at the start of each second, through the limiter: uint8 ``[60 · seconds, Z, 3]``."""
    beats = tuple(Beat(float(number), 1) for number in range(seconds))
    cues = CueList(
        float(seconds),
        beats=beats,
        sections=(Section(0.0, float(seconds), "A"),),
        palette=("#ffffff",),
        cues=(Cue(0.0, "pulse", ("#ffffff",)),),
        title="calibration",
        tempo_bpm=60.0,
        zones=zones,
        safety=profile,
    )
    return limit(Show(wanted_flashes(zones, seconds), cues), profile)


def wanted_flashes(zones: int, seconds: int = SECONDS) -> U8:
    """The same before the limiter, which leaves it as it is in every profile but ``calm``."""
    at_s = (np.arange(FPS) / FPS)[:, None, None]
    height = np.clip((_FLASH_S + _FADE_S - at_s) / _FADE_S, 0.0, 1.0)
    second: U8 = np.round(np.broadcast_to(200.0 * height, (FPS, zones, 3))).astype(np.uint8)
    return np.tile(second, (seconds, 1, 1))


def clicks(sample_rate: int, seconds: int = SECONDS) -> "np.ndarray[tuple[int, ...], np.dtype[np.int16]]":
    """A click at the start of each second: int16 ``[N, 2]``."""
    at_s = np.arange(round(_CLICK_S * sample_rate)) / sample_rate
    click = np.sin(2.0 * np.pi * _CLICK_HZ * at_s) * np.exp(-at_s / (_CLICK_S / 4.0))
    second = np.zeros((sample_rate, 2))
    second[: len(click)] = 0.6 * click[:, None]
    return np.tile(np.round(second * 32767.0).astype("<i2"), (seconds, 1))


def write_clicks(home: Path, zones: int, profile: str, sample_rate: int) -> "Prepared":
    """Clicks and flashes as a song that is ready to be played; without sound if ``sample_rate`` is 0."""
    from beatomizer.player.prepare import Prepared  # decodes songs; whoever only flashes needs none of it

    home.mkdir()
    show = flashes(zones, profile)
    np.save(home / "show.npy", show.rgb8)
    assert show.cues is not None
    (home / "cues.json").write_text(to_json(show.cues), encoding="utf-8")
    if sample_rate:
        clicks(sample_rate).tofile(home / "sound.s16")
    facts = {
        "title": "calibration",
        "artist": "",
        "duration_s": show.duration_s,
        "tempo_bpm": 60.0,
        "safety": "",
        "sample_rate": sample_rate,
    }
    (home / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    return Prepared.read(home)
