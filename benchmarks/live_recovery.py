"""How soon the live follower has the beat again after a mix: another tempo, another phase, no warning.

    python benchmarks/live_recovery.py [--model NAME|FILE.onnx] [--pairs N] [--generators held-out]

Two composed songs are joined by a hard cut after 30 s, the second one from somewhere in its middle, and heard as by
``LiveFollower``. Recovered is the first beat of the second song from which on at least seven of any eight beats are
met within 70 ms; the goal is four bars, 16 beats. ``alone`` is the same for the second song heard by itself: where
that is late too, the model does not hear the song's beat, and no follower could. Without a model, a simulated listener
says the true beats with a tenth missed, sounds between beats, and a tempo that needs two seconds to notice. Exit code 1
if more than one mix in ten takes longer than four bars.
"""

import argparse
import os
import sys
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import soxr

from beatomizer.arrays import F32, F64
from beatomizer.audio.audio import Audio
from beatomizer.composer.compose import compose
from beatomizer.inference.engine import TEMPI_BPM
from beatomizer.live.file import listen_live
from beatomizer.live.follower import LiveEngine
from beatomizer.timebase import FPS, HOP, SAMPLE_RATE

CUT_S, AFTER_S = 30.0, 25.0
TOLERANCE_S = 0.07
FOUR_BARS = 16
LAG_FRAMES = 2 * FPS


def main() -> int:
    """Print one line a mix, then the summary."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--model", default="", help="live, or a streaming .onnx model; a simulated listener if left out"
    )
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--generators", default="held-out", choices=("train", "held-out", "all"))
    arguments = parser.parse_args()
    taken, unheard = [], 0
    for pair in range(arguments.pairs):
        samples, beats_s, tempi = _mix(pair, arguments.generators)
        engine = _engine(arguments.model) or _Simulated(beats_s, tempi, len(samples) // HOP + 1, pair)
        cues = listen_live(Audio(samples), engine)
        met = _met(beats_s[beats_s >= CUT_S], np.array([beat.time_s for beat in cues.beats]))
        before = _met(
            beats_s[(beats_s > 8) & (beats_s < CUT_S)], np.array([beat.time_s for beat in cues.beats])
        )
        needed = _recovered(met)
        taken.append(needed)
        alone = _alone(samples, beats_s, arguments.model) if arguments.model else needed
        unheard += needed > FOUR_BARS and alone > FOUR_BARS and bool(arguments.model)
        marks = "".join("x" if hit else "." for hit in met[:32])
        print(
            f"{tempi[0]:5.1f} → {tempi[1]:5.1f} BPM: {needed:3d} beats (alone {alone})  {marks}  "
            f"(before: {before.mean():.0%})",
            flush=True,
        )
    late = sum(needed > FOUR_BARS for needed in taken)
    print(
        f"median {np.median(taken):g} beats, worst {max(taken)}, over four bars in {late} of {len(taken)} mixes, "
        f"{unheard} of them songs that are as late alone"
    )
    return int(late > len(taken) / 10)


def _alone(samples: F32, beats_s: F64, model: str) -> int:
    """Beats that the second song of a mix needs when nothing was before it."""
    engine = _engine(model)
    assert engine is not None
    cues = listen_live(Audio(samples[int(CUT_S * SAMPLE_RATE) :]), engine)
    told_s = np.array([beat.time_s for beat in cues.beats])
    return _recovered(_met(beats_s[beats_s >= CUT_S] - CUT_S, told_s))


def _mix(pair: int, generators: str) -> tuple[F32, F64, tuple[float, float]]:
    """Samples at 24 kHz, the true beats, both tempi."""
    rng = np.random.default_rng(pair)
    parts, beats, tempi = [], [], []
    for place in (0, 1):
        song = compose(9000 + 2 * pair + place, generators=generators)
        mono = soxr.resample(song.samples.mean(axis=1), song.sample_rate, SAMPLE_RATE).astype(np.float32)
        start_s = 0.0 if place == 0 else float(rng.uniform(8.0, 20.0))
        length_s = CUT_S if place == 0 else AFTER_S
        times = np.array([time_s for time_s, _ in song.annotations.beats]) - start_s
        parts.append(mono[int(start_s * SAMPLE_RATE) :][: int(length_s * SAMPLE_RATE)])
        beats.append(times[(times >= 0) & (times < length_s)] + place * CUT_S)
        tempi.append(song.annotations.tempo_bpm)
    return np.concatenate(parts), np.concatenate(beats), (tempi[0], tempi[1])


def _met(beats_s: F64, told_s: F64) -> Any:
    """Whether each beat was told within the tolerance."""
    if not len(told_s):
        return np.zeros(len(beats_s), dtype=np.bool_)
    return np.abs(told_s[None] - beats_s[:, None]).min(axis=1) <= TOLERANCE_S


def _recovered(met: Any) -> int:
    """Beats until seven of any eight are met, to the end; all of them if that never comes."""
    eights = np.convolve(met, np.ones(8), mode="valid") >= 7
    bad = np.flatnonzero(~eights)
    first = int(bad[-1]) + 1 if len(bad) else 0
    while first < len(met) and not met[first]:
        first += 1
    return first


def _engine(path: str) -> LiveEngine | None:
    if not path:
        return None
    from beatomizer.inference.engines import load_engine

    engine = load_engine(path)
    assert isinstance(engine, LiveEngine)
    return engine


class _Simulated:
    """A listener that is nearly right."""

    name = "simulated"

    def __init__(self, beats_s: F64, tempi: tuple[float, float], frames: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._beat = 0.05 * rng.random(frames).astype(np.float32)
        self._beat[rng.random(frames) < 0.03] += 0.4
        for time_s in beats_s:
            if rng.random() > 0.1 and (frame := round(time_s * FPS)) < frames:
                self._beat[frame] = rng.uniform(0.4, 0.9)
        rows = np.stack([_tempo_row(bpm) for bpm in tempi])
        turn = np.clip((np.arange(frames) - CUT_S * FPS) / LAG_FRAMES, 0.0, 1.0)[:, None]
        self._tempo = ((1 - turn) * rows[0] + turn * rows[1]).astype(np.float32)

    def stream(self) -> Any:
        """A listener."""
        heard = 0

        def push(frames: F32) -> dict[str, F32]:
            nonlocal heard
            here = slice(heard, heard + len(frames))
            heard = here.stop
            return {"beat": self._beat[here], "tempo": self._tempo[here]}

        return SimpleNamespace(card=SimpleNamespace(latency_frames=0), push=push)


def _tempo_row(bpm: float) -> F64:
    place = np.log(bpm / TEMPI_BPM[0]) / np.log(TEMPI_BPM[1] / TEMPI_BPM[0])
    soft = np.exp(-0.5 * (np.arange(len(TEMPI_BPM)) - place) ** 2)
    return np.append(soft / soft.sum(), 0.0)


if __name__ == "__main__":
    sys.exit(main())
