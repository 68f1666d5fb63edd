"""What the band plays under a tune: bass lines, chord rhythms and broken chords, as rows of steps.

As in ``grooves``, a row is a bar (or two, with ``|`` between) and its steps fill the bar evenly. ``-`` holds what
sounds, ``.`` is silence.

Bass: ``r`` root, ``R`` accented root, ``o`` octave, ``5`` fifth, ``b`` fifth below, ``3`` third, ``7`` seventh (or
sixth), ``a`` a half step below the root of the next bar, ``n`` that root itself, come early.
Chords: ``x`` and ``X`` the whole chord, ``u`` its upper notes, ``l`` its lowest note an octave down, ``n`` the chord of
the next bar, come early; a number is one note of the chord, from the lowest.
Broken chords: the number of the note, from the lowest.
Rows of twelve steps in 4/4 are swung pairs; rows of 24 are even triplets.
"""

Rows = dict[str, tuple[str, ...]]
"""Metre → rows."""

BASS: dict[str, Rows] = {
    "whole": {
        "4/4": ("r---------------", "r-------5-------"),
        "3/4": ("r-----------", "r-------5---"),
        "6/8": ("r-----------", "r-----5-----"),
    },
    "off-beat": {"4/4": ("..r-..r-..r-..r-", "..ro..r-..ro..r-", "r--r--o-r--r--5-", "..r-..ro..r-..5o")},
    "rolling": {"4/4": (".rrr.rrr.rrr.rrr", "rrrrrrrrrrrrrrrr", "r.ror.ror.ror.ro", ".ror.ror.ror.r7r")},
    "eighths": {
        "4/4": ("r.r.r.r.r.r.r.r.", "R-r-r-r-r-r-5-7-", "r-r-r-o-r-r-r-a-"),
        "3/4": ("r-r-r-r-5-5-", "r---r-r-5---"),
        "6/8": ("r-r-r-r-5-a-", "r---r-5---a-"),
    },
    "sub": {
        "4/4": ("r-----.---r-----|r---------------", "r-----r---r--r--", "r---------5-----|r--r------r--o--")
    },
    "reese": {
        "4/4": ("r---------------|r-------7-------", "r-----r-------o-|r---------a-----", "r-r-------r-r---")
    },
    "walk": {
        "4/4": ("r--3--5--a--", "r--5--o--a--", "r--3--5--7--|o--7--5--a--"),
        "3/4": ("r--3--a--", "r--5--a--"),
        "6/8": ("r---3-5---a-",),
    },
    "two-feel": {
        "4/4": ("r-------5-------", "r-----5-b-------", "r-----r-5-----a-"),
        "3/4": ("r-----------", "r-----------|5-----------", "r-------b---"),
        "6/8": ("r-----5-----", "r---r-5---b-"),
    },
    "funk": {"4/4": ("R.r..o.r..7.r.o.", "R..r..o..7r...5a", "r.ro..7.o.r.5.7.", "R...r.o.r...7.o.")},
    "disco": {"4/4": ("r.o.r.o.r.o.r.o.", "r-o-r-o-r-o-5-7-")},
    "dub": {"4/4": ("r---r-5-....r-7-", "..r-r---..5-b---", "r-----3-5-----..")},
    "bossa": {"4/4": ("r-----5-5-----r-", "r-----5-b-----a-")},
    "pulse": {
        "4/4": ("r.rrr.rrr.rrr.rr", "r-r-r-r-r-r-r-r-"),
        "3/4": ("r-r-r-r-r-r-",),
        "6/8": ("r-r-r-r-r-r-",),
    },
    "riff": {
        "4/4": ("R.r.r.r.R.3.r.7.", "R--r--r.r-r-7-r-", "r-r-7-r-3-r-5-7-"),
        "6/8": ("R-r-r-7-r-r-",),
        "3/4": ("R-r-7-r-r-5-",),
    },
    "shuffle": {"4/4": ("r.rr.r5.5o.5", "r--3--5--7--"), "6/8": ("r-r-3-5-5-7-",)},
    "punk": {"4/4": ("R.r.r.r.r.r.r.r.", "R-r-r-r-5-5-7-7-", "R---r-r-r-r-r-n-")},
    "gallop": {
        "4/4": ("R-rrR-rrR-rrR-rr", "rrrrrrrrrrrrrrrr", "R---R---r-r-7-r-", "R--R--R--R--R-r-"),
        "6/8": ("rrrrrrrrrrrr", "R-rr--r-r---"),
    },
    "console": {
        "4/4": ("r.r.o.r.r.r.o.r.", "rroorroorroorroo", "r.o.5.o.r.o.5.o.", "r--r--r-r--r--o-"),
        "3/4": ("r.o.o.r.o.o.", "r-r-5-5-o-o-"),
    },
    "slow triplets": {
        "4/4": ("r----5r--7--", "r--r-53--a--", "r-----5--n--", "r--r-rr--5-a"),
        "6/8": ("r-----5---a-", "r---r-5-b---", "r---------n-"),
    },
    "boom-chick": {
        "4/4": ("r---b---r---b---", "r---5---r---5---", "r---b---r---3-a-", "r---5---r-3-5-a-"),
        "3/4": ("r-----------|b-----------", "r-------b-a-"),
        "6/8": ("r-----b-----", "r-----5---a-"),
    },
    "tumbao": {"4/4": ("...5--r-...5--n-", "...r--o-...5--n-", "r--5--r-...5--n-", "...5--r---..3-n-")},
    "afrobeat": {
        "4/4": ("r..r..r-..r.7.r.", "..r-r-..5.7.r-..", "r-..r.r...7-..5-", "R..7..r...r.5.7."),
        "6/8": ("r---5---7-r-", "..r---5---n-"),
    },
    "ska": {"4/4": ("r-3-5-3-r-3-5-a-", "r-r-3-3-5-5-7-7-", "r---3---5---a---", "r-3-5-7-o-7-5-3-")},
}

