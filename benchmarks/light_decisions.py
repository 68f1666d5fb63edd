"""What the director decides, in numbers: a table of shows of real or composed songs, by one engine and beside others.

    python benchmarks/light_decisions.py [--songs DIR] [--engine NAME|FILE.onnx|truth] [--energies 0,0.5,1]
                                         [--most N] [--only NAME] [--zones N] [--seed N] [--limited]

``DIR`` holds songs (default: ``../shared/music``) or composed lessons (``*.lesson.npz``, clean ones), whose sound is
made again; ``--engine truth`` is then a listener that is always right. Beats are a person's or those of a constant grid
where the folder has them (``beats/*.beats``, ``analysis.csv``; such grids may be half a beat off), else those of the
classical tracker, marked ``~``. Repetition and drop response need sections that are known, so lessons.

Measured is the light before the flash limiter, as in ``beatomizer evaluate``; with ``--limited``, after it.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import numpy as np

from beatomizer.arrays import F32
from beatomizer.audio.audio import Audio
from beatomizer.audio.load import load_audio
from beatomizer.color import luminance, rgb8_to_linear
from beatomizer.cues.decide import decide
from beatomizer.cues.style import Style
from beatomizer.dataset.lessons.lesson import SUFFIX, Lesson, read_lesson
from beatomizer.evaluation.sound import song_of
from beatomizer.features.bank import extract_features
from beatomizer.features.features import Features
from beatomizer.inference.engine import RawLight, Scores
from beatomizer.inference.engines import load_engine
from beatomizer.metrics.case import Case, measure
from beatomizer.metrics.light import Light
from beatomizer.metrics.song import Song
from beatomizer.metrics.table import metric_named
from beatomizer.safety.limit import limit
from beatomizer.show.draw import draw_show, raw_show

MUSIC = Path(__file__).resolve().parents[2] / "shared" / "music"
TRUTH = "truth"
COLUMNS = (
    ("loudness_r_4s", "loudness r"),
    ("light_beat_f1", "beat F1+"),
    ("effective_hues", "hues"),
    ("grey_share", "grey"),
    ("event_rate", "events/s"),
    ("repetition", "repetition"),
    ("drop_response", "drop"),
    ("pull_back", "pull-back"),
    ("lag_ms", "lag ms"),
)


@dataclass(frozen=True)
class Task:
    """One song with what is known of it; ``truth`` are the scores of a listener that is always right."""

    name: str
    features: Features
    song: Song
    truth: Scores | None = None


def songs_in(folder: Path, only: str, most: int) -> Iterator[Task]:
    """The songs or lessons of a folder, at most ``most``, in the order of their names."""
    suffixes = (".ogg", ".flac", ".wav", ".mp3", ".m4a", ".opus")
    names = [path for path in sorted(folder.iterdir()) if path.name.endswith((SUFFIX, *suffixes))]
    for path in [path for path in names if only in path.name][:most]:
        yield _lesson(path) if path.name.endswith(SUFFIX) else _real(path)


def _real(path: Path) -> Task:
    from beat_tracker import references

    features = extract_features(load_audio(path))
    song = song_of(features)
    table = path.parent / "analysis.csv"
    known = references(path.parent).get(path.name) if table.exists() else None
    if known is not None:
        return Task(path.stem, features, replace(song, beats_s=known))
    return Task(f"~{path.stem}", features, song_of(features, beats="estimate"))


def _lesson(path: Path) -> Task:
    from beatomizer.dataset.lessons.targets import perfect_scores

    lesson = read_lesson(path)
    truth = lesson.facts["truth"]
    features = extract_features(Audio(lesson_samples(lesson)))
    name = f"{path.name.removesuffix(SUFFIX)} {truth['style']}"
    return Task(name, features, song_of(features, truth), perfect_scores(lesson))


def lesson_samples(lesson: Lesson) -> F32:
    """The sound of a clean lesson, composed again."""
    from beatomizer.composer.compose import compose
    from beatomizer.dataset.lessons.damage import Damage, damaged

    made = lesson.facts["made"]
    if not made["clean"]:
        sys.exit("only clean lessons can be composed again: make some with --clean")
    number = int(np.random.SeedSequence([made["seed"], made["lesson"]]).generate_state(1)[0])
    song = compose(number, generators=made["generators"])
    return damaged(song.samples.mean(axis=1), song.sample_rate, Damage())


def light_of(task: Task, engine: str, style: Style, limited: bool) -> F32:
    """Linear light ``[T, Z, 3]`` of one show."""
    if engine == TRUTH:
        heard: Scores | RawLight | None = task.truth
        look = "director"
    else:
        listener = load_engine(engine)
        heard, look = listener.listen(task.features), listener.look
    if heard is None:
        sys.exit("--engine truth needs lessons, not songs")
    if isinstance(heard, RawLight):
        show = raw_show(heard, style.zones)
    else:
        show = draw_show(decide(heard, task.features, style, look=look))
    rgb8 = limit(show, style.safety).rgb8 if limited else show.rgb8
    frames = len(task.features.frames)
    linear = rgb8_to_linear(rgb8[:frames]).astype(np.float32)
    return np.concatenate([linear, np.repeat(linear[-1:], frames - len(linear), axis=0)])


def measured(task: Task, light: F32) -> list[float]:
    """The numbers of one show in the order of ``COLUMNS``."""
    case = Case(task.song, Light(light))
    mean = float(luminance(light.astype(np.float64)).mean())
    return [measure(metric_named(name), case) for name, _ in COLUMNS] + [mean]


def line(name: str, values: list[float]) -> str:
    """One row of the table."""
    cells = " ".join("         –" if np.isnan(value) else f"{value:10.2f}" for value in values)
    return f"{name[:40]:40s} {cells}"


def main() -> int:
    """Print every song's rows and the means of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--songs", type=Path, default=MUSIC)
    parser.add_argument("--engine", default="classic")
    parser.add_argument("--energies", default="0,0.5,1")
    parser.add_argument("--most", type=int, default=1000)
    parser.add_argument("--only", default="")
    parser.add_argument("--zones", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limited", action="store_true")
    options = parser.parse_args()
    if not options.songs.is_dir():
        print(f"skipped: there is no folder {options.songs}")
        return 0
    energies = [float(text) for text in options.energies.split(",")]
    rows = {f"{options.engine} {energy:g}": (options.engine, energy) for energy in energies}
    rows |= {name: (name, 0.5) for name in ("classic", "flasher", "constant")}
    print(f"{'':40s} " + " ".join(f"{title:>10s}" for _, title in COLUMNS) + f" {'mean light':>10s}")
    found: dict[str, list[list[float]]] = {name: [] for name in rows}
    for task in songs_in(options.songs, options.only, options.most):
        print(task.name, flush=True)
        for name, (engine, energy) in rows.items():
            style = Style(energy=energy, zones=options.zones, seed=options.seed)
            values = measured(task, light_of(task, engine, style, options.limited))
            found[name].append(values)
            print(line(f"  {name}", values), flush=True)
    print("means of the songs to which a number applies")
    for name, lines in found.items():
        table = np.array(lines)
        means = [float(np.nanmean(column)) if (~np.isnan(column)).any() else np.nan for column in table.T]
        print(line(f"  {name}", means))
    return 0


if __name__ == "__main__":
    sys.exit(main())
