"""Where everything on the drawn stage stands: the lamps, what they aim at, the floor, the people.

Positions are shares of the picture, ``x`` from left to right and ``y`` from top to bottom, 0..1. Sizes that must
look the same in both directions (a lamp's radius) are in picture heights; ``aspect`` = width / height joins the two.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64, Int

MOST_HEADS = 16
"""Up to here every zone is a lamp one can tell apart; above it the zones become the cells of one LED bar."""

MOST_CELLS = 64
"""Cells of the bar; more zones than this share cells, each cell showing the mean light of its zones."""

_FULL_ROW = 7
"""Lamps that make a stage look furnished; one zone alone is drawn as that many lamps of the same colour."""


@dataclass(frozen=True)
class Scene:
    """The stage for one picture shape and one number of zones.

    Attributes:
        aspect: picture width / height.
        zones: Z.
        cell_of_zone: ``[Z]`` the group of lamps that each zone lights; groups run from stage left to right.
        lamp_cell: ``[L]`` the group that each lamp belongs to.
        lamp_x: ``[L]`` where the lamps hang.
        aim_x, aim_y: ``[L]`` where on the floor they point.
        foot_x: ``[L]`` where their companions stand, small lamps along the back wall that point up.
        bar: the lamps are the cells of an LED bar.
        lamp_y: how high the lamps hang.
        radius: of a lamp's lens, in picture heights.
        horizon: where the back wall meets the floor.
        front: where the stage floor ends and the audience begins.
    """

    aspect: float
    zones: int
    cell_of_zone: Int
    lamp_cell: Int
    lamp_x: F64
    aim_x: F64
    aim_y: F64
    foot_x: F64
    bar: bool
    lamp_y: float
    radius: float
    horizon: float
    front: float

    @property
    def cells(self) -> int:
        """Groups of lamps that can have a colour of their own."""
        return int(self.lamp_cell[-1]) + 1


def build_scene(zones: int, width: int, height: int) -> Scene:
    """Set the stage for ``zones`` zones in a picture of ``width`` × ``height`` pixels."""
    aspect = width / height
    bar = zones > MOST_HEADS
    cells = min(zones, MOST_CELLS)
    wanted = _FULL_ROW * min(1.0, aspect / 1.2)
    lamps = cells if bar else cells * max(1, round(wanted / cells))
    margin = 0.07 if bar else min(0.14, 0.5 / lamps)
    edges = np.linspace(margin, 1 - margin, lamps + 1)
    lamp_x = (edges[:-1] + edges[1:]) / 2
    spacing = (1 - 2 * margin) / lamps * aspect
    sideways = 2 * lamp_x - 1
    return Scene(
        aspect=aspect,
        zones=zones,
        cell_of_zone=np.arange(zones) * cells // zones,
        lamp_cell=np.arange(lamps) * cells // lamps,
        lamp_x=lamp_x,
        aim_x=0.5 + 0.58 * sideways,
        foot_x=0.5 + 0.5 * sideways + 0.5 * spacing / aspect * np.sign(sideways.round(6)) * 0.9,
        aim_y=0.735 + 0.05 * sideways**2,
        bar=bar,
        lamp_y=0.175,
        radius=min(0.024, spacing * (0.40 if bar else 0.27)),
        horizon=0.62,
        front=0.80,
    )