COMP: dict[str, Rows] = {
    "held": {"4/4": ("x---------------",), "3/4": ("x-----------",), "6/8": ("x-----------",)},
    "stabs": {"4/4": ("x-.x-.x-..x-.x-.", "..x-.x-...x-.x-.", "x--...x-.x-...x-", "X-.x-...x-.x-.x.")},
    "off-beat": {"4/4": ("..x...x...x...x.", "..x-..x-..x-..x-")},
    "eighths": {
        "4/4": ("X-x-x-x-X-x-x-x-", "x.x.x.x.x.x.x.x.", "X-----x-x---x-x-"),
        "3/4": ("X-x-x-x-x-x-", "x---x-x-x---"),
        "6/8": ("X-x-x-X-x-x-", "x---x-x---x-"),
    },
    "strum": {
        "4/4": ("X---x-x-..x-x-x-", "X-x-x-xxX-x-x-xx", "X-----x-X-x-..x-"),
        "3/4": ("l---u---u---", "X---x-x-x-x-"),
        "6/8": ("X---x-X---x-", "X-x-x-X-x-xx"),
    },
    "quarters": {
        "4/4": ("x---x---x---x---", "X---x---x---x-x-"),
        "3/4": ("x---x---x---",),
        "6/8": ("x-----x-----",),
    },
    "oom-pah": {
        "4/4": ("l---u---l---u---",),
        "3/4": ("l---u---u---", "l---u-..u-..", "l---u---u-u-"),
        "6/8": ("l---u-l---u-",),
    },
    "charleston": {
        "4/4": ("x--..x......", "...x.....x.x", ".....x-.....|x-....x.....", "x-...x-....x"),
        "3/4": ("x-....x..", "...x-.x-."),
        "6/8": ("x-....x-....",),
    },
    "skank": {"4/4": ("....x.......x...", "..x...x...x...x.", "....xx......xx..")},
    "chank": {"4/4": ("..x..x.x..x..x.x", "x.xx..x.x.xx..x.", "....x..x....x..x", "xx.x.xx.xx.x.xx.")},
    "bossa": {"4/4": ("x--x--x---x--x--", "x-..x-x-..x-..x-")},
    "power": {
        "4/4": ("X-x-x-x-x-x-x-x-", "X-----X-X-------", "X--X--X-.-X-X---"),
        "3/4": ("X---x-x-x-x-",),
        "6/8": ("X-x-x-X-x-x-",),
    },
    "punk": {"4/4": ("X.x.x.x.x.x.x.x.", "XxxxXxxxXxxxXxxx", "X---x-x-X---x-n-", "X-------X-x-x-x-")},
    "chug": {
        "4/4": ("X.xxX.xxX.xxX.xx", "xxxxxxxxxxxxxxxx", "X--X--X-..X-X-xx", "X-------X---X-n-"),
        "6/8": ("X.x.x.X.xxxx", "X-----X-x-x-"),
    },
    "boogie": {
        "4/4": ("X.xX.xX.xX.x", "x-xx-xx-xx-x", "x--..x...x-n", "X-----..x-.x"),
        "6/8": ("X-x-x-X-x-x-",),
    },
    "boom-chick": {
        "4/4": ("l-u-l-u-l-u-l-u-", "l-u.l-uul-u.l-uu", "l-..X-x.l-..X-x."),
        "3/4": ("l---u-u-u-u-",),
        "6/8": ("l---u-l---u-",),
    },
    "montuno": {"4/4": ("x.xx.x.x.x.x.x.n", ".x.x.x.xx.xx.x.n", "0.xx.1.x.2.x.1.n", "x..x..x...x.x.n.")},
    "triplets": {
        "4/4": ("xxxxxxxxxxxx", "X-xx-xx-xx-n", "x-----x--..x"),
        "6/8": ("x-x-x-x-x-x-", "x---x-x---x-"),
    },
    "pah": {"4/4": ("..u...u...u...u.", "l-u-l-u-l-u-l-uu"), "6/8": ("l---u-l---u-",)},
    "afrobeat": {
        "4/4": ("x.x..x.xx.x..x.x", "..x.xx..x.x.xx..", "x..x.x..x..x.x..", "0.1.2.1.0.2.1.n."),
        "6/8": ("..x.x...x.x.", "x...x...x.n."),
    },
    "alberti": {
        "4/4": ("0-2-1-2-0-2-1-2-", "0212021202120212", "l---1-2-0---1-2-", "0.1.2.0.1.2.0.1.2.0.1.2."),
        "3/4": ("0-1-2-1-2-1-", "l---1-2-1-2-", "021202120212"),
        "6/8": ("0-1-2-2-1-0-", "l-1-2-l-1-2-", "012101012101"),
    },
    "upstroke": {"4/4": ("..X...X...X...X.", "..Xx..Xx..Xx..Xx", "..x...xx..x...x.")},
    "gate": {"4/4": ("x.xxx.xxx.xxx.xx", "x..x..x.x..x..x.", "xx.xx.xxxx.xx.x.", "..xx..xx..xx..xx")},
}

