"""The listeners by name."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from beatomizer.errors import UsageError
from beatomizer.models.listening.full import Full, FullConfig
from beatomizer.models.listening.live import Live, LiveConfig
from beatomizer.models.settings import config_from

Listener: TypeAlias = Full | Live

LISTENERS = ("full", "live")


def build_listener(name: str, settings: Mapping[str, Any]) -> Listener:
    """A fresh listener; its weights come from torch's global generator.

    Raises:
        UsageError: unknown name or setting, or a value that makes no sense.
    """
    inner = {key: value for key, value in settings.items() if key != "name"}
    if name == "full":
        return Full(config_from(FullConfig, inner))
    if name == "live":
        return Live(config_from(LiveConfig, inner))
    raise UsageError(f"no listener is called '{name}'", f"choose from {', '.join(LISTENERS)}")
