"""The set that already stands where a new one shall go: goes on with the same settings, is not replaced by others."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from beatomizer.dataset.shards import set_facts
from beatomizer.dataset.wording import setting_said
from beatomizer.errors import UnreadableInputError, UsageError, one_line

_UNKNOWN = "not known"
_MOST_SAID = 40


def refuse_other_settings(shards: Path, settings: Mapping[str, Any]) -> None:
    """Refuse to turn a finished set into another one in silence; one that is damaged may be built again.

    Args:
        shards: the set's folder, as the user wrote it; it may be empty or not there.
        settings: of the new set, as ``dataset.json`` records them.

    Raises:
        UsageError: the set that stands there was made with other settings; the message names them.
    """
    if not stands(shards):
        return
    odd = _differing(set_facts(shards).get("settings"), settings)
    if odd:
        raise UsageError(
            f"'{shards}' holds a set made with other settings ({'; '.join(odd)})",
            "use the same options, another folder with -o, or --replace",
        )


def stands(shards: Path) -> bool:
    """Whether there is a finished set in ``shards``."""
    try:
        set_facts(shards)
    except UnreadableInputError:
        return False
    return True


def _differing(theirs: object, ours: Mapping[str, Any]) -> list[str]:
    """A few words about each setting that is not the same; the order of a list is no difference."""
    known = theirs if isinstance(theirs, dict) else {}
    names = [
        name for name in ours if name != "grid" or "grid" in known
    ]  # without zones there is none to compare
    return [
        f"{name.replace('_', ' ')} {_said(known, name)}, now {_said(ours, name)}"
        for name in names
        if _plain(known.get(name)) != _plain(ours.get(name))
    ]


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, (list, tuple)) else value


def _said(settings: Mapping[str, Any], name: str) -> str:
    return one_line(setting_said(settings[name]), _MOST_SAID) if name in settings else _UNKNOWN
