"""What tasks do with a song, each in a process of its own: listen, design, draw. Results are files in its folder."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.audio.audio import Audio
from beatomizer.audio.load import load_audio
from beatomizer.ceilings import raise_memory
from beatomizer.cues.cuelist import CueList
from beatomizer.cues.format import read_cues, to_json
from beatomizer.cues.style import Style
from beatomizer.errors import BeatomizerError
from beatomizer.features.bank import extract_features
from beatomizer.inference.engines import load_engine
from beatomizer.line import Listened, designed, listen, redesigned
from beatomizer.outputs.files.page import light
from beatomizer.progress import silent
from beatomizer.safety.limit import limit
from beatomizer.show.draw import draw_show
from beatomizer.studio.doing import Teller
from beatomizer.studio.heard import read_heard, save_heard
from beatomizer.studio.wave import wave_of

COARSE_MODEL = "classic"
"""Hears a song in a tenth of the time, so that there is something to see at once."""

LONGEST_COARSE_S = 900.0
"""Of a longer song the first show is not drawn twice: it would only come later."""


def listen_task(told: dict[str, Any], tell: Teller) -> dict[str, Any]:
    """Song → waveform, a coarse show at once, then the one that was wished for.

    Args:
        told: ``song`` (path), ``home`` (folder), ``prefix`` of the result's names, ``name`` (for songs without a
            title), ``wishes``.
        tell: told progress, ``wave`` and ``coarse`` on the way.
    """
    home, prefix = Path(told["home"]), told["prefix"]
    model, style = style_of(told["wishes"])
    audio = _loaded(told, tell)
    (home / f"{prefix}-wave.bin").write_bytes(wave_of(audio.samples))
    tell.tell(
        {"wave": f"{prefix}-wave.bin", "duration_s": audio.duration_s, "warnings": list(audio.warnings)[:20]}
    )
    tell("features", 0.0)
    features = extract_features(audio)
    if model != COARSE_MODEL and audio.duration_s <= LONGEST_COARSE_S:
        first = listen(audio, load_engine(COARSE_MODEL), features=features)
        tell.tell({"coarse": drawn(designed(first, style), home, f"{prefix}-coarse")})
    tell("listening", 0.0)
    heard = listen(audio, load_engine(model), features=features)
    tell("designing", 0.0)
    cues = designed(heard, style)
    kept = _kept(heard, home, prefix)
    tell("drawing", 0.0)
    return drawn(cues, home, prefix, tell) | kept


def redraw_task(told: dict[str, Any], tell: Teller) -> dict[str, Any]:
    """Cue list (a file, ``cues``) → light."""
    raise_memory()
    cues = read_cues(Path(told["cues"]))
    tell("drawing", 0.0)
    return drawn(cues, Path(told["home"]), told["prefix"], tell, write_cues=False)


def redesign_task(told: dict[str, Any], tell: Teller) -> dict[str, Any]:
    """Other wishes: a cue list by them, and its light.

    Args:
        told: as ``listen_task``; ``heard``, a file of an earlier listening, or empty; ``cues``, the edited list, whose
            form is kept, or empty to begin from nothing; ``kept`` stretches.
        tell: told progress.
    """
    home, prefix = Path(told["home"]), told["prefix"]
    model, style = style_of(told["wishes"])
    song, extra = read_heard(Path(told["heard"]), model) if told["heard"] else None, {}
    if song is None:
        audio = _loaded(told, tell)
        tell("listening", 0.0)
        song = listen(audio, load_engine(model))
        extra = _kept(song, home, prefix)
    tell("designing", 0.0)
    raise_memory()
    if told["cues"]:
        kept = [(float(start_s), float(end_s)) for start_s, end_s in told["kept"]]
        cues = redesigned(song, read_cues(Path(told["cues"])), style, kept)
    else:
        cues = designed(song, style)
    tell("drawing", 0.0)
    return drawn(cues, home, prefix, tell) | extra


def _kept(song: Listened, home: Path, prefix: str) -> dict[str, str]:
    """Write down what was heard; the name of the file, empty if it is too much to keep."""
    name = f"{prefix}-heard.npz"
    return {"heard": name if save_heard(song, home / name) else ""}


def style_of(wishes: dict[str, Any]) -> tuple[str, Style]:
    """The model, and the wishes as the designer takes them."""
    names = ("palette", "energy", "seed", "zones", "safety")
    return str(wishes["model"]), Style(**{name: wishes[name] for name in names})


def drawn(
    cues: CueList, home: Path, prefix: str, tell: Teller | None = None, *, write_cues: bool = True
) -> dict[str, Any]:
    """Draw and limit a cue list into files; what the server has to know of it."""
    show = limit(draw_show(cues), cues.safety, progress=tell or silent)
    rgb8 = show.rgb8 if show.frames else np.zeros((1, show.zones, 3), dtype=np.uint8)
    calm = light.calm(rgb8)
    parts = light.packed(rgb8), light.packed(calm)
    (home / f"{prefix}-light.bin").write_bytes(b"".join(parts))
    if write_cues:
        with (home / f"{prefix}-cues.json").open("w", encoding="utf-8") as file:
            file.write(to_json(cues))
            file.flush()
            os.fsync(file.fileno())
    report = show.report
    return {
        "cues": f"{prefix}-cues.json" if write_cues else "",
        "light": {
            "file": f"{prefix}-light.bin",
            "frames": len(rgb8),
            "zones": show.zones,
            "calm_points": len(calm),
            "calm_step": light.CALM_STEP,
            "light_bytes": len(parts[0]),
            "calm_bytes": len(parts[1]),
        },
        "report": {
            "line": report.line(),
            "profile": report.profile,
            "passages_limited": report.passages_limited,
            "frames_limited": report.frames_limited,
            "peak_flashes_per_s": report.peak_flashes_per_s,
            "beats": report.beats,
            "beats_visible": report.beats_visible,
        },
    }


def _loaded(told: dict[str, Any], tell: Teller) -> Audio:
    """The song, called by the name that a person gave it where it has no title."""
    song = Path(told["song"])
    try:
        audio = load_audio(song, progress=tell)
    except BeatomizerError as error:
        error.problem = error.problem.replace(f"'{song.name}'", f"'{told['name']}'")
        raise
    raise_memory()
    return replace(audio, title=told["name"]) if audio.title == song.stem else audio
