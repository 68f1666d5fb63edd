"""A process that survives bad files, or does not: run by ``test_bad_files``.

python -m tests.bad_file_worker render             one JSON list of words a line in, one JSON answer a line out
python -m tests.bad_file_worker mutants SEED COUNT load_audio on COUNT mutants of each kind of file
"""

import contextlib
import faulthandler
import functools
import json
import os
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

LONGEST_S = 60
"""Of the clock, for a mutant that takes milliseconds: a busy machine must not look like a hang."""
MUTATED = (
    "song.wav",
    "song.mp3",
    "song.ogg",
    "song.opus",
    "song.flac",
    "song.m4a",
    "song_alac.m4a",
    "film.mp4",
)


def peak_mb() -> float:
    """The most memory this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def render() -> None:
    """Run the command line once a line; whatever is printed, by Python or by C, goes into the answer.

    The shipped model is read and checked for the first file only: what is tried here are songs.
    """
    from beatomizer.cli import main
    from beatomizer.inference import engines

    engines.load_shipped = functools.cache(engines.load_shipped)
    answers = os.fdopen(os.dup(1), "w")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        for line in sys.stdin:
            for file in (out, err):
                file.seek(0)
                file.truncate()
            start = time.process_time()
            code = main(json.loads(line))
            seconds = time.process_time() - start
            sys.stdout.flush()
            sys.stderr.flush()
            printed = [os.pread(file.fileno(), 1 << 20, 0).decode("utf-8", "replace") for file in (out, err)]
            answer = {
                "code": code,
                "out": printed[0],
                "err": printed[1],
                "seconds": seconds,
                "peak_mb": peak_mb(),
            }
            print(json.dumps(answer), file=answers, flush=True)


def mutant(data: bytes, rng: np.random.Generator) -> bytes:
    """``data`` with a few bits changed, bytes replaced, a piece lost or repeated, or its end missing."""
    from scripts.bad_material import flipped

    for _ in range(int(rng.integers(1, 4))):
        a, b = sorted(int(place) for place in rng.integers(0, len(data), 2))
        kind = int(rng.integers(0, 6))
        if kind <= 1:
            data = flipped(data, int(rng.integers(1 << 30)), 10 ** rng.uniform(-4, -2))
        elif kind == 2:
            head = min(len(data), 2_000)  # headers are where lies pay
            data = flipped(data[:head], int(rng.integers(1 << 30)), 0.003) + data[head:]
        elif kind == 3:
            data = data[:a] + bytes([0xFF] * 4) + data[a + 4 :]
        elif kind == 4:
            data = data[:a] + data[b:] if rng.random() < 0.5 else data[:b] + data[a:]
        else:
            data = data[: max(64, b)]
    return data


def mutants(seed: int, count: int) -> None:
    """Load mutants; say which one is next on standard output, so that a crash has a name."""
    from beatomizer.audio.load import load_audio
    from beatomizer.errors import BeatomizerError
    from scripts.healthy_files import RECIPES, good

    rng = np.random.default_rng(seed)
    faulthandler.enable()
    with tempfile.TemporaryDirectory() as folder:
        for name in ["song.wav", *RECIPES]:
            for number in range(count):
                path = Path(folder) / f"{number}{Path(name).suffix}"
                path.write_bytes(mutant(good(name), rng))
                print(f"seed {seed}: {name} {number}", flush=True)
                faulthandler.dump_traceback_later(LONGEST_S, exit=True)
                with contextlib.suppress(BeatomizerError):
                    audio = load_audio(path)
                    assert np.isfinite(audio.samples).all()
                    assert abs(audio.samples).max() <= 1.0
                faulthandler.cancel_dump_traceback_later()
                path.unlink()
    print(f"peak {peak_mb():.0f} MB", flush=True)


if __name__ == "__main__":
    warnings.simplefilter("error")
    if sys.argv[1] == "render":
        render()
    else:
        mutants(int(sys.argv[2]), int(sys.argv[3]))
