"""Beatomizer against its peers, all of them on the same songs in one run.

    python benchmarks/peers.py [--model NAME|FILE.onnx]... [--live NAME|FILE.onnx]... [--songs 6] [--real 6]
                               [--music DIR] [--ledfx PYTHON] [--aubio PYTHON] [--effects NAME,NAME] [-o FILE.md]

Rows: our models (``--model`` as often as you like; the shipped default without any); streaming models that decide each
frame from its past (``--live``), as peers that listen to a sound card must; the rows to beat (constant grey,
loudness follower, deaf random walk, white flashes on our classic beats, the show of a wrong song; on composed songs
also the designer that knows the score); librosa's and aubio's beat trackers as white flashers; LedFx's beat tracker as
a flasher and LedFx's own effects, driven offline. Songs: composed ones of held-out styles, forms and timbres with true
beats and sections, and tracks of ``--music`` that have reference beats (``beat_tracker.py`` says which, and what is
wrong with them). Explanations and the measured table: ``docs/peers.md``.

LedFx and aubio are GPL-3.0 programs. They are run as programs of their own by a Python of their own:

    python3 -m venv scratch/ledfx && scratch/ledfx/bin/pip install ledfx     # brings LedFx's fork of aubio
    python3 -m venv scratch/aubio && scratch/aubio/bin/pip install aubio     # needs a C compiler

A file for ``-o`` that has the two lines of ``MARKS`` keeps what is around them (``-o docs/peers.md``).
``--ledfx`` and ``--aubio`` name these Pythons if they lie elsewhere; aubio is looked for in LedFx's too. Whatever is
not installed is left out, and said so.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

from beat_tracker import MUSIC
from beatomizer.errors import BeatomizerError
from beatomizer.inference.engines import DEFAULT_ENGINE
from peers_ledfx import EFFECTS
from peers_rows import Aubio, LedFx, Librosa, OurLive, OurModel, Player, References
from peers_songs import COMPOSED, REAL, BenchSong, composed_songs, real_songs
from peers_table import Line, add_belonging, summary, tables, wrong_song, yardstick_of

SCRATCH = Path(__file__).resolve().parents[1] / "scratch"
LEDFX, AUBIO = (SCRATCH / name / "bin" / "python" for name in ("ledfx", "aubio"))
ZONES = 8
MARKS = ("<!-- measured by benchmarks/peers.py -->", "<!-- end of what was measured -->")


def has(python: Path, module: str) -> bool:
    """Whether that Python can find the module."""
    if not python.exists():
        return False
    probe = f"import importlib.util as u, sys; sys.exit(u.find_spec('{module}') is None)"
    return subprocess.run([str(python), "-c", probe], capture_output=True).returncode == 0


def players(options: argparse.Namespace) -> tuple[list[Player], list[str]]:
    """Who takes part, and what to say about those that are missing."""
    models = options.model or ([] if options.live else [DEFAULT_ENGINE])
    chosen: list[Player] = [*map(OurModel, models), *map(OurLive, options.live or [])]
    chosen.append(References())
    missing = []
    if find_spec("librosa"):
        chosen.append(Librosa())
    else:
        missing.append("librosa (pip install --group bench)")
    aubio = next((one for one in (options.aubio, options.ledfx) if has(one, "aubio")), None)
    if aubio:
        chosen.append(Aubio(aubio))
    else:
        missing.append("aubio (no Python that has it; --help says how to get one)")
    if has(options.ledfx, "ledfx"):
        chosen.append(LedFx(options.ledfx, [name for name in options.effects.split(",") if name]))
    else:
        missing.append("LedFx (no Python that has it; --help says how to get one)")
    return chosen, missing


def measured(songs: Sequence[BenchSong], chosen: Sequence[Player]) -> list[Line]:
    """Every row on every song, the wrong song last."""
    lines: dict[str, Line] = {}
    for song in songs:
        start = time.perf_counter()
        for player in chosen:
            for played in player.play(song, ZONES):
                line = lines.setdefault(played.row, Line(played.row, played.kind))
                line.take(song, played)
        print(
            f"{song.kind}: {song.name}, {song.frames / 60:.0f} s of music in {time.perf_counter() - start:.0f} s",
            file=sys.stderr,
        )
    found = list(lines.values())
    add_belonging(found, songs)
    wrong = wrong_song(found, songs)
    return found + ([wrong] if wrong else [])


def report(options: argparse.Namespace) -> str:
    """The whole run, as Markdown."""
    start = time.perf_counter()
    chosen, missing = players(options)
    parts: list[str] = []
    found: dict[str, list[Line]] = {}
    yardstick: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind in (COMPOSED, REAL):
            songs = _songs(kind, options, Path(folder))
            if not songs:
                if kind == REAL and options.real:
                    missing.append(
                        f"real songs (no tracks with references in '{options.music.name}'; --music names a folder)"
                    )
                continue
            lines = found[kind] = measured(songs, chosen)
            yardstick = yardstick or yardstick_of(lines)
            length = sum(song.frames for song in songs) / 3600
            listed = "; ".join(song.name for song in songs)
            parts.append(f"### {len(songs)} {kind} songs, {length:.1f} minutes\n\n{listed}.")
            parts.append(tables(kind, lines, songs, yardstick))
    facts = {name: told for player in chosen for name, told in player.facts().items()}
    versions = ", ".join(f"{name} {told}" for name, told in facts.items())
    parts.append(
        f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}; {versions}. "
        f"{time.perf_counter() - start:.0f} s with one thread for each process."
    )
    parts += [f"Not measured: {one}." for one in missing]
    if found:
        parts.insert(0, f"### In short\n\n{summary(found)}")
    return "\n\n".join(parts) + "\n"


def _songs(kind: str, options: argparse.Namespace, folder: Path) -> list[BenchSong]:
    if kind == COMPOSED:
        return list(composed_songs(options.songs, folder))
    if not (options.music / "analysis.csv").exists() or not options.real:
        return []
    return list(real_songs(options.music, options.real, folder))


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", action="append", help="an engine's name or a model file; repeatable")
    parser.add_argument("--live", action="append", help="a streaming model, followed live; repeatable")
    parser.add_argument("--songs", type=int, default=6, help="composed songs")
    parser.add_argument("--real", type=int, default=6, help="real songs")
    parser.add_argument("--music", type=Path, default=MUSIC)
    parser.add_argument("--ledfx", type=Path, default=LEDFX, help="a Python that has LedFx")
    parser.add_argument("--aubio", type=Path, default=AUBIO, help="a Python that has aubio")
    parser.add_argument("--effects", default=",".join(EFFECTS), help="of LedFx")
    parser.add_argument("-o", "--out", type=Path, help="a Markdown file")
    options = parser.parse_args()
    if not find_spec("mir_eval"):
        print("skipped: mir_eval is not installed (pip install --group bench)")
        return 0
    try:
        text = report(options)
    except (BeatomizerError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    print(text)
    if options.out:
        write(options.out, text)
    return 0


def write(path: Path, text: str, marks: tuple[str, str] = MARKS) -> None:
    """Write the file; in one that has the two ``marks``, only what lies between them."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    begin, end = old.find(marks[0]), old.find(marks[1])
    if 0 <= begin < end:
        text = f"{old[:begin]}{marks[0]}\n\n{text}\n{old[end:]}"
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
