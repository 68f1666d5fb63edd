"""From lights to numbers: every metric of every row on every clip, and what belongs to whom."""

from dataclasses import dataclass

import numpy as np

from beatomizer.arrays import F32, F64, Bool, Int
from beatomizer.color import LINEAR_OF_RGB8, linear_to_rgb8
from beatomizer.evaluation.collect import Collected, Row
from beatomizer.evaluation.references import WRONG_SONG
from beatomizer.metrics.belonging import gap, togetherness, win_share
from beatomizer.metrics.case import Case, measure, measure_all
from beatomizer.metrics.diversity import hue_diversity, intensity_diversity, outline
from beatomizer.metrics.light import Light
from beatomizer.metrics.table import METRICS
from beatomizer.progress import Progress, silent
from beatomizer.safety.judge import judge_signals
from beatomizer.safety.profiles import profile_named
from beatomizer.safety.signals import signals_of, with_stage

OTHERS = 2
"""Other songs' shows that each show is compared with."""

BELONGING = tuple(metric for metric in METRICS if metric.belongs)
TOGETHER = ("light_beat_f1", "loudness_r_4s", "onset_r")
"""What the AUC is asked of: the mean of these."""


@dataclass
class Measured:
    """The numbers of one row; ``nan`` where a metric does not apply.

    Attributes:
        values: ``[clips, metrics]`` in the order of ``METRICS``.
        gaps, wins: ``[clips, belonging metrics]``; ``wins`` is a share, see ``metrics.belonging``.
        auc: ``[clips]``, ``wins`` of sync and energy together.
        diversity: of the row's shows, by name.
    """

    row: Row
    values: F64
    gaps: F64
    wins: F64
    auc: F64
    diversity: dict[str, float]


def partners(takes: list[str], count: int, seed: int) -> Int:
    """For each clip ``count`` clips of other takes, ``[clips, count]``, drawn with a seed; −1 if there is none."""
    rng = np.random.default_rng([seed, 77])
    names, place = np.unique(np.asarray(takes), return_inverse=True)
    chosen = np.full((len(takes), count), -1, dtype=np.int64)
    if len(names) < 2:
        return chosen
    for clip in range(len(takes)):
        others = np.flatnonzero(place != place[clip])
        chosen[clip] = rng.choice(others, size=count, replace=len(others) < count)
    return chosen


def wrong_song_row(found: Collected, others: Int) -> Row | None:
    """The row whose light is another take's label; ``None`` if there is only one take."""
    if len(others) == 0 or others[0, 0] < 0:
        return None
    return Row(WRONG_SONG, "reference", {}, [found.label.lights[int(other)] for other in others[:, 0]])


def unsafe_frames(linear: F32 | F64) -> Bool:
    """``[T]``: where the broadcast judge finds a rule broken, in any zone or the whole stage."""
    rgb8 = linear_to_rgb8(np.asarray(linear, dtype=np.float64))
    return judge_signals(
        signals_of(with_stage(LINEAR_OF_RGB8[rgb8])), profile_named("broadcast")
    ).failed_frames


def measure_row(found: Collected, row: Row, labels: list[Light], others: Int) -> Measured:
    """All numbers of one row."""
    lights = [Light(linear) for linear in row.lights]
    values = np.stack(
        [
            measure_all(Case(song, light, label, seen, unsafe_frames(light.linear)))
            for song, light, label, seen in zip(found.songs, lights, labels, found.seen)
        ]
    )
    gaps, wins, auc = _belonging(found, lights, values, others)
    return Measured(row, values, gaps, wins, auc, _diversity(lights, row))


def _belonging(found: Collected, lights: list[Light], values: F64, others: Int) -> tuple[F64, F64, F64]:
    columns = [index for index, metric in enumerate(METRICS) if metric.belongs]
    together = [BELONGING.index(metric) for metric in BELONGING if metric.name in TOGETHER]
    gaps = np.full((len(lights), len(columns)), np.nan)
    wins, auc = gaps.copy(), np.full(len(lights), np.nan)
    for clip, song in enumerate(found.songs):
        own = values[clip, columns]
        strangers = [
            np.array([measure(metric, Case(song, lights[other])) for metric in BELONGING])
            for other in others[clip].tolist()
            if other >= 0
        ]
        for column in range(len(columns)):
            rivals = [float(stranger[column]) for stranger in strangers]
            gaps[clip, column] = gap(float(own[column]), rivals)
            wins[clip, column] = win_share(float(own[column]), rivals)
        rivals = [togetherness(stranger[together].tolist()) for stranger in strangers]
        auc[clip] = win_share(togetherness(own[together].tolist()), rivals)
    return gaps, wins, auc


def _diversity(lights: list[Light], row: Row) -> dict[str, float]:
    outlines = [outline(light) for light in lights]
    numbers = {
        "hues_across_songs": hue_diversity([hues for hues, _ in outlines]),
        "intensity_across_songs": intensity_diversity([curve for _, curve in outlines]),
    }
    again = [[outline(Light(linear)) for linear in shows] for shows in row.reseeded]
    if again:
        numbers["hues_across_seeds"] = float(np.mean([hue_diversity([h for h, _ in one]) for one in again]))
        numbers["intensity_across_seeds"] = float(
            np.mean([intensity_diversity([c for _, c in one]) for one in again])
        )
    return numbers


def measure_rows(found: Collected, *, seed: int = 0, progress: Progress = silent) -> list[Measured]:
    """All rows, with the wrong song as the last one. The stage is called ``metrics``."""
    others = partners(found.takes, OTHERS, seed)
    wrong = wrong_song_row(found, others)
    rows = found.rows + ([wrong] if wrong else [])
    labels = [Light(linear) for linear in found.label.lights]
    measured = []
    for number, row in enumerate(rows):
        measured.append(measure_row(found, row, labels, others))
        progress("metrics", (number + 1) / len(rows))
    return measured
