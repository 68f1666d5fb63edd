"""Our beat tracker beside librosa's on real music: F1 and time, measured in turn in one run.

    python benchmarks/beat_tracker.py [--music DIR] [--only NAME] [--rounds N]

Needs librosa and mir_eval (dependency group ``bench``) and the tracks in ``../shared/music``; says so and stops
without them. Reference beats are people's where there are any (``beats/*.beats``), else the constant grid of
``analysis.csv``. Those grids were fitted by machine near librosa's own tempo, so they lean towards librosa, may be half
a beat off, and some are a third off (a sequenced track whose grid is no whole number of beats a minute, while three
quarters of it is one). So three scores are printed:

* ``F1``: against the grid as it is (+-70 ms, nothing trimmed).
* ``any level``: the best F1 over the grid, its off-beat, double and half tempo (as AMLt allows).
* ``any ratio``: likewise with three quarters, two thirds and their inverses allowed.

Time is from the file's bytes to beat times: ours load + features + engine + grid, librosa's load + beat_track.
``warm`` leaves imports and librosa's compilation out; ``whole process`` is a fresh interpreter each, on one long
track, as a person at a shell would wait. Both run with one BLAS thread, which is faster for both.
"""

import argparse
import csv
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import numpy as np

from beatomizer.arrays import F64

MUSIC = Path(__file__).resolve().parents[2] / "shared" / "music"
TOLERANCE_S = 0.07
GOAL_RATIO = 0.3
LONG_TRACK = "foxsynergy_core_descent.ogg"
RATIOS = (1.0, 2.0, 0.5)
ODD_RATIOS = (0.75, 4 / 3, 2 / 3, 1.5)


def references(music: Path) -> dict[str, F64]:
    """File name → reference beat times, for every track that has some."""
    found: dict[str, F64] = {}
    with (music / "analysis.csv").open() as file:
        for row in csv.DictReader(file):
            person = music / "beats" / f"{Path(row['file']).stem}.beats"
            if person.exists():
                found[row["file"]] = np.atleast_2d(np.loadtxt(person))[:, 0]
            elif row["pulse"] == "constant":
                step = 60.0 / float(row["fitted_constant_bpm"])
                found[row["file"]] = np.arange(float(row["fitted_first_beat_s"]), float(row["seconds"]), step)
    return found


def ours(path: Path) -> F64:
    """Beat times by this package, the whole line up to the grid."""
    from beatomizer.audio.load import load_audio
    from beatomizer.cues.beat_grid import track_beats
    from beatomizer.features.bank import extract_features
    from beatomizer.inference.engine import Scores
    from beatomizer.inference.engines import DEFAULT_ENGINE, load_engine

    audio = load_audio(path)
    heard = load_engine(DEFAULT_ENGINE).listen(extract_features(audio))
    assert isinstance(heard, Scores)
    return np.array([beat.time_s for beat in track_beats(heard, audio.duration_s).beats])


def theirs(path: Path) -> F64:
    """Beat times by librosa with its defaults."""
    librosa: Any = import_module("librosa")  # a peer, untyped here
    samples, rate = librosa.load(path)
    _, beats = librosa.beat.beat_track(y=samples, sr=rate, units="time")
    return np.asarray(beats, dtype=np.float64)


def scaled(beats: F64, ratio: float) -> list[F64]:
    """The grid at ``ratio`` times its tempo, at each of its possible phases."""
    count = np.arange(len(beats))
    starts = np.arange(0.0, max(1.0 / ratio, 1.0) - 1e-9, 0.5 if ratio in RATIOS else 1 / 6)
    return [np.interp(np.arange(start, len(beats) - 1, 1.0 / ratio), count, beats) for start in starts]


def scores(reference: F64, estimate: F64) -> tuple[float, float, float]:
    """F1 against the reference, and against the best of its metrical relatives."""
    import mir_eval

    def f1(beats: F64) -> float:
        return float(mir_eval.beat.f_measure(beats, estimate, f_measure_threshold=TOLERANCE_S))

    plain = f1(reference)
    level = max([plain, *(f1(beats) for ratio in RATIOS for beats in scaled(reference, ratio))])
    odd = max([level, *(f1(beats) for ratio in ODD_RATIOS for beats in scaled(reference, ratio))])
    return plain, level, odd


