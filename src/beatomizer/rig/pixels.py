"""Frames to the pixels of receivers that know their own wiring: WLED, DDP, Hue."""

from dataclasses import replace

import numpy as np

from beatomizer.arrays import U8, Int
from beatomizer.color import linear_to_rgb8, luminance, rgb8_to_linear
from beatomizer.errors import UsageError
from beatomizer.rig.fixture import Calibration, Fixture
from beatomizer.rig.zone_map import zones_of_lamps


class PixelPatch:
    """The pixels of one receiver.

    Args:
        fixtures: in the order in which they are wired; ``address`` and ``universe`` play no part.
        zones: Z of the frames.
        gamma: what the receiver does with a value, for all of its pixels; as in ``Calibration``.
    """

    def __init__(self, fixtures: tuple[Fixture, ...], zones: int, gamma: float | None = None) -> None:
        self._gamma = gamma
        if not fixtures:
            raise UsageError(
                "no fixture of the rig hangs on this output", "name the output in a fixture of the rig"
            )
        chosen = zones_of_lamps(fixtures, zones)
        self.pixels = sum(fixture.pixels for fixture in fixtures)
        kinds = dict[tuple[int, Calibration, bool], int]()
        gather = list[int]()
        for fixture, lamps in zip(fixtures, chosen):
            calibration = replace(fixture.calibration, gamma=None)
            for zone in lamps.tolist():
                gather.append(kinds.setdefault((zone, calibration, fixture.role == "strobe"), len(kinds)))
        self._gather: Int = np.array(gather)
        self._zones: Int = np.array([zone for zone, _, _ in kinds])
        self._down = np.array([np.array(c.white) * c.maximum for _, c, _ in kinds])
        self._white = np.array([only_white for _, _, only_white in kinds])

    def render(self, rgb8: U8) -> U8:
        """The pixels of a frame, uint8 ``[P, 3]``: sRGB, or as the receiver's gamma wants it."""
        linear = rgb8_to_linear(rgb8)
        stage = np.concatenate([linear, linear.mean(axis=0, keepdims=True)])[self._zones]
        stage = np.where(self._white[:, None], luminance(stage)[:, None], stage)
        light = stage * self._down
        if self._gamma is None:
            return linear_to_rgb8(light)[self._gather]
        values: U8 = np.round(255.0 * light ** (1.0 / self._gamma)).astype(np.uint8)
        return values[self._gather]


def plain_strip(pixels: int) -> tuple[Fixture, ...]:
    """Without a rig: all zones side by side along one strip."""
    return (Fixture("strip", "strip", pixels=pixels, calibration=Calibration(gamma=None)),)
