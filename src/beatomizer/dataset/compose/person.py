"""One designer in person: habits, favourite colours and a stage that stay the same from song to song.

Takes are usually lit by somebody else each time, so that a learner sees the craft and not one person's habits. A club
has one person at the desk. Takes of one person are how learning a taste is tried out (``docs/own-shows.md``).
"""

from dataclasses import dataclass

import numpy as np

from beatomizer.dataset.compose.colours import Taste, drawn_taste
from beatomizer.dataset.compose.manner import Manner, drawn_manner, drawn_zones

_PERSON = 3
"""Sets the drawing of persons apart from that of takes."""


@dataclass(frozen=True)
class Person:
    """Who lights every song in the same spirit.

    Attributes:
        manner: habits.
        taste: colours.
        zones: lights of the stage.
    """

    manner: Manner
    taste: Taste
    zones: int


def person(seed: int) -> Person:
    """The designer of that number; the same number is the same person anywhere."""
    rng = np.random.default_rng([seed, _PERSON])
    return Person(drawn_manner(rng), drawn_taste(rng), drawn_zones(rng))