def timed(track: Callable[[Path], F64], path: Path) -> tuple[F64, float]:
    """The beats and the seconds they took."""
    start = time.perf_counter()
    beats = track(path)
    return beats, time.perf_counter() - start


def fresh(which: str, path: Path) -> float:
    """Seconds that a whole process takes, interpreter and imports included."""
    start = time.perf_counter()
    subprocess.run([sys.executable, __file__, "--one", which, str(path)], check=True)
    return time.perf_counter() - start


def main() -> int:
    """Print the table; exit code 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--music", type=Path, default=MUSIC)
    parser.add_argument("--only", default="", help="tracks whose name contains this")
    parser.add_argument("--rounds", type=int, default=1, help="times each track is timed; the median counts")
    parser.add_argument("--one", nargs=2, metavar=("WHICH", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        (ours if options.one[0] == "ours" else theirs)(Path(options.one[1]))
        return 0
    try:
        librosa: Any = import_module("librosa")
        import_module("mir_eval")
    except ImportError as error:
        print(f"skipped: {error.name} is not installed (pip install --group bench)")
        return 0
    if not (options.music / "analysis.csv").exists():
        print(f"skipped: there is no music at {options.music}")
        return 0
    print(f"librosa {librosa.__version__}; F1 within {TOLERANCE_S * 1000:.0f} ms; ours | librosa's")
    print(f"{'track':38s} {'F1':>13s} {'any level':>13s} {'any ratio':>13s} {'seconds':>13s}  ratio")
    return report(options.music, options.only, options.rounds)


def report(music: Path, only: str, rounds: int) -> int:
    """Run both on every track in turn, print the rows and the means."""
    chosen = {name: beats for name, beats in references(music).items() if only in name}
    if not chosen:
        print(f"no track's name contains '{only}'")
        return 2
    warm = music / next(iter(chosen))
    ours(warm), theirs(warm)  # imports and librosa's compilation are no part of the work
    rows = []
    for name, reference in chosen.items():
        spent: tuple[list[float], list[float]] = ([], [])
        for _ in range(rounds):
            mine, seconds = timed(ours, music / name)
            spent[0].append(seconds)
            other, seconds = timed(theirs, music / name)
            spent[1].append(seconds)
        pair = [statistics.median(times) for times in spent]
        row = [*zip(scores(reference, mine), scores(reference, other)), (pair[0], pair[1])]
        rows.append(row)
        cells = " ".join(f"{one:6.3f}|{two:6.3f}" for one, two in row)
        print(f"{Path(name).stem:38s} {cells}  {pair[0] / pair[1]:.2f}", flush=True)
    table = np.array(rows)
    means, total = table.mean(axis=0), table[:, 3].sum(axis=0)
    ratio = float(np.median(table[:, 3, 0] / table[:, 3, 1]))
    cells = " ".join(f"{one:6.3f}|{two:6.3f}" for one, two in [*means[:3], total])
    print(f"{f'mean of {len(rows)} (seconds: sum)':38s} {cells}  {ratio:.2f} (median)")
    whole = [
        statistics.median(seconds)
        for seconds in zip(
            *[[fresh(which, music / LONG_TRACK) for which in ("ours", "theirs")] for _ in range(3)]
        )
    ]
    whole_ratio = whole[0] / whole[1]
    print(
        f"whole process, {LONG_TRACK}: {whole[0]:.2f} s | {whole[1]:.2f} s, ratio {whole_ratio:.2f} (medians of 3)"
    )
    good = means[0, 0] >= means[0, 1] and whole_ratio <= GOAL_RATIO
    goal = f"F1 not below librosa's, whole process in at most {GOAL_RATIO} of its time"
    print(f"goal: {goal}: {'reached' if good else 'missed'}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
