"""Grooves whose pulse is easily mistaken: very fast, shuffled, off the beat, in two, across the bar.

Written as in ``grooves``: family → ``(metre, drum → row)``. Rows of twelve steps in 4/4 are swung pairs, so only styles
that swing like triplets use them; rows of 24 are even triplets.
"""

TRICKY: dict[str, tuple[tuple[str, dict[str, str]], ...]] = {
    "punk": (
        ("4/4", {"kick": "X.......X.X.....", "snare": "....X.......X...", "hat": "X.x.X.x.X.x.X.x."}),
        ("4/4", {"kick": "X.....X...X.....", "snare": "....X.......X...", "ride": "X...X...X...X..."}),
        (
            "4/4",
            {
                "kick": "X.x...x.X.....x.|X.x...x.X.x...x.", "snare": "....X.......X...",
                "open_hat": "X...X...X...X...",
            },
        ),
        ("4/4", {"kick": "X...X...X...X...", "snare": "..X...X...X...X.", "hat": "X...X...X...X..."}),
        ("4/4", {"kick": "X.......X.......", "snare": "....X.......X...", "tom_low": "X.X.X.X.X.X.X.X."}),
        ("4/4", {"kick": "X.x.....X.......", "snare": "....X.......X..x", "hat": "x.x.x.x.x.x.x.x."}),
    ),
    "metal": (
        ("4/4", {"kick": "xxxxxxxxxxxxxxxx", "snare": "....X.......X...", "ride": "X...X...X...X..."}),
        ("4/4", {"kick": "X.xxX.xxX.xxX.xx", "snare": "....X.......X...", "open_hat": "X...X...X...X..."}),
        (
            "4/4",
            {
                "kick": "X.x...X.X.x.....|X.x...X.X.xxxxxx", "snare": "....X.......X...",
                "hat": "X.x.X.x.X.x.X.x.",
            },
        ),
        ("4/4", {"kick": "X..X..X..X..X.X.", "snare": "....X.......X...", "open_hat": "X...X...X...X..."}),
        ("4/4", {"kick": "X...X...X...X...", "snare": "..X...X...X...X.", "ride": "X.x.X.x.X.x.X.x."}),
        (
            "4/4",
            {
                "kick": "X.x.x.x.x.x.x.x.x.x.x.x.", "snare": "......X...........X.....",
                "ride": "X.....X.....X.....X.....",
            },
        ),
        ("6/8", {"kick": "xxxxxxxxxxxx", "snare": "......X.....", "ride": "X.x.x.X.x.x."}),
        ("6/8", {"kick": "X.xx..x.x...", "snare": "......X.....", "open_hat": "X.....X....."}),
    ),
    "console": (
        ("4/4", {"kick": "X...X...X...X...", "snare": "....X.......X...", "hat": "..x...x...x...x."}),
        ("4/4", {"kick": "X.....X.X.......", "snare": "....X.......X...", "hat": "xoxoxoxoxoxoxoxo"}),
        (
            "4/4",
            {
                "kick": "X.......X.X.....|X.......X.X...X.", "snare": "....X.......X..x",
                "hat": "x.xxx.xxx.xxx.xx",
            },
        ),
        ("4/4", {"kick": "X..X..X.X..X..X.", "snare": "....X.......X.xx", "hat": "x.x.x.x.x.x.x.x."}),
        ("4/4", {"hat": "X.xxX.xxX.xxX.xx", "snare": "....o.......o..."}),
        ("3/4", {"kick": "X...........", "snare": "....x...x...", "hat": "x.x.x.x.x.x."}),
    ),
    "blues": (
        ("4/4", {"kick": "X..X..X..X..", "snare": "o.oX.oo.oX.o", "ride": "X.xX.xX.xX.x"}),
        ("4/4", {"kick": "X.....X..x..|X....xX.....", "snare": "...X.....X..", "hat": "xxxxxxxxxxxx"}),
        ("4/4", {"kick": "X.....X.....", "snare": "...X.....X.x", "hat": "X.xX.xX.xX.x"}),
        ("4/4", {"kick": "X....x.x....", "snare": "...X.....X..", "ride": "XooXooXooXoo"}),
        ("4/4", {"kick": "X..X..X..X..", "clap": "...X.....X..", "tambourine": "..x..x..x..x"}),
    ),
    "train": (
        ("4/4", {"kick": "X...X...X...X...", "snare": "ooXoooXoooXoooXo"}),
        ("4/4", {"kick": "X.......X.......", "brush": "xoXoxoXoxoXoxoXo", "pedal": "....x.......x..."}),
        ("4/4", {"kick": "X...X...X...X...", "rim": "..X...X...X...X.", "hat": "x.x.x.x.x.x.x.x."}),
        ("4/4", {"kick": "X.....x.X.x.....", "snare": "....X.......X...", "tambourine": "..x...x...x...x."}),
        ("4/4", {"kick": "X...X...X...X..x", "snare": "o.Xoo.Xoo.Xoo.Xo", "ride": "x...x...x...x..."}),
        ("3/4", {"kick": "X...........", "brush": "o.o.x.o.x.oo"}),
    ),
    "clave": (
        (
            "4/4",
            {
                "rim": "X..X..X...X.X...", "cowbell": "x.xox.xox.xox.xo", "conga_high": "..x.......x.....",
                "conga_low": "......xx......xx", "kick": "...x......x.....",
            },
        ),
        (
            "4/4",
            {
                "rim": "..X.X...X..X..X.", "shaker": "xoxoxoxoxoxoxoxo", "conga_high": "..x...o...x...o.",
                "conga_low": "......xx......xx", "tom_high": "................|..............xx",
            },
        ),
        ("4/4", {"cowbell": "X...X...X...X...", "shaker": "X.xxX.xxX.xxX.xx", "conga_low": "......x.......xx"}),
        ("4/4", {"kick": "X...X...X...X...", "snare": "...x..x....x..x.", "hat": "..x...x...x...x."}),
        (
            "4/4",
            {
                "kick": "o..xX..xo..xX..x", "tom_low": "....X.......X...", "shaker": "XooxXooxXooxXoox",
                "tambourine": "x.xx.x.x.xx.x.x.",
            },
        ),
        ("4/4", {"conga_high": "x.xo.xx.x.xo.xx.", "conga_low": "......x..x....x.", "clap": "X..X..X...X.X..."}),
    ),
    "gospel": (
        ("6/8", {"kick": "X.....o...x.", "snare": "......X.....", "hat": "x.x.x.x.x.x."}),
        ("6/8", {"kick": "X.........x.", "clap": "......X.....", "tambourine": "x.o.x.x.o.x."}),
        ("6/8", {"kick": "X...x.....x.", "rim": "......X.....", "ride": "X.o.o.x.o.o."}),
        ("4/4", {"kick": "X....xX.....", "snare": "...X.....X..", "hat": "xxxxxxxxxxxx"}),
        ("4/4", {"kick": "X.....X....x", "rim": "...X.....X..", "ride": "XooxooXoxxoo"}),
        ("4/4", {"kick": "X..X..X..X..", "clap": "...X.....X..", "tambourine": "..xX.x..xX.x"}),
    ),
    "polka": (
        ("4/4", {"kick": "X...X...X...X...", "snare": "..x...x...x...x.", "hat": "..o...o...o...o."}),
        ("4/4", {"bass_drum": "X...X...X...X...", "snare": "x.oox.oox.ooxxxx", "tambourine": "....x.......x..."}),
        (
            "4/4",
            {
                "bass_drum": "X...x...X...x...", "snare": "..x...x...x..xx.",
                "crash": "o...............|................",
            },
        ),
        ("4/4", {"bass_drum": "X.......X.......", "snare": "x...x.ooX...x.oo", "tambourine": "..x...x...x...x."}),
        ("6/8", {"bass_drum": "X.....X.....", "snare": "x...x.x.x.x.", "tambourine": "......x....."}),
    ),
    "afrobeat": (
        (
            "4/4",
            {
                "kick": "X.....x...x...x.", "snare": "..o...x...o.x..x", "hat": "x.x.x.xxx.x.x.x.",
                "shaker": "xoxxxoxxxoxxxoxx",
            },
        ),
        (
            "4/4",
            {
                "kick": "x..x......x..x..", "rim": "...x..x....x..x.", "cowbell": "x..x..x.x..x..x.",
                "conga_high": "..xx..x...xx..x.", "open_hat": "..............x.",
            },
        ),
        (
            "4/4",
            {
                "kick": "X..x..X...x.x...", "snare": "...o..X..o..o.x.", "ride": "x.xxx.x.x.xxx.x.",
                "conga_low": "......xx....x...",
            },
        ),
        (
            "4/4",
            {
                "kick": "X...X...X...X...", "rim": "..x..x....x..x..", "shaker": "XoxoXoxoXoxoXoxo",
                "conga_high": "x..x..x..x..x.x.",
            },
        ),
        (
            "6/8",
            {
                "cowbell": "x...x...x.x.|..x...x...x.", "kick": "X...........|......x.....",
                "conga_low": "....x.x...x.", "shaker": "x.x.x.x.x.x.",
            },
        ),
        (
            "6/8",
            {
                "cowbell": "X.x...x.x...", "kick": "......X.....", "conga_high": "x..x..x..x..",
                "rim": "..x...x...x.",
            },
        ),
    ),
    "ska": (
        ("4/4", {"kick": "....X.......X...", "rim": "....X.......X...", "hat": "X.x.X.x.X.x.X.x."}),
        ("4/4", {"kick": "X.......X.......", "snare": "....X.......X...", "open_hat": "..X...X...X...X."}),
        ("4/4", {"kick": "X...X...X...X...", "snare": "....X.......X...", "hat": "..x...x...x...xx"}),
        ("4/4", {"kick": "X.....x.X.....x.", "snare": "....X.......X..o", "ride": "..x...x...x...x."}),
    ),
    "disco": (
        (
            "4/4",
            {
                "kick": "X...X...X...X...", "snare": "....X.......X...", "open_hat": "..X...X...X...X.",
                "hat": "x...x...x...x...",
            },
        ),
        (
            "4/4",
            {
                "kick": "X...X...X...X...", "snare": "....X.......X..o", "hat": "xxXxxxXxxxXxxxXx",
                "tambourine": "....x.......x...",
            },
        ),
        (
            "4/4",
            {
                "kick": "X...X...X...X...", "clap": "....X.......X...", "open_hat": "..X...X...X...X.",
                "conga_high": "x..x..x.x..x..xx",
            },
        ),
    ),
    "trance": (
        (
            "4/4",
            {
                "kick": "X...X...X...X...", "open_hat": "..X...X...X...X.", "clap": "....X.......X...",
                "hat": "xoxoxoxoxoxoxoxo",
            },
        ),
        (
            "4/4",
            {
                "kick": "X...X...X...X...", "open_hat": "..X...X...X...X.", "shaker": "oxxxoxxxoxxxoxxx",
                "ride": "X...X...X...X...",
            },
        ),
        (
            "4/4",
            {
                "kick": "X...X...X...X...|X...X...X...X.x.", "snare": "....X.......X...",
                "hat": "..x...x...x...x.", "rim": "...x..x..x..x...",
            },
        ),
    ),
    "amen": (
        (
            "4/4",
            {
                "kick": "X.X.......XX....|X.X.......XX....|X.X.......X.....|..XX......X.....",
                "snare": "....X..x.x..X..x|....X..x.x..X..x|....X..x.x....X.|.x..X..x.x....X.",
                "ride": "x.x.x.x.x.x.x.x.",
            },
        ),
        ("4/4", {"kick": "X..X....X.X.....", "snare": "....X..o.o..X..o", "hat": "x.x.x.x.x.x.x.xx"}),
        (
            "4/4",
            {
                "kick": "X.....X....X....|X.X......X......", "snare": "....X..x....X..x|....X..x.xx.X.xx",
                "hat": "xoxoxoxoxoxoxoxo", "rim": "..........x.....",
            },
        ),
        (
            "4/4",
            {
                "kick": "X.........x.....|X..x......x..x..", "snare": "....X.......X.o.",
                "shaker": "oxoxoxoxoxoxoxox", "tom_low": "...............x",
            },
        ),
    ),
}  # fmt: skip
"""Every such groove by its family."""
