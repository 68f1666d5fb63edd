"""Beatomizer turns a song into a safe light show.

    show = beatomizer.render("song.mp3")
    show.save("song.mp4")

Or rung by rung; each function takes what the one before it gave:

    audio = beatomizer.load_audio("song.mp3")
    features = beatomizer.extract_features(audio)
    heard = beatomizer.load_engine("classic").listen(features)
    cues = beatomizer.decide(heard, features, beatomizer.Style(palette="neon", zones=4))
    show = beatomizer.limit(beatomizer.draw_show(cues, source=audio.source))
    show.save("song.png")

Importing the package does nothing: each name below is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from beatomizer.audio.load import load_audio as load_audio
    from beatomizer.cues.cuelist import CueList as CueList
    from beatomizer.cues.decide import decide as decide
    from beatomizer.cues.format import read_cues as read_cues
    from beatomizer.cues.style import Style as Style
    from beatomizer.errors import BeatomizerError as BeatomizerError
    from beatomizer.features.bank import extract_features as extract_features
    from beatomizer.inference.engines import load_engine as load_engine
    from beatomizer.line import render as render
    from beatomizer.safety.check import check_file as check_file
    from beatomizer.safety.limit import limit as limit
    from beatomizer.safety.safe_show import SafeShow as SafeShow
    from beatomizer.show.draw import draw_show as draw_show
    from beatomizer.show.show import Show as Show

_HOMES = {
    "BeatomizerError": "beatomizer.errors",
    "CueList": "beatomizer.cues.cuelist",
    "SafeShow": "beatomizer.safety.safe_show",
    "Show": "beatomizer.show.show",
    "Style": "beatomizer.cues.style",
    "check_file": "beatomizer.safety.check",
    "decide": "beatomizer.cues.decide",
    "draw_show": "beatomizer.show.draw",
    "extract_features": "beatomizer.features.bank",
    "limit": "beatomizer.safety.limit",
    "load_audio": "beatomizer.audio.load",
    "load_engine": "beatomizer.inference.engines",
    "read_cues": "beatomizer.cues.format",
    "render": "beatomizer.line",
}

__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'beatomizer' has no attribute '{name}'")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
