"""Numbers and tables of ``peers.py``: what each row's shows are worth, as they are made and after our flash limiter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from beat_tracker import scores
from beatomizer.arrays import F32, F64
from beatomizer.color import linear_to_rgb8
from beatomizer.evaluation.measuring import OTHERS, TOGETHER, partners, unsafe_frames
from beatomizer.metrics.belonging import togetherness, win_share
from beatomizer.metrics.case import Case, measure, measure_all
from beatomizer.metrics.combined import AUC, combined_score
from beatomizer.metrics.interval import mean_interval
from beatomizer.metrics.light import Light
from beatomizer.metrics.table import METRICS, metric_named
from beatomizer.safety.limit import limit
from beatomizer.show.show import Show
from peers_rows import DESIGNER, MODEL, REFERENCE, Played, fitted, light_of
from peers_songs import COMPOSED, REAL, BenchSong

WRONG_SONG = "wrong song"
PAPER = "paper"
"""The group of metrics that needs a label; there is none here."""

CHOSEN = tuple(metric for metric in METRICS if metric.group != PAPER)
NAMES = [metric.name for metric in CHOSEN]
ASKED = tuple(metric_named(name) for name in TOGETHER)
NOTHING = "–"


@dataclass
class Line:
    """One row on one kind of songs; a list entry or matrix row for each song.

    Attributes:
        name, kind: of the row.
        lights: as made, ``[T, Z, 3]``.
        made, limited: all ``CHOSEN`` metrics of the light as made, and after the limiter.
        beat_f1, any_level: of the beats that it names; ``nan`` if it names none.
        unsafe: whether the broadcast judge finds a rule broken in the light as made.
        lit: share of frames and zones above a tenth of the show's full light, as made.
        auc: how often its own show beats its shows of other songs in sync and energy.
    """

    name: str
    kind: str
    lights: list[F32] = field(default_factory=list)
    made: list[F64] = field(default_factory=list)
    limited: list[F64] = field(default_factory=list)
    beat_f1: list[float] = field(default_factory=list)
    any_level: list[float] = field(default_factory=list)
    unsafe: list[bool] = field(default_factory=list)
    lit: list[float] = field(default_factory=list)
    auc: list[float] = field(default_factory=list)

    def take(self, song: BenchSong, played: Played) -> None:
        """Measure one show. The limiter is ours, with the show's own cues if it has any, as ``render`` does it."""
        linear = light_of(played.show)
        unsafe, light = unsafe_frames(linear), Light(linear)
        self.lights.append(linear)
        self.made.append(measure_all(Case(song.song, light, unsafe=unsafe), CHOSEN))
        self.lit.append(float(light.lit.mean()))
        self.unsafe.append(bool(unsafe.any()))
        safe = light_of(limit(played.show))
        still = unsafe_frames(safe)
        assert not still.any(), f"the limiter let {self.name} flash on {song.name}"
        self.limited.append(measure_all(Case(song.song, Light(safe), unsafe=still), CHOSEN))
        plain, level = np.nan, np.nan
        if played.beats_s is not None:
            plain, level, _ = scores(song.beats_s, np.sort(played.beats_s))
        self.beat_f1.append(plain)
        self.any_level.append(level)

    def means(self, *, limited: bool = False) -> dict[str, float]:
        """Mean of each metric over the songs where it applies, and the AUC."""
        table = np.stack(self.limited if limited else self.made)
        known = np.isfinite(table)
        sums = np.where(known, table, 0.0).sum(axis=0)
        counts = known.sum(axis=0)
        means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        return {**dict(zip(NAMES, means.tolist())), AUC: known_mean(self.auc)}

    def of_songs(self, name: str, *, limited: bool = False) -> F64:
        """One metric, song by song."""
        return np.stack(self.limited if limited else self.made)[:, NAMES.index(name)]