ARPS: dict[str, Rows] = {
    "sixteenths": {
        "4/4": ("0123432101234321", "0213243102132431", "4203120142031201", "0.12.0.12.01.2.3"),
        "3/4": ("012343210123", "021324310213"),
        "6/8": ("012321012321", "0.1.2.3.2.1."),
    },
    "eighths": {
        "4/4": ("0.1.2.3.4.3.2.1.", "0.2.1.3.2.4.3.1.", "..1.2.3.4.3.2.1."),
        "3/4": ("0.1.2.3.2.1.", "0.2.3.4.3.2."),
        "6/8": ("0.1.2.3.2.1.", "0.2.4.3.2.1."),
    },
    "sparse": {
        "4/4": ("0.....2.....3...", "....4......2...."),
        "3/4": ("0.....3.....",),
        "6/8": ("0.....2...4.",),
    },
    "ostinato": {
        "4/4": ("0.0.1.0.2.0.1.0.", "0..2..1.0..2..1.", "00.100.200.100.2"),
        "3/4": ("0.1.0.2.0.1.", "0..1..2..1.."),
        "6/8": ("0.0.1.0.0.2.", "0.1.2.0.1.2."),
    },
    "rapid": {
        "4/4": ("01230123012301230123012301230123", "01201201201201201201201201201201", "0120120120120120"),
        "3/4": ("012012012012012012012012", "012301230123"),
        "6/8": ("012012012012",),
    },
    "figures": {
        "4/4": (
            "0.1.2.0.1.2.0.1.2.0.1.2.",
            "0123432123454321",
            "4321432143214321",
            "0.121.232.343.45",
            "0.2.4.3.0.2.4.3.",
        ),
        "3/4": ("012321012345", "0.1.2.3.4.5.4.3.2.", "0.2.4.3.2.1."),
        "6/8": ("012345432101", "0.2.4.5.4.2.", "0.....4.3.2."),
    },
}


def rows(table: dict[str, Rows], names: tuple[str, ...], meter: str) -> tuple[str, ...]:
    """All rows of some families that are written in a metre; those of the plainest family where there are none."""
    found = [row for name in names for row in table[name].get(meter, ())]
    return tuple(found) or next(iter(table.values()))[meter]
