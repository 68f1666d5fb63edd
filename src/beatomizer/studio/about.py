"""What a page has to know of the program before it can offer anything."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from beatomizer import __version__
from beatomizer.cues.cuelist import LOOKS, ZONE_GROUPS
from beatomizer.cues.palettes import PALETTES
from beatomizer.cues.rows import KINDS
from beatomizer.cues.style import ENERGIES
from beatomizer.outputs.files.formats import FORMATS
from beatomizer.outputs.files.options import FSEQ_STEPS_MS, MAX_SIDE, MIN_SIDE
from beatomizer.safety.profiles import PROFILES
from beatomizer.studio.answers import answer
from beatomizer.studio.project import MODELS
from beatomizer.studio.settings import LONGEST_S, MOST_ZONES, UPLOAD_BYTES, Settings
from beatomizer.timebase import FPS

FORMAT_TEXTS = {
    ".mp4": "Video with sound",
    ".html": "One page that plays anywhere",
    ".png": "Picture of the whole show",
    ".fseq": "For xLights, FPP and ESPixelStick",
    ".json": "Cue list, to edit or play again",
    ".csv": "Table of colours, 60 a second",
    ".npz": "Arrays for Python",
}

PROFILE_TEXTS = {
    "broadcast": "The rules of television: at most three flashes a second",
    "strict": "Stricter than television",
    "calm": "No counted flash at all",
    "venue": "For lights in a room whose guests were warned; never for files",
}

MODEL_TEXTS = {
    "full": "Listens to the whole song, as a lighting designer would",
    "classic": "Beats and loudness without learning; quick",
}


def about(settings: Settings) -> dict[str, Any]:
    """The answer of ``/api/about``."""
    return {
        "version": __version__,
        "fps": FPS,
        "palettes": [
            {"name": palette.name, "colors": list(palette.colors), "occasion": palette.occasion}
            for palette in PALETTES.values()
        ],
        "looks": list(LOOKS),
        "zone_groups": list(ZONE_GROUPS),
        "kinds": list(KINDS),
        "energies": ENERGIES,
        "profiles": [
            {"name": name, "text": PROFILE_TEXTS.get(name, ""), "for_files": profile.exportable}
            for name, profile in PROFILES.items()
        ],
        "formats": [{"suffix": suffix, "text": FORMAT_TEXTS.get(suffix, "")} for suffix in FORMATS.names()],
        "models": [{"name": name, "text": MODEL_TEXTS[name]} for name in MODELS],
        "limits": {
            "upload_bytes": UPLOAD_BYTES,
            "seconds": LONGEST_S,
            "zones": MOST_ZONES,
            "picture_side": [MIN_SIDE, MAX_SIDE],
        },
        "fseq_steps_ms": list(FSEQ_STEPS_MS),
        "token": bool(settings.token),
        "review": settings.shards is not None,
    }


def about_routes(settings: Settings) -> list[Route]:
    """``GET /api/about``; the same for all its life."""
    told = about(settings)

    async def get(request: Request) -> Response:
        return answer(told)

    return [Route("/api/about", get)]
