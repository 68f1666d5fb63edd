"""A stage that a take is filmed on: where lamps hang, what they aim at, wall, floor, people. Metres, drawn by chance.

``x`` goes from stage left to right as the audience sees it, ``y`` up from the stage floor, ``z`` from the back wall
(negative) over the front edge (0) into the audience (positive).
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64

AUDIENCE_Y = -1.1
"""The floor of the hall, below the stage's."""


@dataclass(frozen=True)
class Lamp:
    """One lamp.

    Attributes:
        zone: the light it belongs to.
        place, aim: where it is and what it points at, metres.
        opening: half width of its beam, metres a metre.
        power: how strong it is.
        radius_m: of its lens.
    """

    zone: int
    place: tuple[float, float, float]
    aim: tuple[float, float, float]
    opening: float
    power: float
    radius_m: float


@dataclass(frozen=True)
class Person:
    """A member of the band: where, how tall, and what they do: ``sing``, ``guitar``, ``drums`` or ``keys``."""

    x: float
    z: float
    height: float
    role: str


@dataclass(frozen=True)
class Stage:
    """Everything that does not change while a take is filmed.

    Attributes:
        zones: Z.
        width, depth: of the stage.
        lamps: all lamps, those of zone 0 first.
        band: people on the stage.
        crowd: whether the audience stands in the picture.
        haze: 0..1, how visible beams are.
        front: 0..1, how much light people throw back towards the audience.
        shine: 0..1, how much the floor mirrors.
        wall: 0..1, how much light the back wall throws back.
        house: linear rgb of the light that is always on.
        banner: linear rgb of something on the wall with a light of its own, black for none.
        texture_seed: for the wall and the haze.
    """

    zones: int
    width: float
    depth: float
    lamps: tuple[Lamp, ...]
    band: tuple[Person, ...]
    crowd: bool
    haze: float
    front: float
    shine: float
    wall: float
    house: F32
    banner: F32
    texture_seed: int


def drawn_stage(zones: int, rng: np.random.Generator) -> Stage:
    """A stage for so many lights, by chance: club, hall or bare boards."""
    width, depth = float(rng.uniform(9, 15)), float(rng.uniform(4.5, 8))
    kind = str(rng.choice(["truss", "truss", "towers", "floor"]))
    house_level = float(np.exp(rng.uniform(np.log(0.002), np.log(0.03))))
    tint = np.array([1.0, rng.uniform(0.7, 1.0), rng.uniform(0.4, 1.1)])
    banner = rng.dirichlet((0.8, 0.8, 0.8)) * rng.uniform(0.05, 0.35) if rng.random() < 0.4 else np.zeros(3)
    return Stage(
        zones=zones,
        width=width,
        depth=depth,
        lamps=tuple(_lamps(kind, zones, width, depth, rng)),
        band=tuple(_band(width, depth, rng)),
        crowd=bool(rng.random() < 0.75),
        haze=float(rng.uniform(0.25, 1.0)),
        front=float(rng.random() ** 1.5),
        shine=float(rng.uniform(0.05, 0.8)),
        wall=float(rng.uniform(0.15, 1.0)),
        house=np.asarray(house_level * tint, dtype=np.float32),
        banner=np.asarray(banner, dtype=np.float32),
        texture_seed=int(rng.integers(2**31)),
    )


def _lamps(kind: str, zones: int, width: float, depth: float, rng: np.random.Generator) -> list[Lamp]:
    """One lamp or two a zone above, and one below that washes the wall; towers put them at the sides."""
    high = float(rng.uniform(4.2, 6.0))
    across = 0.84 * width * ((np.arange(zones) + 0.5) / zones - 0.5)
    spread, opening = float(rng.uniform(0.55, 1.15)), float(rng.uniform(0.06, 0.14))
    crossing = float(rng.choice([0.0, 0.0, 0.35, -0.25]))
    lamps: list[Lamp] = []
    for zone, x in enumerate(across):
        aim_x = float(spread * x - crossing * x)
        if kind != "floor":
            y = high if kind == "truss" else float(2.0 + 3.0 * abs(x) / width + 0.4 * (zone % 2))
            place = (float(x), y, -0.45 * depth)
            lamps.append(Lamp(zone, place, (aim_x, 0.0, -0.25 * depth), opening, 1.0, 0.16))
        up = (float(1.3 * x - 0.4 * crossing * x), high + 1.5, -0.95 * depth)
        power = 1.1 if kind == "floor" else 0.6
        lamps.append(Lamp(zone, (float(x), 0.15, -0.85 * depth), up, 0.7 * opening, power, 0.12))
        if kind == "floor":
            lamps.append(
                Lamp(zone, (float(x), 0.1, -0.12 * depth), (0.7 * float(x), 5.5, 3.0), opening, 0.8, 0.11)
            )
    return lamps


def _band(width: float, depth: float, rng: np.random.Generator) -> list[Person]:
    roles = [
        ["keys"],
        ["sing", "guitar", "drums"],
        ["sing", "guitar", "guitar", "drums", "keys"],
        ["sing"],
        [],
    ]
    chosen = roles[int(rng.choice(5, p=[0.25, 0.3, 0.25, 0.1, 0.1]))]
    places: F64 = np.linspace(-0.32, 0.32, max(2, len(chosen))) if len(chosen) > 1 else np.zeros(1)
    people = []
    for place, role in zip(rng.permutation(places), chosen):
        back = 0.62 if role in ("drums", "keys") and len(chosen) > 1 else 0.25
        people.append(Person(float(place * width), float(-back * depth), float(rng.uniform(1.6, 1.9)), role))
    return people
