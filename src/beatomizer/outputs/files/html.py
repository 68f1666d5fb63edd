"""The web page (``.html``): a whole show in one file that plays anywhere, without a network.

The page carries the song's sound, the light of every zone at 60 frames a second, and a stage that draws them in sync.
It asks nothing of the network: its content security policy forbids it, and allows only the script and the style whose
hashes are written into it. Titles and artists are text from strangers: they are escaped, and never become markup.
"""

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np

from beatomizer.arrays import U8
from beatomizer.color import format_hex, linear_to_rgb8, luminance, parse_hex, rgb8_to_linear
from beatomizer.errors import one_line
from beatomizer.outputs.files.names import title_and_artist
from beatomizer.outputs.files.options import FileOptions
from beatomizer.outputs.files.page import light
from beatomizer.outputs.files.page.sound import MIME_TYPE, sound_bytes
from beatomizer.progress import Progress, silent
from beatomizer.safety.safe_show import SafeShow
from beatomizer.show.show import Show
from beatomizer.timebase import FPS

SCRIPTS = ("light.js", "clock.js", "scenery.js", "beams.js", "stage.js", "ribbon.js", "page.js")
"""In the order in which they are joined into the page's one script. The studio loads the same files as modules."""

DEFAULT_ACCENT = "#8ab4ff"

_LEAST_ACCENT_LUMINANCE = 0.26
"""Contrast of at least 5.7 against the page's ground and for dark type on the accent (WCAG AA asks for 4.5)."""

_PIECE = 3 * 2**18
"""Bytes turned to base64 at a time; a multiple of 3, so that the pieces join without padding."""


def write(show: SafeShow, path: Path, options: FileOptions, progress: Progress = silent) -> None:
    """Write the page of ``show`` to ``path``."""
    progress("page", 0.0)
    sound = sound_bytes(show.source, show.frames, progress) if show.source is not None else b""
    rgb8 = _at_least_a_frame(show)
    calm = light.calm(rgb8)
    data = {"light": light.packed(rgb8), "calm": light.packed(calm), "sound": sound}
    texts = _texts(show, len(rgb8), len(calm), has_sound=bool(sound))
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for part in _filled(texts, data):
            file.write(part)
    progress("page", 1.0)


def _at_least_a_frame(show: Show) -> U8:
    return show.rgb8 if show.frames else np.zeros((1, max(1, show.zones), 3), dtype=np.uint8)


def _filled(texts: dict[str, str], data: dict[str, bytes]) -> Iterator[str]:
    """The template in pieces, each ``{{name}}`` replaced once: what is put in is not searched again."""
    for index, part in enumerate(re.split(r"\{\{(\w+)\}\}", _asset("page.html"))):
        if index % 2 == 0:
            yield part
        elif part in data:
            for start in range(0, len(data[part]), _PIECE):
                yield base64.b64encode(data[part][start : start + _PIECE]).decode("ascii")
        else:
            yield texts[part]


def _texts(show: SafeShow, frames: int, calm_points: int, has_sound: bool) -> dict[str, str]:
    """What stands in the template's places; everything that came with the song is escaped here."""
    title, artist = title_and_artist(show)
    style = _asset("page.css").replace("{{accent}}", accent(show))
    script = "(() => {\n'use strict';\n" + "\n".join(_joinable(_asset(name)) for name in SCRIPTS) + "})();\n"
    minutes, seconds = divmod(round(show.duration_s), 60)
    report = show.report
    return {
        "csp": _policy(script, style),
        "style": style,
        "script": script,
        "title": html.escape(title),
        "artist": html.escape(artist),
        "length": f"{minutes} min {seconds:02d} s" if minutes else f"{seconds} s",
        "safety": html.escape(f"Flash safety: {one_line(report.line())}"),
        "report": html.escape(one_line(report.line().rsplit(" (", 1)[0])),
        "profile": html.escape(one_line(report.profile)),
        "facts": _facts(show, frames, calm_points, has_sound),
    }


def _facts(show: SafeShow, frames: int, calm_points: int, has_sound: bool) -> str:
    """What the script needs besides the light, as JSON that cannot end the element it stands in."""
    sections = show.cues.sections if show.cues is not None else ()
    facts = {
        "frames": frames,
        "zones": max(1, show.zones),
        "duration_s": frames / FPS,
        "calm_points": calm_points,
        "calm_step": light.CALM_STEP,
        "sound": MIME_TYPE if has_sound else "",
        "sections": [
            {
                "start_s": part.start_s,
                "end_s": part.end_s,
                "kind": one_line(part.kind, 40),
                "shown": one_line(part.shown, 40),
            }
            for part in sections
        ],
    }
    return json.dumps(facts, separators=(",", ":")).replace("<", "\\u003c")


def accent(show: Show) -> str:
    """The palette's most saturated colour, lightened until type on it and beside it can be read."""
    palette = [parse_hex(color) for color in (show.cues.palette if show.cues is not None else ())]
    vivid = max(palette, key=lambda color: max(color) - min(color), default=None)
    if vivid is None or max(vivid) == min(vivid):
        return DEFAULT_ACCENT
    linear = rgb8_to_linear(np.array(vivid, dtype=np.uint8))
    linear = linear / linear.max()
    short = _LEAST_ACCENT_LUMINANCE - float(luminance(linear))
    if short > 0:
        linear = linear + (1 - linear) * (short / (1 - float(luminance(linear))))
    return format_hex(linear_to_rgb8(linear))


def _policy(script: str, style: str) -> str:
    """Nothing from anywhere, but this script, this style, and sound out of the page itself."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; media-src blob:; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _joinable(module: str) -> str:
    """A module's text without its imports and exports, which one script needs as little as it understands them."""
    return re.sub(
        r"^import [^;]*;\n|^export (?=const |function |async |class )", "", module, flags=re.MULTILINE
    )


def _asset(name: str) -> str:
    return (files("beatomizer.outputs.files.page") / name).read_text(encoding="utf-8").replace("\r\n", "\n")
