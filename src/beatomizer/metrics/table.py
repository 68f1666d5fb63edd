"""All metrics of one show, in one table. A new metric is a function and an entry here: it then has a column in the
report and is held to the laws in ``tests/test_metrics_laws.py``.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import inf

from beatomizer.metrics import colour, energy, paper, stability, structure, sync

GROUPS = ("paper", "sync", "energy", "structure", "colour", "stability")
"""Groups of metrics of one show. ``diversity``, ``belonging`` and ``system`` speak of a model, not of a show."""

UP, DOWN, INTO, SEEN = "up", "down", "into", "seen"
"""More is better; less is better; best inside ``target``; neither: read beside others."""


@dataclass(frozen=True)
class Metric:
    """One row of the table.

    Attributes:
        name: a short identifier, the key in JSON.
        group: one of ``GROUPS``.
        title: for column heads and pictures.
        function: its parameters say what it needs, by the names of ``metrics.case.Case``.
        direction: ``UP``, ``DOWN``, ``INTO`` or ``SEEN``.
        range: the least and the greatest value that it can have.
        unit: after the number; empty for plain numbers.
        target: what a shipped model must reach: at least (``UP``), at most (``DOWN``), between (``INTO``).
        decimals: in tables.
        combined: part of the combined score.
        belongs: asked on other songs' shows too: must be lower there.
        laws: further promises: ``"gain"`` the light's level does not matter, ``"time reversal"`` of song and light does
            not matter, ``"shift"`` gets worse when the light comes 150 ms late, ``"constant wins"`` a constant light is
            perfect, so that it must never be read alone.
    """

    name: str
    group: str
    title: str
    function: Callable[..., float]
    direction: str
    range: tuple[float, float]
    unit: str = ""
    target: tuple[float, float] | None = None
    decimals: int = 2
    combined: bool = False
    belongs: bool = False
    laws: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """What the function asks for."""
        return tuple(inspect.signature(self.function).parameters)


def _laws(*names: str) -> frozenset[str]:
    return frozenset(names)


TIMELESS, GAIN, LATE, FLAT = "time reversal", "gain", "shift", "constant wins"
CALM = _laws(GAIN, TIMELESS, FLAT)

METRICS: tuple[Metric, ...] = (
    Metric("cosine", "paper", "cosine", paper.cosine, UP, (0, 1), decimals=3, laws=_laws(TIMELESS)),
    Metric(
        "grey_cosine",
        "paper",
        "grey's cosine",
        paper.grey_cosine,
        SEEN,
        (0, 1),
        decimals=3,
        laws=_laws(TIMELESS),
    ),
    Metric("hue_error", "paper", "hue MAE", paper.hue_error, DOWN, (0, 90), decimals=1, laws=_laws(TIMELESS)),
    Metric(
        "hue_rms_error",
        "paper",
        "hue RMSE",
        paper.hue_rms_error,
        DOWN,
        (0, 90),
        decimals=1,
        laws=_laws(TIMELESS),
    ),
    Metric(
        "hue_change_r",
        "paper",
        "hue corr|Δ|",
        paper.hue_change_r,
        UP,
        (-100, 100),
        decimals=1,
        laws=_laws(TIMELESS),
    ),
    Metric(
        "value_error",
        "paper",
        "value MAE",
        paper.value_error,
        DOWN,
        (0, 255),
        decimals=1,
        laws=_laws(TIMELESS),
    ),
    Metric(
        "value_rms_error",
        "paper",
        "value RMSE",
        paper.value_rms_error,
        DOWN,
        (0, 255),
        decimals=1,
        laws=_laws(TIMELESS),
    ),
    Metric(
        "value_change_r",
        "paper",
        "value corr|Δ|",
        paper.value_change_r,
        UP,
        (-100, 100),
        decimals=1,
        laws=_laws(TIMELESS),
    ),
    Metric(
        "light_beat_f1",
        "sync",
        "light beat F1 above chance",
        sync.light_beat_f1,
        UP,
        (-1, 1),
        target=(0.35, 1),
        combined=True,
        belongs=True,
        laws=_laws(GAIN, LATE),
    ),
    Metric(
        "bas_precision",
        "sync",
        "BAS precision",
        sync.bas_precision,
        UP,
        (0, 1),
        belongs=True,
        laws=_laws(GAIN, LATE),
    ),
    Metric(
        "bas_recall", "sync", "BAS recall", sync.bas_recall, UP, (0, 1), belongs=True, laws=_laws(GAIN, LATE)
    ),
    Metric("event_rate", "sync", "events", sync.event_rate, SEEN, (0, 15), unit="/s", laws=_laws(GAIN)),
    Metric("lag_ms", "sync", "lag", sync.lag_ms, SEEN, (-267, 267), unit="ms", decimals=0, laws=_laws(GAIN)),
    Metric(
        "lag_error_ms",
        "sync",
        "lag outside −40…+10",
        sync.lag_error_ms,
        DOWN,
        (0, 257),
        unit="ms",
        target=(0, 10),
        decimals=0,
        laws=_laws(GAIN, LATE),
    ),
    Metric(
        "loudness_r_1s",
        "energy",
        "loudness r 1 s",
        energy.loudness_r_1s,
        UP,
        (-1, 1),
        belongs=True,
        laws=_laws(GAIN, TIMELESS),
    ),
    Metric(
        "loudness_r_4s",
        "energy",
        "loudness r 4 s",
        energy.loudness_r_4s,
        INTO,
        (-1, 1),
        target=(0.45, 0.85),
        combined=True,
        belongs=True,
        laws=_laws(GAIN, TIMELESS),
    ),
    Metric(
        "onset_r",
        "energy",
        "onset r",
        energy.onset_r,
        UP,
        (-1, 1),
        combined=True,
        belongs=True,
        laws=_laws(GAIN, LATE),
    ),
    Metric(
        "section_f_half_s",
        "structure",
        "section F 0.5 s",
        structure.section_f_half_s,
        UP,
        (0, 1),
        laws=_laws(GAIN),
    ),
    Metric(
        "section_f_3s",
        "structure",
        "section F 3 s",
        structure.section_f_3s,
        UP,
        (0, 1),
        target=(0.6, 1),
        combined=True,
        laws=_laws(GAIN),
    ),
    Metric(
        "self_similarity_r",
        "structure",
        "self-similarity r",
        structure.self_similarity_r,
        UP,
        (-1, 1),
        combined=True,
        laws=_laws(GAIN, TIMELESS),
    ),
    Metric(
        "novelty_r", "structure", "novelty r", structure.novelty_r, UP, (-1, 1), laws=_laws(GAIN, TIMELESS)
    ),
    Metric("repetition", "structure", "repetition", structure.repetition, UP, (-1, 1), laws=_laws(GAIN)),
    Metric(
        "drop_response", "structure", "drop response", structure.drop_response, UP, (-1, 1), laws=_laws(GAIN)
    ),
    Metric("pull_back", "structure", "pull-back", structure.pull_back, UP, (-1, 1), laws=_laws(GAIN)),
    Metric(
        "commitment",
        "colour",
        "commitment",
        colour.commitment,
        UP,
        (0, 0.33),
        decimals=3,
        combined=True,
        laws=_laws(GAIN, TIMELESS),
    ),
    Metric(
        "grey_share",
        "colour",
        "grey share",
        colour.grey_share,
        DOWN,
        (0, 1),
        target=(0, 0.05),
        combined=True,
        laws=_laws(GAIN, TIMELESS),
    ),
    Metric(
        "effective_hues",
        "colour",
        "effective hues",
        colour.effective_hues,
        INTO,
        (0, 24),
        target=(2.5, 6),
        combined=True,
        laws=_laws(GAIN, TIMELESS),
    ),
    Metric("dwell_s", "colour", "dwell", colour.dwell_s, SEEN, (0, inf), unit="s", laws=_laws(GAIN)),
    Metric("jitter", "stability", "jitter", stability.jitter, DOWN, (0, 4), decimals=4, laws=CALM),
    Metric(
        "alternation",
        "stability",
        "alternating frames",
        stability.alternation,
        DOWN,
        (0, 1),
        decimals=3,
        combined=True,
        laws=CALM,
    ),
    Metric(
        "fast_share",
        "stability",
        "power over 8 Hz",
        stability.fast_share,
        DOWN,
        (0, 1),
        decimals=3,
        laws=CALM,
    ),
    Metric(
        "flash_violations",
        "stability",
        "flash violations",
        stability.flash_violations,
        DOWN,
        (0, 1),
        target=(0, 0),
        decimals=3,
        laws=_laws(FLAT),
    ),
)


def metric_named(name: str) -> Metric:
    """The entry called ``name``.

    Raises:
        KeyError: there is none.
    """
    return next(metric for metric in METRICS if metric.name == name)
