"""What the output process is told: which lights a page chose, every host looked up and a number."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from beatomizer.errors import UsageError
from beatomizer.outputs.lights.sameness import same_lights
from beatomizer.player.board import MOST_OUTPUTS
from beatomizer.player.plan import Plan
from beatomizer.rig.rig_file import read_rig
from beatomizer.studio import rig_text
from beatomizer.studio.light_book import LightBook
from beatomizer.studio.light_run import Output

RIG_OUTPUT = "rig-"
"""How the ids of a rig's outputs begin."""


@dataclass(frozen=True)
class Chosen:
    """Which lights.

    Attributes:
        lights: ids of lights that were added.
        rig: whether the rig's outputs are among them.
    """

    lights: tuple[str, ...] = ()
    rig: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to light."""
        return not self.lights and not self.rig


def chosen_of(lights: object, rig: object = False) -> Chosen:
    """From what a page sent.

    Raises:
        UsageError: it is not a list of ids.
    """
    if not isinstance(lights, list | tuple) or not all(isinstance(id, str) for id in lights):
        raise UsageError("lights must be a list", "of their ids")
    return Chosen(tuple(dict.fromkeys(lights)), rig is True)


def outputs_of(book: LightBook, chosen: Chosen, folder: Path) -> tuple[tuple[Output, ...], Path | None]:
    """The outputs, and the rig's file in ``folder`` if the rig is chosen. Names are looked up: may take seconds.

    Raises:
        UsageError: nothing is chosen, or something that is not there or not near.
    """
    outputs, rig_file = list[Output](), None
    if chosen.rig:
        rig_file = folder / "rig.toml"
        outputs += _of_rig(book.rig_text, rig_file)
    known = {output.near_url for output in outputs}
    for id in chosen.lights:
        light = book.light(id)
        near_url = light.place.near_url()
        if near_url not in known:
            known.add(near_url)
            outputs.append(Output(light.id, light.name, light.place.url, near_url))
    if not outputs or len(outputs) > MOST_OUTPUTS:
        raise UsageError("choose which lights", f"at least one, at most {MOST_OUTPUTS}")
    return tuple(outputs), rig_file


def plan_of(
    outputs: tuple[Output, ...], rig_file: Path | None, zones: int, profile: str, live: bool = False
) -> Plan:
    """The plan; only the rig's own outputs are patched by the rig.

    Raises:
        UsageError: two of them lead to one lamp, which would jump between the two: no limit sees that.
    """
    urls = tuple(output.near_url for output in outputs)
    twice = same_lights(urls, zones, read_rig(rig_file) if rig_file else None)
    if twice is not None:
        one, other = (next(output.name for output in outputs if output.near_url == url) for url in twice)
        raise UsageError(f"'{one}' and '{other}' are the same light", "choose one of them")
    bare = tuple(output.near_url for output in outputs if not output.id.startswith(RIG_OUTPUT))
    return Plan(urls, zones, profile, live, str(rig_file or ""), bare)


@contextlib.contextmanager
def rig_folder() -> Iterator[Path]:
    """A folder for the rig's file, until the output process has read it."""
    folder = Path(tempfile.mkdtemp(prefix="beatomizer-rig-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _of_rig(text: str, rig_file: Path) -> list[Output]:
    if not text:
        raise UsageError("there is no rig", "write one in the Lights tab, or choose lights")
    rig = rig_text.checked_rig(text)
    places, seen, outputs = rig_text.places(rig), set[str](), list[Output]()
    for number, (name, near_url) in enumerate(rig_text.write_near(rig, rig_file).items()):
        if near_url not in seen:
            seen.add(near_url)
            outputs.append(Output(f"{RIG_OUTPUT}{number}", name, places[name].url, near_url))
    return outputs
