"""Grooves: what the drummer plays, written as rows of steps.

A row is one bar, or two with ``|`` between; however many steps it has, they fill the bar evenly (16 in 4/4 are
sixteenths, 12 are triplets). ``X`` is an accent, ``x`` a stroke, ``o`` a soft one, ``.`` nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from beatomizer.composer.grooves_tricky import TRICKY

VELOCITY = {"X": 1.0, "x": 0.72, "o": 0.38}
"""How hard each letter is struck."""


@dataclass(frozen=True)
class Groove:
    """One groove.

    Attributes:
        meter: the metre it is written in.
        rows: drum → row.
    """

    meter: str
    rows: dict[str, str]


def steps(row: str, bar: int) -> Iterator[tuple[float, str]]:
    """``(share of the bar, letter)`` of each step of a row that is not empty, in its turn of bars."""
    bars = row.split("|")
    line = bars[bar % len(bars)]
    for at, letter in enumerate(line):
        if letter not in ".-":
            yield at / len(line), letter


def _g(meter: str, **rows: str) -> Groove:
    return Groove(meter, rows)


GROOVES: dict[str, tuple[Groove, ...]] = {
    "four on the floor": (
        _g(
            "4/4",
            kick="X...X...X...X...",
            clap="....X.......X...",
            hat="..x...x...x...x.",
            shaker="xoxoxoxoxoxoxoxo",
        ),
        _g(
            "4/4",
            kick="X...X...X...X...",
            clap="....X.......X...",
            open_hat="..x...x...x...x.",
            hat="xo.oxo.oxo.oxo.o",
        ),
        _g(
            "4/4",
            kick="X...X...X...X..o|X...X...X..xX...",
            snare="....X.......X...",
            hat="x.x.x.x.x.x.x.x.",
            rim="...x..x....x..x.",
        ),
        _g(
            "4/4",
            kick="X...X...X...X...",
            clap="....X.......X..o",
            open_hat="..x...x...x...x.",
            conga_high="o..x..o...o.x..o",
        ),
    ),
    "techno": (
        _g(
            "4/4",
            kick="X...X...X...X...",
            open_hat="..X...X...X...X.",
            hat="oxoxoxoxoxoxoxox",
            rim="...x......x..x..",
        ),
        _g(
            "4/4",
            kick="X...X...X...X...",
            hat="xoxoxoxoxoxoxoxo",
            clap="............X...",
            tom_low="...o..o...o..o..",
        ),
        _g(
            "4/4",
            kick="X...X...X...X...",
            ride="..x...x...x...x.",
            clap="....x.......x...",
            blip="x..x..x..x..x.x.",
        ),
    ),
    "two-step break": (
        _g(
            "4/4",
            kick="X.........X.....",
            snare="....X.......X...",
            hat="x.x.x.x.x.x.x.x.",
            shaker="oxoxoxoxoxoxoxox",
        ),
        _g("4/4", kick="X.X.......XX....|X.X.......X...x.", snare="....X..o.o..X..o", hat="x.x.x.x.x.x.x.x."),
        _g(
            "4/4", kick="X.........X.....|X..x......X.....", snare="....X..o....X.o.", ride="x.x.x.x.x.x.x.x."
        ),
    ),
    "half-time": (
        _g(
            "4/4",
            kick="X.....x...x.....|X..x......x..x..",
            clap="........X.......",
            hat="x.x.x.x.x.x.x.x.x.x.x.xxx.x.xxxx",
        ),
        _g(
            "4/4",
            kick="X.........x..x..|X......x..x.....",
            snare="........X.......",
            hat="x.x.xxx.x.x.x.xx",
            open_hat="......x.........",
        ),
        _g(
            "4/4",
            kick="X..x......X.....|X.....x...X..x..",
            snare="........X......o",
            hat="x..x..x.x..x..x.",
            rim="..............x.",
        ),
    ),
    "boom-bap": (
        _g("4/4", kick="X......x..X.....|X......x..Xx....", snare="....X.......X...", hat="x.x.x.x.x.x.x.x."),
        _g("4/4", kick="X.x.......X.....|X.x....x..X..x..", snare="....X..o....X..o", hat="x.xox.x.x.xox.x."),
        _g(
            "4/4",
            kick="X..x..x...X.....",
            snare="....X.......X.o.",
            ride="x...x...x...x...",
            shaker="..x...x...x...x.",
        ),
    ),
    "rock": (
        _g("4/4", kick="X.......X.x.....", snare="....X.......X...", hat="X.x.X.x.X.x.X.x."),
        _g("4/4", kick="X.x.......X.....|X.x....x..X...x.", snare="....X.......X...", hat="X.x.X.x.X.x.X.x."),
        _g("4/4", kick="X..x..x.X.......", snare="....X.......X..o", ride="X.x.X.x.X.x.X.x."),
        _g("4/4", kick="X...x...X...x...", snare="..x...x...x...x.", hat="X...X...X...X..."),
        _g("6/8", kick="X.......x.x.", snare="......X.....", hat="X.x.x.X.x.x."),
        _g("3/4", kick="X.....x.....", snare="....X...X...", hat="X.x.x.x.x.x."),
    ),
    "ballad": (
        _g("4/4", kick="X.......x.......", rim="....x.......x...", hat="x.o.x.o.x.o.x.o."),
        _g("4/4", kick="X......xX.......", snare="....X.......X...", hat="x.x.x.x.x.x.x.x."),
        _g(
            "4/4",
            kick="X.........x.....",
            snare="........X.......",
            ride="x...x...x...x...",
            tambourine="....o.......o...",
        ),
        _g("6/8", kick="X.........x.", snare="......X.....", hat="x.o.o.x.o.o."),
        _g("6/8", kick="X...........", rim="......X.....", shaker="xoxoxoxoxoxo"),
        _g("3/4", kick="X...........", rim="........x...", hat="x...x...x..."),
    ),
    "waltz": (
        _g("3/4", kick="X...........", snare="....x...x...", hat="....o...o..."),
        _g("3/4", kick="X...........", brush="....x...x...", ride="x...x.o.x..."),
        _g("3/4", bass_drum="X...........", tambourine="....x...x..."),
        _g("3/4", kick="X.....o.....", rim="....x...x...", ride="x...x.x.x.x."),
    ),
    "swing": (
        _g("4/4", ride="X..x.oX..x.o", pedal="...x.....x..", kick="o..o..o..o.."),
        _g(
            "4/4",
            ride="x..X.ox..X.o",
            pedal="...x.....x..",
            brush=".....o.....x|..o.......o.",
            kick="o.........o.",
        ),
        _g("4/4", brush="x..X.xx..X.x", pedal="...x.....x..", kick="x.....o....."),
        _g("3/4", ride="X..x.ox..", pedal="...x..x..", kick="x........"),
    ),
    "shuffle": (
        _g("4/4", kick="X.....X.....", snare="...X.....X..", hat="x.xx.xx.xx.x"),
        _g("4/4", kick="X..x..X..x..", snare="...X.....X..", ride="x.xx.xx.xx.x"),
        _g("6/8", kick="X.....x...x.", snare="......X.....", ride="X.x.x.X.x.x."),
    ),
    "funk": (
        _g("4/4", kick="X.x....x..X.....|X.x...x...X..x..", snare="....X..o.o..X..o", hat="XoxoXoxoXoxoXoxo"),
        _g(
            "4/4",
            kick="X..x..x...x..x..",
            snare="....X..o....X.o.",
            hat="x.x.x.x.x.x.x...",
            open_hat="..............x.",
        ),
        _g(
            "4/4",
            kick="X...X...X...X...",
            snare="....X.......X...",
            hat="xx.xxx.xxx.xxx.x",
            open_hat="..x...x...x...x.",
        ),
        _g(
            "4/4",
            kick="X.....x..x......",
            snare="....X..o.o..X...",
            hat="xoxoxoxoxoxoxoxo",
            conga_high="..x..x.o..x..x.o",
        ),
    ),
    "one drop": (
        _g("4/4", kick="........X.......", rim="........X.......", hat="x.x.x.x.x.x.x.x."),
        _g("4/4", kick="X...X...X...X...", rim="........X.....o.", hat="..x...x...x...x."),
        _g(
            "4/4",
            kick="X.......X.......",
            snare="....x.......X...",
            hat="x.xxx.xxx.xxx.x.",
            conga_low="......x.......x.",
        ),
    ),
    "bossa": (
        _g("4/4", kick="X.....x.X.....x.", rim="x.....x.....x...|....x.....x.....", hat="xoxoxoxoxoxoxoxo"),
        _g(
            "4/4",
            kick="x.....x.X.....x.",
            rim="x..x..x...x.x...",
            shaker="XoxoXoxoXoxoXoxo",
            conga_low="......x.......xx",
        ),
    ),
    "march": (
        _g("4/4", bass_drum="X.......X.......", snare="x.oox.oox.ooxxxx", timpani="X..............."),
        _g("4/4", bass_drum="X...............", tom_low="X..x..x.X..x..x.", tom_high="....x.......x.xx"),
        _g("4/4", timpani="X.......x...x...", crash="o...............|................"),
        _g("3/4", bass_drum="X...........", timpani="....x...x...", snare="....o...o.oo"),
        _g("6/8", bass_drum="X.....x.....", tom_low="X.xx.xX.xx.x", snare="......x...oo"),
        _g("6/8", timpani="X.....x.x.x.", tambourine="x.o.o.x.o.o."),
    ),
    "folk": (
        _g("4/4", kick="X.......X.......", tambourine="....x.......x...", shaker="xoxoxoxoxoxoxoxo"),
        _g("4/4", conga_low="X.....x.X...x...", conga_high="..x.o...o.x...xo", clap="....o.......x..."),
        _g("6/8", kick="X.....X.....", tambourine="x.o.x.x.o.x.", clap="......x....."),
        _g("6/8", conga_low="X.....x.....", conga_high="..o.x...o.xx", shaker="x.x.x.x.x.x."),
        _g("3/4", kick="X...........", tambourine="....x...x..."),
    ),
    "synthwave": (
        _g("4/4", kick="X...X...X...X...", snare="....X.......X...", hat="x.xxx.xxx.xxx.xx"),
        _g(
            "4/4",
            kick="X.......X.x.....",
            snare="....X.......X...",
            hat="xxxxxxxxxxxxxxxx",
            tom_high="................|..........x.x...",
        ),
    ),
    "breakbeat": (
        _g("4/4", kick="X.....x...X.....|X..x..x...X..x..", snare="....X..o.o..X...", hat="x.x.x.x.x.x.x.x."),
        _g(
            "4/4",
            kick="X.x.......X..x..",
            snare="....X..o.o..X.o.",
            open_hat="......x.......x.",
            hat="x.x.x...x.x.x...",
        ),
    ),
    "sparse": (
        _g("4/4", kick="X...............|........o.......", blip="......x.....o...|..o.......x....."),
        _g("4/4", shaker="o...o...o...o...", tom_low="x...............|..............o."),
        _g("3/4", kick="x...........|............", blip="....o.....x."),
        _g("6/8", kick="x...........", blip="....o.....x.|........o..."),
    ),
    **{family: tuple(Groove(*one) for one in found) for family, found in TRICKY.items()},
}
"""Every groove by its family; a family holds what a drummer of that school may play."""
