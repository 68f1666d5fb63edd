"""What each part of the flagship is worth: small trainings that differ in one thing, on the same songs in one run.

    python benchmarks/ablations.py [RUNS] [--songs 10] [--real 6] [--music DIR] [-o docs/results.md]
    python benchmarks/ablations.py [RUNS] --music DIR --spare FOLDER

``RUNS`` holds the runs of ``recipes/14-ablations.sh`` under the names of their recipes; what is missing is left out,
and said so. Rows: those of ``ablations_rows.py``, the paper's two models, the shipped models, and the rows to beat of
``peers.py``. Songs: composed ones of held-out styles, forms and timbres that no training and no other table has
(seeds from 7007), and tracks of ``--music`` with reference beats. ``--spare`` copies all other tracks of that folder
to ``FOLDER``, so that a model may learn from them, and measures nothing.

A file for ``-o`` that has the two lines of ``MARKS`` keeps what is around them.
"""

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import torch

from ablations_rows import COLOUR_ROWS, ColourRun, Run, listener_rows
from beat_tracker import MUSIC
from beatomizer.errors import BeatomizerError
from beatomizer.metrics.combined import AUC
from beatomizer.training.run import RECIPE
from peers import measured, write
from peers_rows import OurLive, OurModel, Player, References
from peers_songs import COMPOSED, REAL, BenchSong, composed_songs, real_songs, tested_tracks
from peers_table import WRONG_SONG, Line, interval_text, known_mean, line_name, number, table_text

FIRST_SEED = 7007
MARKS = ("<!-- measured by benchmarks/ablations.py -->", "<!-- end of what was measured by it -->")
RUNS = Path("flagship-run") / "ablations"

HEADS = (
    "beat F1",
    "light beat F1 above chance",
    "after our limiter",
    "loudness r 4 s",
    "section F 3 s",
    "grey share",
    "effective hues",
    "jitter",
    "events/s",
    "flashing frames",
    "AUC",
)


def players(runs: Path, shipped: bool) -> tuple[list[Player], list[str]]:
    """Who takes part, and which runs are missing."""
    chosen: list[Player] = []
    missing = []
    for name, ways in listener_rows():
        if (runs / name / "best.json").is_file():
            chosen.append(Run(runs / name, ways))
        else:
            missing.append(name)
    if shipped:
        chosen += [OurModel("full"), OurLive("live")]
    for name, title in COLOUR_ROWS:
        if (runs / name / "best.json").is_file():
            chosen.append(ColourRun(runs / name, title))
        else:
            missing.append(name)
    return [*chosen, References()], missing


def cells(line: Line, names: list[str]) -> list[str]:
    """One row of the table, in the order of ``HEADS``."""
    made = line.means()
    return [
        number(known_mean(line.beat_f1)),
        interval_text(line.of_songs("light_beat_f1"), names),
        number(line.means(limited=True)["light_beat_f1"]),
        number(made["loudness_r_4s"]),
        number(made["section_f_3s"]),
        number(made["grey_share"]),
        number(made["effective_hues"], 1),
        number(made["jitter"], 4),
        number(made["event_rate"], 1),
        number(made["flash_violations"], 3),
        number(made[AUC]),
    ]


def table(lines: Sequence[Line], songs: Sequence[BenchSong]) -> str:
    """The table of one kind of songs; nobody knows the sections of real ones."""
    names = [song.name for song in songs]
    heads = ["row", *HEADS]
    rows = [[line_name(line), *cells(line, names)] for line in lines]
    if not any(song.song.parts for song in songs):
        unknown = heads.index("section F 3 s")
        heads, rows = (
            [
                *heads[:unknown],
                *heads[unknown + 1 :],
            ],
            [row[:unknown] + row[unknown + 1 :] for row in rows],
        )
    return table_text(heads, rows)


def report(options: argparse.Namespace) -> str:
    """The whole run, as Markdown."""
    begun = time.perf_counter()
    chosen, missing = players(options.runs, not options.only_small)
    parts = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in (COMPOSED, REAL):
            songs = _songs(kind, options, Path(folder))
            if not songs:
                missing.append(f"{kind} songs")
                continue
            lines = measured(songs, chosen)
            lines[-1].name = WRONG_SONG if lines[-1].name.startswith(WRONG_SONG) else lines[-1].name
            minutes = sum(song.frames for song in songs) / 3600
            listed = "; ".join(song.name for song in songs)
            parts.append(f"## {len(songs)} {kind} songs, {minutes:.1f} minutes\n\n{listed}.")
            parts.append(table(lines, songs))
    told = "; ".join(f"{name} {fact}" for player in chosen for name, fact in player.facts().items())
    spent = time.perf_counter() - begun
    parts.append(f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}; {told}. {spent:.0f} s.")
    parts += [f"Not measured: {', '.join(missing)}."] if missing else []
    return "\n\n".join(parts) + "\n"


def _songs(kind: str, options: argparse.Namespace, folder: Path) -> list[BenchSong]:
    if kind == COMPOSED:
        return list(composed_songs(options.songs, folder, FIRST_SEED))
    if not (options.music / "analysis.csv").exists() or not options.real:
        return []
    return list(real_songs(options.music, options.real, folder))


def spare(music: Path, count: int, folder: Path) -> int:
    """Copy what is not tested on, so that it may be learned from; how many tracks that are."""
    folder.mkdir(parents=True, exist_ok=True)
    tested = tested_tracks(music, count)
    left = [path for path in sorted(music.glob("*.ogg")) if path.name not in tested]
    for path in left:
        shutil.copyfile(path, folder / path.name)
    return len(left)


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("runs", type=Path, nargs="?", default=RUNS, help="folder of the runs")
    parser.add_argument("--songs", type=int, default=10, help="composed songs")
    parser.add_argument("--real", type=int, default=6, help="real songs")
    parser.add_argument("--music", type=Path, default=MUSIC)
    parser.add_argument("--only-small", action="store_true", help="leave the shipped models out")
    parser.add_argument("--spare", type=Path, help="copy the tracks that are not tested on here, and stop")
    parser.add_argument("-o", "--out", type=Path, help="a Markdown file")
    options = parser.parse_args()
    if options.spare:
        print(f"{spare(options.music, options.real, options.spare)} tracks to learn from")
        return 0
    if not find_spec("mir_eval") or not any(options.runs.glob(f"*/{RECIPE}")):
        print(
            f"skipped: mir_eval is not installed, or no runs lie in '{options.runs}' (recipes/14-ablations.sh)"
        )
        return 0
    torch.set_num_threads(1)
    try:
        text = report(options)
    except (BeatomizerError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    print(text)
    if options.out:
        write(options.out, text, MARKS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
