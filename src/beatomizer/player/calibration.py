"""What is known about each output's lateness: a small TOML file in the person's own settings folder.

    ["wled://192.168.1.40"]
    offset_ms = -35

Negative is earlier: an output that is 35 ms late gets its light 35 ms sooner.
"""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from beatomizer.atomic import written_aside
from beatomizer.errors import UnreadableInputError, UsageError
from beatomizer.outputs.lights.identity import settings_folder

MOST_OFFSET_MS = 2000.0


def offsets_file() -> Path:
    """The file of offsets."""
    return settings_folder() / "offsets.toml"


def read_offsets_ms() -> dict[str, float]:
    """Saved offsets by URL; none if there is no file.

    Raises:
        UnreadableInputError: the file is there and cannot be understood.
    """
    path = offsets_file()
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
        return {url: checked_ms(float(entry["offset_ms"])) for url, entry in told.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, UsageError) as error:
        raise UnreadableInputError(f"{path} cannot be used ({error})", "mend it or delete it") from None


def save_offsets_ms(offsets_ms: Mapping[str, float]) -> Path:
    """Add offsets to what is saved; the file's path."""
    merged = {**read_offsets_ms(), **offsets_ms}
    path = offsets_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        f"[{json.dumps(url, ensure_ascii=False)}]\noffset_ms = {value:g}\n" for url, value in merged.items()
    ]
    with written_aside(path) as aside:
        aside.write_text("\n".join(lines), encoding="utf-8")
    return path


def checked_ms(value: float) -> float:
    """An offset within bounds.

    Raises:
        UsageError: it is out of them.
    """
    if not -MOST_OFFSET_MS <= value <= MOST_OFFSET_MS:
        raise UsageError(
            f"an offset of {value:g} ms is out of range", f"give -{MOST_OFFSET_MS:g} to {MOST_OFFSET_MS:g}"
        )
    return value


def offsets_of(urls: tuple[str, ...], given: list[str], saved_ms: Mapping[str, float]) -> list[float]:
    """Seconds for each output: what was given on the command line, else what is saved, else 0.

    Args:
        urls: of the outputs.
        given: ``URL=ms`` or ``NUMBER=ms``, outputs counted from 1.
        saved_ms: by URL.

    Raises:
        UsageError: an entry that is none, or that names no output.
    """
    offsets_ms = [saved_ms.get(url, 0.0) for url in urls]
    for text in given:
        name, equals, value = text.rpartition("=")
        try:
            offset_ms = checked_ms(float(value))
        except ValueError:
            equals = ""
        if not equals:
            raise UsageError(f"'{text}' is not an offset", "write --offset 1=-40 or --offset URL=-40, in ms")
        number = urls.index(name) if name in urls else int(name) - 1 if name.isdecimal() else -1
        if not 0 <= number < len(urls):
            raise UsageError(f"no output is '{name}'", f"say its URL, or a number from 1 to {len(urls)}")
        offsets_ms[number] = offset_ms
    return [value / 1000.0 for value in offsets_ms]
