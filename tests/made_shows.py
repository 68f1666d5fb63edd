"""Shows and sounds made for tests of the picture and the page; nothing here is a real song."""

import wave
from pathlib import Path

import numpy as np

from beatomizer.color import linear_to_rgb8, parse_hex, rgb8_to_linear
from beatomizer.cues.cuelist import Beat, Cue, CueList, Section
from beatomizer.safety.safe_show import SafeShow, SafetyReport, sealed
from beatomizer.show.show import Show
from beatomizer.timebase import FPS

PALETTE = ("#ff2a6d", "#05d9e8", "#7a04eb", "#ffb000")


def write_click_song(path: Path, seconds: float, bpm: float = 120.0, rate: int = 48_000) -> Path:
    """A stereo wav: a decaying click on every beat over a soft chord, so that its time can be read back."""
    t = np.arange(round(seconds * rate)) / rate
    since = t % (60 / bpm)
    click = np.exp(-since * 60) * np.sin(2 * np.pi * 1200 * since)
    swell = 0.25 + 0.2 * np.sin(2 * np.pi * t / max(seconds, 1.0) - np.pi / 2)
    chord = swell * sum(np.sin(2 * np.pi * f * t) for f in (220.0, 277.2, 329.6)) / 3
    both = np.stack([0.7 * click + 0.5 * chord, 0.7 * click + 0.45 * chord], axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(both, -1, 1) * 32_000).astype("<i2").tobytes())
    return path


def made_cues(
    seconds: float, bpm: float = 120.0, title: str = "Made for tests", artist: str = "Nobody"
) -> CueList:
    """A cue list with all kinds of sections and looks."""
    step = 60 / bpm
    beats = tuple(
        Beat(i * step, i % 4 + 1, 1.0, 0.6 + 0.4 * (i % 4 == 0)) for i in range(int(seconds / step))
    )
    kinds = ("intro", "steady", "build", "drop", "break", "drop", "outro")
    edges = np.linspace(0, seconds, len(kinds) + 1)
    labels = "ABCDBDE"
    sections = tuple(
        Section(float(a), float(b), label, kind)
        for a, b, label, kind in zip(edges[:-1], edges[1:], labels, kinds, strict=True)
    )
    looks = ("hold", "pulse", "swell", "alternate", "sparkle", "chase", "hold")
    cues = tuple(
        Cue(float(edge), look, (PALETTE[i % 4], PALETTE[(i + 1) % 4]))
        for i, (edge, look) in enumerate(zip(edges, looks, strict=False))
    )
    return CueList(seconds, beats, sections, PALETTE, cues, title=title, artist=artist, tempo_bpm=bpm)


def made_show(
    seconds: float = 8.0,
    zones: int = 8,
    cues: CueList | None = None,
    source: Path | None = None,
    bpm: float = 90.0,
) -> SafeShow:
    """Zones that pulse one after the other in the palette's colours, sealed as if the limiter had passed them."""
    t = np.arange(round(seconds * FPS)) / FPS
    beat = t * bpm / 60
    colors = rgb8_to_linear(np.array([parse_hex(color) for color in PALETTE], dtype=np.uint8))
    part = np.minimum((t / max(seconds, 1e-9) * 7).astype(int), 6)
    level = np.array([0.25, 0.5, 0.6, 1.0, 0.35, 1.0, 0.2])[part]
    zone = np.arange(zones)
    turn = (np.floor(beat)[:, None] + zone) % 2
    envelope = np.exp(-3.0 * (beat % 1.0))[:, None] * (0.25 + 0.75 * turn)
    floor = 0.06 + 0.10 * (1 + np.sin(2 * np.pi * (t[:, None] / 9 + zone / max(zones, 1)))) / 2
    height = level[:, None] * np.maximum(envelope, floor)
    which = (part[:, None] + (zone >= zones / 2)) % 4
    rgb8 = linear_to_rgb8(colors[which] * height[..., None])
    report = SafetyReport("broadcast", 3, 40, 1.5, int(seconds * bpm / 60), int(seconds * bpm / 60))
    return sealed(Show(rgb8, cues, source), report)
