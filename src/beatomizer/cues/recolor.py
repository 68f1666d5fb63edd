"""The same show in other colours."""

from dataclasses import replace

from beatomizer.cues.cuelist import CueList


def recolor(cues: CueList, palette: tuple[str, ...]) -> CueList:
    """The cue list with each colour exchanged for the one at the same place of ``palette``.

    A shorter palette starts over; colours that the list's own palette does not hold (somebody wrote them by hand)
    stay. A list without a palette counts its colours in the order in which they first appear.
    """
    known = cues.palette or tuple(dict.fromkeys(color for cue in cues.cues for color in cue.colors))
    exchange = {color: palette[place % len(palette)] for place, color in enumerate(known)}
    return replace(
        cues,
        palette=palette,
        cues=tuple(
            replace(cue, colors=tuple(exchange.get(color, color) for color in cue.colors))
            for cue in cues.cues
        ),
    )
