"""A fixture: a lamp, a strip or a matrix; what its slots mean, where it stands, what it is for.

Slots are counted as the standard does, from 1, and a universe has 512 of them (ANSI E1.11).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from beatomizer.errors import UsageError, one_line

SLOTS = 512
"""Slots of a universe (ANSI E1.11)."""

ROLES = ("wash", "accent", "strobe", "background")
"""What a fixture is for; ``zone_map`` says what each role is shown."""

MEANINGS = ("red", "green", "blue", "white", "amber", "warm", "cool", "dimmer", "fixed")
"""What a slot can drive. ``warm`` and ``cool`` are the two whites of a CCT lamp; ``fixed`` always holds one value."""


@dataclass(frozen=True)
class Slot:
    """One slot of a lamp.

    Attributes:
        meaning: one of ``MEANINGS``.
        value: what a ``fixed`` slot holds, 0..255.
        fine: the low byte of a 16-bit pair whose high byte is the slot of the same meaning.
    """

    meaning: str
    value: int = 0
    fine: bool = False

    def __post_init__(self) -> None:
        """Refuse meanings and values that do not exist."""
        if self.meaning not in MEANINGS:
            raise UsageError(
                f"a slot cannot be '{one_line(self.meaning, 30)}'", f"choose from {', '.join(MEANINGS)}"
            )
        if not 0 <= self.value <= 255:
            raise UsageError(f"a fixed slot cannot hold {self.value}", "it must be from 0 to 255")


def _slots(text: str) -> tuple[Slot, ...]:
    return tuple(Slot(word) for word in text.split())


KINDS: Mapping[str, tuple[Slot, ...]] = MappingProxyType(
    {
        "rgb": _slots("red green blue"),
        "rgbw": _slots("red green blue white"),
        "rgba": _slots("red green blue amber"),
        "drgb": _slots("dimmer red green blue"),
        "drgbw": _slots("dimmer red green blue white"),
        "cct": _slots("warm cool"),
        "dimmer": _slots("dimmer"),
        "strip": _slots("red green blue"),
        "matrix": _slots("red green blue"),
    }
)
"""Kinds with slots of their own; ``custom`` states its slots in the rig file."""

_LETTERS = {"r": "red", "g": "green", "b": "blue", "w": "white", "a": "amber"}


def slots_of_order(order: str) -> tuple[Slot, ...]:
    """The slots of one pixel wired in an order such as ``GRB`` or ``RGBW``.

    Raises:
        UsageError: a letter is unknown, missing or there twice.
    """
    letters = order.lower()
    if set(letters) - set(_LETTERS) or len(set(letters)) < len(letters) or not set("rgb") <= set(letters):
        raise UsageError(f"'{one_line(order, 20)}' is not an order of colours", "write it like GRB or RGBW")
    return tuple(Slot(_LETTERS[letter]) for letter in letters)


LOWEST_GAMMA, HIGHEST_GAMMA = 0.3, 4.0


@dataclass(frozen=True)
class Calibration:
    """Static, memoryless corrections of one lamp. True ones make it show what safety saw.

    Attributes:
        gamma: what the lamp does with a value: its light is ``(value / 255) ** gamma``. 1 is a linear lamp (most DMX
            lamps and most pixels); ``None`` is a receiver that takes sRGB and corrects by itself (screens).
        white: share of red, green and blue that makes a white as wanted, 0..1 each.
        maximum: share of its full light that the lamp may give, 0..1.
    """

    gamma: float | None = 1.0
    white: tuple[float, float, float] = (1.0, 1.0, 1.0)
    maximum: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what could turn light up or cannot be computed."""
        if self.gamma is not None and not LOWEST_GAMMA <= self.gamma <= HIGHEST_GAMMA:
            raise UsageError(
                f"a lamp's gamma cannot be {self.gamma:g}",
                f"it must be from {LOWEST_GAMMA:g} to {HIGHEST_GAMMA:g}, or 'srgb'",
            )
        if not all(0.0 <= share <= 1.0 for share in (*self.white, self.maximum)):
            raise UsageError("white and maximum can only turn a lamp down", "each number must be from 0 to 1")


@dataclass(frozen=True)
class Fixture:
    """One fixture of a rig.

    Attributes:
        name: unique in its rig.
        kind: a key of ``KINDS``, or ``custom``.
        slots: what the slots of one lamp, or of one pixel, mean.
        output: name of the rig's output it hangs on; empty: any.
        universe: as the protocol counts: sACN from 1, Art-Net from 0.
        address: of its first slot, from 1.
        pixels: lamps in it, one after the other.
        columns: of a matrix; 0 is a strip. ``snake``: every second row runs backwards.
        position: metres from stage left to stage right, or any other measure; ``None``: by order in the file.
        end: where the last pixel of a strip is, or the right edge of a matrix.
        role: one of ``ROLES``.
        calibration: corrections.
    """

    name: str
    kind: str = "rgb"
    slots: tuple[Slot, ...] = KINDS["rgb"]
    output: str = ""
    universe: int = 1
    address: int = 1
    pixels: int = 1
    columns: int = 0
    snake: bool = False
    position: float | None = None
    end: float | None = None
    role: str = "wash"
    calibration: Calibration = field(default_factory=Calibration)

    def __post_init__(self) -> None:
        """Refuse what no fixture can be."""
        if self.role not in ROLES:
            raise UsageError(
                f"'{self.name}' has the role '{one_line(self.role, 30)}'", f"choose from {', '.join(ROLES)}"
            )
        if not 1 <= self.pixels <= 65536 or not self.slots:
            raise UsageError(f"'{self.name}' has {self.pixels} pixels", "it must be from 1 to 65536")
        if self.columns < 0 or (self.columns and self.pixels % self.columns):
            raise UsageError(
                f"'{self.name}' has {self.pixels} pixels in rows of {self.columns}", "every row must be whole"
            )

    @property
    def footprint(self) -> int:
        """Slots that it takes, all pixels together."""
        return self.pixels * len(self.slots)

    @property
    def is_pixels(self) -> bool:
        """Whether it is a strip or matrix, which may go on in the next universe."""
        return self.kind in ("strip", "matrix")