def add_belonging(lines: Sequence[Line], songs: Sequence[BenchSong], seed: int = 0) -> None:
    """Ask each row's own show against its shows of two other songs, cut or repeated to the song's length."""
    others = partners([song.name for song in songs], OTHERS, seed)
    for line in lines:
        for number, song in enumerate(songs):
            own = [line.made[number][NAMES.index(metric.name)] for metric in ASKED]
            rivals = [
                togetherness(_asked(song, line.lights[other]))
                for other in others[number].tolist()
                if other >= 0
            ]
            line.auc.append(win_share(togetherness([float(value) for value in own]), rivals))


def _asked(song: BenchSong, linear: F32) -> list[float]:
    case = Case(song.song, Light(fitted(linear, song.frames)))
    return [measure(metric, case) for metric in ASKED]


def wrong_song(lines: Sequence[Line], songs: Sequence[BenchSong], seed: int = 0) -> Line | None:
    """The first model's shows, each on another song; ``None`` if there is only one song."""
    others = partners([song.name for song in songs], OTHERS, seed)
    model = next((line for line in lines if line.kind == MODEL), None)
    if model is None or others[0, 0] < 0:
        return None
    wrong = Line(f"{WRONG_SONG} ({model.name}'s)", REFERENCE)
    for number, song in enumerate(songs):
        strange = fitted(model.lights[int(others[number, 0])], song.frames).astype(np.float64)
        wrong.take(song, Played(wrong.name, REFERENCE, Show(linear_to_rgb8(strange))))
    wrong.auc = [np.nan] * len(songs)
    return wrong


def tables(kind: str, lines: Sequence[Line], songs: Sequence[BenchSong], yardstick: dict[str, float]) -> str:
    """Two tables of one kind of songs.

    Args:
        kind: ``COMPOSED`` or ``REAL``.
        lines: measured rows.
        songs: in the order of the lines' entries.
        yardstick: the designer's means on composed songs, against which the combined score is taken.
    """
    names = [song.name for song in songs]
    rhythm = [[line_name(line), *_rhythm(line, names)] for line in lines]
    show = [[line_name(line), *_show(line, yardstick)] for line in lines]
    heads = ["row", *SHOW_HEADS]
    if kind != COMPOSED:  # nobody knows the sections of real songs
        unknown = heads.index("section F 3 s")
        heads, show = _without(heads, unknown), [_without(row, unknown) for row in show]
    return f"{table_text(['row', *RHYTHM_HEADS], rhythm)}\n\n{table_text(heads, show)}"


def _without(cells: list[str], place: int) -> list[str]:
    return cells[:place] + cells[place + 1 :]


SUMMARY_HEADS = (
    "beat F1, composed",
    "real",
    "light beat F1 above chance after our limiter, composed",
    "real",
    "loudness r 4 s",
    "section F 3 s, composed",
    "lit share",
    "grey share",
    "effective hues",
    "AUC",
    "flashing frames before the limiter",
)


def summary(measured: Mapping[str, Sequence[Line]]) -> str:
    """The short table: one line a row, over both kinds of songs where nothing else is said."""
    rows = []
    names = dict.fromkeys(line.name for lines in measured.values() for line in lines)
    for name in names:
        mine = {kind: line for kind, lines in measured.items() for line in lines if line.name == name}
        if name != DESIGNER:
            rows.append([line_name(next(iter(mine.values()))), *_summed(mine)])
    return table_text(["row", *SUMMARY_HEADS], rows)


