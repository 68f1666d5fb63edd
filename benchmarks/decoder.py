"""What the decoder makes of learned scores: beats, bars, tempo and form on a folder of lessons, beside ``classic``.

    python benchmarks/decoder.py LESSONS [--engine FILE.onnx|perfect|tired] [--songs N] [--no-classic]

``perfect`` hears the truth, ``tired`` the truth through a learned model's usual mistakes (``tests/tired_listener.py``).
Needs mir_eval. Scores against the truth of each lesson:

* ``beat``, ``bar``: F1 of beats and downbeats within 70 ms, nothing trimmed.
* ``tempo``: found over true; rows more than 4 % off are marked, and counted as octave errors near 1/3, 1/2, 2 and 3.
* ``0.5``, ``3``: F of section boundaries within half a second and three, without the first and the last.
* ``label``: pairwise F of the letters.
* ``drops``: found | true.
* ``s``: seconds of processor time from scores to beats and sections.

``classic`` hears the song's sound, composed again from the number in the lesson: only lessons of clean songs have one.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from beatomizer.composer.compose import compose
from beatomizer.cues.bar_view import bar_view
from beatomizer.cues.beat_grid import track_beats
from beatomizer.cues.structure import find_sections
from beatomizer.dataset.lessons.damage import Damage, damaged
from beatomizer.dataset.lessons.lesson import SUFFIX, Lesson, read_lesson
from beatomizer.dataset.lessons.targets import perfect_scores
from beatomizer.features.bank import SETTINGS
from beatomizer.features.features import Features
from beatomizer.inference.engine import Engine, Scores
from beatomizer.inference.engines import load_engine
from beatomizer.timebase import HOP
from tests.tired_listener import tired

OCTAVES = (1 / 3, 1 / 2, 2.0, 3.0)
NAMES = ("beat", "bar", "tempo", "0.5", "3", "label", "s")


@dataclass(frozen=True)
class Row:
    """One song by one engine: the columns of ``NAMES`` and the number of drops found."""

    values: tuple[float, ...]
    drops: int

    def text(self) -> str:
        """As printed."""
        off = " " if abs(self.values[2] - 1.0) <= 0.04 else "!"
        return " ".join(f"{value:5.2f}" for value in self.values) + f"{off}{self.drops}"


def sound_of(lesson: Lesson) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None:
    """The samples that a clean lesson was made from, composed again; ``None`` where the song was damaged."""
    made = lesson.facts["made"]
    if not made.get("clean"):
        return None
    number = int(np.random.SeedSequence([made["seed"], made["lesson"]]).generate_state(1)[0])
    song = compose(number, generators=made["generators"])
    return damaged(song.samples.mean(axis=1), song.sample_rate, Damage())


def features_of(lesson: Lesson, with_sound: bool) -> Features:
    """The lesson's frames; with silence in place of the sound unless it is needed."""
    frames = lesson.frames.astype(np.float32)
    samples = sound_of(lesson) if with_sound else None
    if samples is None:
        samples = np.zeros(len(frames) * HOP, dtype=np.float32)
    return Features(frames, samples, SETTINGS)


def judged(lesson: Lesson, features: Features, heard: Scores) -> Row:
    """Decode and compare with the truth."""
    import mir_eval

    truth = lesson.facts["truth"]
    duration_s = float(truth["duration_s"])
    start = time.process_time()
    grid = track_beats(heard, duration_s)
    parts = find_sections(bar_view(heard, features, grid, duration_s))
    spent = time.process_time() - start
    beats, positions = (np.array(column) for column in zip(*truth["beats"]))
    times = np.array([beat.time_s for beat in grid.beats])
    firsts = np.array([beat.time_s for beat in grid.beats if beat.position == 1])
    spans = [
        np.array([(one["start_s"], one["end_s"]) for one in truth["sections"]]),
        np.array([(one.start_s, one.end_s) for one in parts]),
    ]
    spans[0][-1, 1] = spans[1][-1, 1] = duration_s
    letters = [[one["repeat"] for one in truth["sections"]], [one.label for one in parts]]
    near, wide = (mir_eval.segment.detection(*spans, window=window, trim=True)[2] for window in (0.5, 3.0))
    label = mir_eval.segment.pairwise(spans[0], letters[0], spans[1], letters[1])[2]
    values = (
        mir_eval.beat.f_measure(beats, times),
        mir_eval.beat.f_measure(beats[positions == 1], firsts),
        grid.tempo_bpm / truth["tempo_bpm"],
        *(near, wide, label, spent),
    )
    return Row(tuple(map(float, values)), sum(part.kind == "drop" for part in parts))


@lru_cache
def _engine(name: str) -> Engine:
    return load_engine(name)


def heard_by(name: str, lesson: Lesson, number: int, features: Features) -> Scores:
    """What that engine hears."""
    if name in ("perfect", "tired"):
        perfect = perfect_scores(lesson)
        return perfect if name == "perfect" else tired(perfect, number)
    heard = _engine(name).listen(features)
    if not isinstance(heard, Scores):
        raise SystemExit(f"'{name}' gives colours, not scores")
    return heard


def means(rows: list[Row]) -> str:
    """The last line of the table for one engine."""
    table = np.array([row.values for row in rows])
    ratio = table[:, 2]
    octaves = sum(bool(np.min(np.abs(np.log2(max(one, 1e-3) / np.array(OCTAVES)))) < 0.06) for one in ratio)
    wrong = int((np.abs(ratio - 1.0) > 0.04).sum())
    cells = " ".join(
        f"{name} {value:.3f}" for name, value in zip(NAMES, table.mean(axis=0)) if name != "tempo"
    )
    drops = sum(row.drops > 0 for row in rows)
    return f"{cells}; tempo wrong {wrong}, of these octaves {octaves}; songs with drops {drops}"


def main() -> int:
    """Print a row a song and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("lessons", type=Path)
    parser.add_argument("--engine", default="perfect")
    parser.add_argument("--songs", type=int, default=0, help="only so many, evenly from the folder")
    parser.add_argument("--no-classic", action="store_true")
    options = parser.parse_args()
    paths = sorted(options.lessons.glob(f"*{SUFFIX}"))
    if options.songs:
        paths = [paths[int(place)] for place in np.linspace(0, len(paths) - 1, options.songs)]
    engines = [options.engine] if options.no_classic else [options.engine, "classic"]
    rows: dict[str, list[Row]] = {name: [] for name in engines}
    heads = " | ".join(" ".join(f"{name:>5s}" for name in NAMES) + " drops" for _ in engines)
    print(f"{' | '.join(Path(name).name for name in engines):44.44s} {heads}")
    for number, path in enumerate(paths):
        lesson = read_lesson(path)
        truth = lesson.facts["truth"]
        if not truth["beats"] or ("classic" in engines and not lesson.facts["made"].get("clean")):
            continue
        features = features_of(lesson, "classic" in engines)
        found = [judged(lesson, features, heard_by(name, lesson, number, features)) for name in engines]
        for name, row in zip(engines, found):
            rows[name].append(row)
        title = (
            f"{path.name[7:13]} {truth['style']} {truth['form']} {truth['meter']} {truth['tempo_bpm']:.0f}"
        )
        cells = " | ".join(row.text() for row in found)
        print(f"{title:44.44s} {cells} ({len(truth['drops_s'])} drops)", flush=True)
    for name, all_rows in rows.items():
        print(
            f"{Path(name).name}, {len(all_rows)} songs: {means(all_rows)}"
            if all_rows
            else f"{name}: no lessons fit"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
