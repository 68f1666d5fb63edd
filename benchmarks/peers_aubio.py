"""Beat times of a song by aubio's tempo tracker with aubio's own defaults: a program of its own for ``peers.py``.

    PYTHON benchmarks/peers_aubio.py SONG.wav OUT.npz

Run it with a Python that has aubio (GPL-3.0), which Beatomizer never imports: ``pip install aubio`` (needs a C
compiler), ``pip install ledfx`` (brings ``aubio-ledfx``, LedFx's fork, with wheels) or Debian's ``python3-aubio``. The
tracker is causal and is fed block by block, as its tool ``aubio beat`` does: window 1024, hop 512, at the file's rate.

``OUT.npz``: ``beats_s`` float64, and ``facts``, JSON.
"""

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from peers_ledfx import read_wav

WINDOW, HOP = 1024, 512


def beats(samples: Any, rate: int) -> tuple[Any, str]:
    """Beat times in seconds, and aubio's version."""
    aubio: Any = import_module("aubio")
    tempo = aubio.tempo("default", WINDOW, HOP, rate)
    found = []
    for start in range(0, len(samples) - HOP + 1, HOP):
        if tempo(samples[start : start + HOP])[0]:
            found.append(float(tempo.get_last_s()))
    return np.array([time_s for time_s in found if time_s >= 0.0]), str(aubio.version)


def main() -> int:
    """Track one song."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("song", type=Path, nargs="?", help="16-bit WAV")
    parser.add_argument("out", type=Path, nargs="?", help=".npz to write")
    options = parser.parse_args()
    if options.song is None or options.out is None:
        print("skipped: peers.py runs this with aubio's Python; by hand: SONG.wav OUT.npz")
        return 0
    found, version = beats(*read_wav(options.song))
    np.savez(options.out, beats_s=found, facts=json.dumps({"versions": {"aubio": version}}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