def _summed(mine: Mapping[str, Line]) -> list[str]:
    def of_kind(kind: str, values: Callable[[Line], Sequence[float] | F64]) -> str:
        return number(known_mean(list(values(mine[kind])))) if kind in mine else NOTHING

    def of_all(metric: str, decimals: int = 2) -> str:
        values = [float(value) for line in mine.values() for value in line.of_songs(metric)]
        return number(known_mean(values), decimals)

    return [
        *[of_kind(kind, lambda line: line.beat_f1) for kind in (COMPOSED, REAL)],
        *[
            of_kind(kind, lambda line: line.of_songs("light_beat_f1", limited=True))
            for kind in (COMPOSED, REAL)
        ],
        of_all("loudness_r_4s"),
        of_kind(COMPOSED, lambda line: line.of_songs("section_f_3s")),
        number(known_mean([value for line in mine.values() for value in line.lit])),
        of_all("grey_share"),
        of_all("effective_hues", 1),
        number(known_mean([value for line in mine.values() for value in line.auc])),
        of_all("flash_violations", 3),
    ]


RHYTHM_HEADS = (
    "beat F1",
    "any level",
    "light beat F1 above chance",
    "after our limiter",
    "BAS precision",
    "BAS recall",
    "onset r",
    "onset r, limited",
    "events/s",
    "events/s, limited",
    "lag ms",
)
SHOW_HEADS = (
    "loudness r 4 s",
    "section F 3 s",
    "lit share",
    "grey share",
    "effective hues",
    "jitter",
    "flashing frames",
    "songs that need limiting",
    "AUC",
    "combined",
    "combined, limited",
)


def _rhythm(line: Line, names: list[str]) -> list[str]:
    made, limited = line.means(), line.means(limited=True)
    return [
        interval_text(np.array(line.beat_f1), names),
        number(known_mean(line.any_level)),
        interval_text(line.of_songs("light_beat_f1"), names),
        interval_text(line.of_songs("light_beat_f1", limited=True), names),
        number(made["bas_precision"]),
        number(made["bas_recall"]),
        number(made["onset_r"]),
        number(limited["onset_r"]),
        number(made["event_rate"], 1),
        number(limited["event_rate"], 1),
        number(made["lag_ms"], 0),
    ]


def _show(line: Line, yardstick: dict[str, float]) -> list[str]:
    made, limited = line.means(), line.means(limited=True)
    return [
        number(made["loudness_r_4s"]),
        number(made["section_f_3s"]),
        number(known_mean(line.lit)),
        number(made["grey_share"]),
        number(made["effective_hues"], 1),
        number(made["jitter"], 4),
        number(made["flash_violations"], 3),
        f"{sum(line.unsafe)} of {len(line.unsafe)}",
        number(made[AUC]),
        _combined(made, yardstick),
        number(combined_score(limited, yardstick)[0]),
    ]


def _combined(means: dict[str, float], yardstick: dict[str, float]) -> str:
    """The score; where it is 0, why."""
    score, ratios = combined_score(means, yardstick)
    lost = [_title(name) for name, ratio in ratios.items() if ratio == 0.0]
    return f"0: {', '.join(lost)}" if lost else number(score)


def _title(name: str) -> str:
    return "belonging" if name == AUC else metric_named(name).title


def yardstick_of(lines: Sequence[Line]) -> dict[str, float]:
    """The designer's means; empty without one."""
    return next((line.means() for line in lines if line.name == DESIGNER), {})


def line_name(line: Line) -> str:
    """Ours bold, references in italics, peers plain."""
    return {MODEL: f"**{line.name}**", REFERENCE: f"*{line.name}*"}.get(line.kind, line.name)


def number(value: float, decimals: int = 2) -> str:
    """One number; – for nothing."""
    if not np.isfinite(value):
        return NOTHING
    text = f"{value:.{decimals}f}"
    return text if text.strip("-0.") else text.lstrip("-")  # no minus before nothing


def interval_text(values: F64, names: list[str]) -> str:
    """A mean with its 95 % interval over songs."""
    found = mean_interval(np.asarray(values, dtype=np.float64), names)
    if not found.count:
        return NOTHING
    if not np.isfinite(found.low):
        return number(found.mean)
    return f"{number(found.mean)} [{number(found.low)}, {number(found.high)}]"


def known_mean(values: Sequence[float]) -> float:
    """Mean of what is a number; ``nan`` if nothing is."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else np.nan


def table_text(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
