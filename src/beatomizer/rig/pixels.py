"""Frames to the pixels of receivers that know their own wiring: WLED, DDP, Hue."""

import numpy as np

from beatomizer.arrays import U8, Int
from beatomizer.color import luminance, rgb8_to_linear
from beatomizer.errors import UsageError
from beatomizer.rig.fixture import KINDS, Calibration, Fixture
from beatomizer.rig.mixing import value_bytes
from beatomizer.rig.seen import Seen
from beatomizer.rig.zone_map import zones_of_lamps


class PixelPatch:
    """The pixels of one receiver.

    Args:
        fixtures: in the order in which they are wired; ``address`` and ``universe`` play no part.
        zones: Z of the frames.
    """

    def __init__(self, fixtures: tuple[Fixture, ...], zones: int) -> None:
        if not fixtures:
            raise UsageError(
                "no fixture of the rig hangs on this output", "name the output in a fixture of the rig"
            )
        chosen = zones_of_lamps(fixtures, zones)
        self.pixels = sum(fixture.pixels for fixture in fixtures)
        kinds = dict[tuple[int, Calibration, bool], int]()
        gather = list[int]()
        for fixture, lamps in zip(fixtures, chosen):
            for zone in lamps.tolist():
                kind = (zone, fixture.calibration, fixture.role == "strobe")
                gather.append(kinds.setdefault(kind, len(kinds)))
        self._gather: Int = np.array(gather)
        self._zones: Int = np.array([zone for zone, _, _ in kinds])
        self._down = np.array([np.array(c.white) * c.maximum for _, c, _ in kinds])
        self._white = np.array([only_white for _, _, only_white in kinds])
        self.seen = Seen(((zone, (KINDS["rgb"], c, white)) for zone, c, white in kinds), zones)
        """What the pixels show of a frame."""
        self._gammas = [
            (gamma, np.array([c.gamma == gamma for _, c, _ in kinds]))
            for gamma in dict.fromkeys(c.gamma for _, c, _ in kinds)
        ]

    def render(self, rgb8: U8) -> U8:
        """The pixels of a frame, uint8 ``[P, 3]``: the values at which they give that light."""
        linear = rgb8_to_linear(rgb8)
        stage = np.concatenate([linear, linear.mean(axis=0, keepdims=True)])[self._zones]
        stage = np.where(self._white[:, None], luminance(stage)[:, None], stage)
        light = stage * self._down
        values: U8 = np.zeros(light.shape, dtype=np.uint8)
        for gamma, here in self._gammas:
            values[here] = value_bytes(light[here], gamma)
        return values[self._gather]


def plain_strip(pixels: int) -> tuple[Fixture, ...]:
    """Without a rig: all zones side by side along one strip."""
    return (Fixture("strip", "strip", pixels=pixels),)
