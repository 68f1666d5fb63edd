"""Cue lists made for tests of the show: a steady song, and anything that the format allows."""

from hypothesis import strategies as st

from beatomizer.cues.cuelist import LOOKS, ZONE_GROUPS, Accent, Beat, Cue, CueList, Level, Look
from beatomizer.cues.palettes import PALETTES

COLORS = ("#ff2fb0", "#00d0e8", "#ffb60a")


def steady_beats(bpm: float, duration_s: float, first_s: float = 0.5) -> tuple[Beat, ...]:
    """Beats in four, downbeats stronger."""
    count = int((duration_s - first_s) * bpm / 60)
    return tuple(
        Beat(first_s + i * 60 / bpm, i % 4 + 1, 1.0, 1.0 if i % 4 == 0 else 0.6) for i in range(count)
    )


def one_cue(
    look: Look, *, duration_s: float = 8.0, bpm: float = 120.0, zones: int = 8, seed: int = 1, **cue
) -> CueList:
    """A song of steady beats under a single cue."""
    cue.setdefault("colors", COLORS[:2])
    return CueList(
        duration_s, steady_beats(bpm, duration_s), cues=(Cue(0.0, look, **cue),), zones=zones, seed=seed
    )


unit = st.floats(0, 1, allow_subnormal=False)
colors = st.lists(
    st.sampled_from([c for p in PALETTES.values() for c in p.colors]), min_size=0, max_size=4
).map(tuple)


@st.composite
def cue_lists(draw: st.DrawFn, longest_s: float = 3.0) -> CueList:
    """Short cue lists of every kind: cues in any order, odd zones, uneven beats, none at all."""
    times = st.floats(0, longest_s * 1.2)
    zone_groups = st.sampled_from(ZONE_GROUPS) | st.lists(st.integers(0, 9), max_size=4).map(tuple)
    cue = st.builds(
        Cue,
        time_s=times,
        look=st.sampled_from(LOOKS),
        colors=colors,
        intensity=unit,
        fade_s=st.sampled_from([0.0, 0.05, 0.4, 2.0]),
        beats=st.sampled_from([0.25, 0.5, 1.0, 1.5, 4.0]),
        zones=zone_groups,
        floor=unit,
    )
    gaps = draw(st.lists(st.floats(0.05, 1.0), max_size=8))
    beats = tuple(Beat(sum(gaps[: i + 1]), i % 3 + 1, 1.0, 0.5) for i in range(len(gaps)))
    return CueList(
        duration_s=draw(st.floats(0, longest_s)),
        beats=beats,
        palette=draw(colors),
        cues=tuple(draw(st.lists(cue, max_size=6))),
        accents=tuple(draw(st.lists(st.builds(Accent, times, unit), max_size=4))),
        level=Level(0.25, tuple(draw(st.lists(unit, max_size=8)))),
        tempo_bpm=draw(st.sampled_from([0.0, 97.0])),
        seed=draw(st.integers(0, 2**31)),
        zones=draw(st.integers(1, 9)),
    )
