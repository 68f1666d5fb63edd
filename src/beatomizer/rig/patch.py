"""Where every slot lies, and the universes of one frame.

Everything that does not change is worked out once: which colours are needed (a zone, or the stage's mean, in the
slots and calibration of some lamp) and which byte of those each slot shows. A frame is then a small table of bytes
and one gather, however many pixels there are.
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F64, U8, Int
from beatomizer.color import luminance, rgb8_to_linear
from beatomizer.errors import UsageError
from beatomizer.rig.fixture import SLOTS, Calibration, Fixture, Slot
from beatomizer.rig.mixing import slot_bytes
from beatomizer.rig.seen import Seen
from beatomizer.rig.zone_map import STAGE, zones_of_lamps


@dataclass(frozen=True)
class Place:
    """Where one pixel begins: universe, and address from 1."""

    universe: int
    address: int


def places_of(fixture: Fixture, lowest: int, highest: int) -> list[Place]:
    """Where each pixel of a fixture begins.

    A strip or matrix that does not fit goes on at address 1 of the next universe; a pixel is never split.

    Raises:
        UsageError: the fixture lies outside what the protocol can address, or a lamp runs past slot 512.
    """
    if not 1 <= fixture.address <= SLOTS:
        raise UsageError(
            f"'{fixture.name}' is at address {fixture.address}", f"addresses go from 1 to {SLOTS}"
        )
    size, universe, address = len(fixture.slots), fixture.universe, fixture.address
    places = []
    for _ in range(fixture.pixels):
        if address + size - 1 > SLOTS:
            if not fixture.is_pixels:
                last = fixture.address + fixture.footprint - 1
                raise UsageError(
                    f"'{fixture.name}' takes addresses {fixture.address} to {last} of universe {fixture.universe}",
                    f"a universe ends at {SLOTS}; {SLOTS - fixture.footprint + 1} is the last address that fits",
                )
            universe, address = universe + 1, 1
        if not lowest <= universe <= highest:
            raise UsageError(
                f"'{fixture.name}' lies in universe {universe}",
                f"here universes go from {lowest} to {highest}",
            )
        places.append(Place(universe, address))
        address += size
    return places


def check_overlaps(fixtures: tuple[Fixture, ...], lowest: int = 0, highest: int = 63999) -> None:
    """See to it that no two fixtures share a slot.

    Raises:
        UsageError: two do, or one is out of range; the message names both and the first shared slot.
    """
    owner = dict[tuple[int, int], str]()
    for fixture in fixtures:
        for place in places_of(fixture, lowest, highest):
            for slot in range(place.address, place.address + len(fixture.slots)):
                other = owner.setdefault((place.universe, slot), fixture.name)
                if other != fixture.name:
                    raise UsageError(
                        f"'{other}' and '{fixture.name}' both use address {slot} of universe {place.universe}",
                        "move one of them",
                    )


_Kind = tuple[int, tuple[Slot, ...], Calibration, bool]
"""What makes two lamps show the same bytes: the zone, slots, calibration, and whether only white is wanted."""


class DmxPatch:
    """Frames to universes.

    Args:
        fixtures: that hang on this output.
        zones: Z of the frames.
        lowest, highest: universes that the protocol can address.

    Raises:
        UsageError: fixtures overlap or lie out of range, or there are none.
    """

    def __init__(self, fixtures: tuple[Fixture, ...], zones: int, lowest: int, highest: int) -> None:
        if not fixtures:
            raise UsageError(
                "no fixture of the rig hangs on this output", "name the output in a fixture of the rig"
            )
        check_overlaps(fixtures, lowest, highest)
        places = [places_of(fixture, lowest, highest) for fixture in fixtures]
        self.universes = tuple(sorted({place.universe for fixture in places for place in fixture}))
        rows = {universe: row for row, universe in enumerate(self.universes)}
        self._kinds: dict[_Kind, int] = {}
        self._starts: list[int] = []
        self._bytes = 1  # byte 0 is always 0: slots that nobody uses
        gather = np.zeros(len(self.universes) * SLOTS, dtype=np.int64)
        used = np.zeros(len(self.universes), dtype=np.int64)
        for fixture, lamps, chosen in zip(fixtures, places, zones_of_lamps(fixtures, zones)):
            for place, zone in zip(lamps, chosen.tolist()):
                start = self._start_of((zone, fixture.slots, fixture.calibration, fixture.role == "strobe"))
                first = rows[place.universe] * SLOTS + place.address - 1
                gather[first : first + len(fixture.slots)] = start + np.arange(len(fixture.slots))
                end = place.address - 1 + len(fixture.slots)
                used[rows[place.universe]] = max(used[rows[place.universe]], end)
        self._gather: Int = gather
        self.slots_used: tuple[int, ...] = tuple(used.tolist())
        """Slots of each universe up to the last one in use."""
        self._groups = self._grouped()
        self.seen = Seen(((zone, (slots, cal, white)) for zone, slots, cal, white in self._kinds), zones)
        """What the lamps show of a frame."""

    def render(self, rgb8: U8) -> U8:
        """The universes of a frame, uint8 ``[U, 512]``, in the order of ``universes``."""
        table = np.zeros(self._bytes, dtype=np.uint8)
        stage: F64 | None = None
        for slots, calibration, only_white, zones, target, tables in self._groups:
            if tables is not None and not only_white and zones[0] != STAGE:
                channels, values = tables  # what comes out of the maps below, without the way there
                table[target] = values[np.arange(len(slots)), rgb8[zones][:, channels]]
                continue
            stage = _zones_and_mean(rgb8) if stage is None else stage
            source = stage[zones]
            if only_white:
                source = np.repeat(luminance(source)[:, None], 3, axis=1)
            table[target] = slot_bytes(source, slots, calibration)
        return np.take(table, self._gather).reshape(len(self.universes), SLOTS)

    def _start_of(self, kind: _Kind) -> int:
        """The first byte of a kind of lamp in the table."""
        if kind not in self._kinds:
            self._kinds[kind] = self._bytes
            self._bytes += len(kind[1])
        return self._kinds[kind]

    def _grouped(self) -> "list[tuple[tuple[Slot, ...], Calibration, bool, Int, Int, _Tables | None]]":
        """Kinds that differ only in zone: slots, calibration, white, zones ``[N]``, bytes ``[N, S]``, tables."""
        groups = dict[tuple[tuple[Slot, ...], Calibration, bool, bool], list[tuple[int, int]]]()
        for (zone, slots, calibration, only_white), start in self._kinds.items():
            groups.setdefault((slots, calibration, only_white, zone == STAGE), []).append((zone, start))
        return [
            (
                *key[:3],
                np.array([zone for zone, _ in members]),
                np.array([start for _, start in members])[:, None] + np.arange(len(key[0])),
                _tables(key[0], key[1]),
            )
            for key, members in groups.items()
        ]


def _zones_and_mean(rgb8: U8) -> F64:
    """Linear light of the zones and, as row −1, of the stage: ``[Z + 1, 3]``."""
    linear = rgb8_to_linear(rgb8)
    return np.concatenate([linear, linear.mean(axis=0, keepdims=True)])


_Tables = tuple[Int, U8]
"""For each slot the colour that it shows, ``[S]``, and what it holds for each 8-bit value of that, ``[S, 256]``."""


def _tables(slots: tuple[Slot, ...], calibration: Calibration) -> _Tables | None:
    """For lamps in which no emitter depends on two colours: the maps of ``mixing``, worked out for all 256 values."""
    colors = {"red": 0, "green": 1, "blue": 2, "fixed": 0}
    if {slot.meaning for slot in slots} - {"fixed"} != {"red", "green", "blue"}:
        return None
    greys = np.repeat(rgb8_to_linear(np.arange(256, dtype=np.uint8))[:, None], 3, axis=1)
    channels = np.array([colors[slot.meaning] for slot in slots])
    return channels, np.ascontiguousarray(slot_bytes(greys, slots, calibration).T)


def plain_fixtures(zones: int, universe: int, address: int = 1) -> tuple[Fixture, ...]:
    """Without a rig: one linear RGB pixel for each zone, one after the other."""
    return (Fixture("zones", "strip", universe=universe, address=address, pixels=zones),)
