"""What an output process is told when it starts, in a folder that only this program uses."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from beatomizer.outputs.lights.light import Light
from beatomizer.outputs.lights.schemes import open_light
from beatomizer.safety.profiles import Profile, profile_named

PLAN, BOARD, RING = "plan.json", "board", "ring"


@dataclass(frozen=True)
class Plan:
    """Which lights, and what they are fed with.

    Attributes:
        urls: of the outputs.
        zones: Z.
        profile: the flash limits, by name.
        live: whether frames come by the ring; else from songs.
        rig: a rig file, or empty.
        bare: those of the outputs that the rig has nothing to do with.
    """

    urls: tuple[str, ...]
    zones: int
    profile: str
    live: bool = False
    rig: str = ""
    bare: tuple[str, ...] = ()

    @property
    def limits(self) -> Profile:
        """The profile where white is 1,000 cd/m²: lamps in a dark room are brighter than the screens of files."""
        return profile_named(self.profile).for_rooms()

    def write(self, folder: Path) -> None:
        """Leave it in the folder."""
        (folder / PLAN).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Plan":
        """Find it there."""
        facts = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        return cls(**{**facts, "urls": tuple(facts["urls"]), "bare": tuple(facts["bare"])})

    def open(self) -> list[Light]:
        """All lights, opened; what ``open_light`` raises, and none is left open then."""
        rig = None
        if self.rig:
            from beatomizer.rig.rig_file import read_rig

            rig = read_rig(Path(self.rig))
        lights: list[Light] = []
        try:
            for url in self.urls:
                lights.append(open_light(url, self.zones, None if url in self.bare else rig, self.limits))
        except BaseException:
            for light in lights:
                light.close(0.0)
            raise
        return lights
