"""What stays the same from start to start: the folder for settings, and the name that consoles know this source by."""

import os
import sys
import uuid
from pathlib import Path

from beatomizer.atomic import written_aside
from beatomizer.errors import BeatomizerError


def settings_folder() -> Path:
    """Where settings of this person live; not made here. ``BEATOMIZER_SETTINGS`` overrides it."""
    chosen = os.environ.get("BEATOMIZER_SETTINGS")
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "beatomizer"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "beatomizer"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "beatomizer"


def component_id() -> bytes:
    """The CID of this installation, 16 bytes (ANSI E1.31 5.6): made once and kept.

    A new one at every start makes consoles list a ghost for each. Where nothing can be kept, it is made from the
    machine's network address, which is the next best thing.
    """
    path = settings_folder() / "component-id"
    try:
        return uuid.UUID(path.read_text(encoding="ascii").strip()).bytes
    except (OSError, ValueError):
        pass
    made = uuid.uuid4()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path) as aside:
            aside.write_text(f"{made}\n", encoding="ascii")
    except (OSError, BeatomizerError):
        return uuid.uuid5(uuid.NAMESPACE_OID, f"beatomizer-{uuid.getnode()}").bytes
    return made.bytes
