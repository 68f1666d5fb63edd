"""Does a listener learn one designer's taste from films of their shows? Distances before and after, on other songs.

    python benchmarks/own_taste.py [--start RUN|FILE.onnx] [--designer 1] [--other 2] [--takes 24] [--songs 8]
                                   [--work DIR] [--set part.key=value]...

Runs the whole way of ``docs/own-shows.md`` by its commands: films of songs that one composed designer has lit
(``dataset compose --film --designer``), clips with labels drawn from the pictures (``dataset build --labels implied``),
learning (``train full``), a model file (``export``). Then songs that were in no film are heard with the model before
and after, shows of them are drawn, and both are compared with what the designer, and what another one, would have done
with the very same songs. With ``--work`` everything is kept and a second call goes on where the first one stopped.

Rows: ``before`` and ``after`` learning; ``constant``: the colours of the designer's films in their proportions,
standing still (for the heads: their histogram as chances); ``the other``: the other designer's own lights, which is how
far apart two good shows of different taste are; ``same, again``: the same designer asked a second time (the floor).

Columns, means over songs, each ± its standard error:

* ``hues°``: earth mover's distance around the circle between the hues of the whole song (chroma-weighted).
* ``moment°``: mean angle between the leading hues, second by second where both are lit; 90 is chance.
* ``level``: mean distance of the slow light (root of luminance, means over 4 s, each song's mean taken as 1).
* ``level r``: their correlation.
* ``hue nats``: cross-entropy of the hue head against the designer's light, 3.18 for no idea; ``head r``: correlation of
  the light head's slow level with it.
* ``beat F1``: of the decoded beats against the score's: whether listening was forgotten.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import mir_eval
import numpy as np

from beatomizer.arrays import F64
from beatomizer.audio.audio import Audio
from beatomizer.cli.program import run as beatomizer
from beatomizer.color import luminance, rgb8_to_linear, srgb_to_linear
from beatomizer.composer.annotations import Annotations
from beatomizer.composer.compose import compose
from beatomizer.cues.decide import decide
from beatomizer.cues.style import Style
from beatomizer.dataset.compose.designer import design
from beatomizer.dataset.compose.person import person
from beatomizer.dataset.lessons.damage import Damage, damaged
from beatomizer.dataset.shards import read_clips
from beatomizer.features.bank import extract_features
from beatomizer.features.features import Features
from beatomizer.inference.engine import Scores
from beatomizer.inference.engines import load_engine
from beatomizer.metrics.colour import HUE_BINS, hue_histogram
from beatomizer.metrics.light import Light
from beatomizer.show.draw import draw_show
from beatomizer.timebase import FPS
from beatomizer.training.listening.clips import hue_chances

COLUMNS = ("hues°", "moment°", "level", "level r", "hue nats", "head r", "beat F1")
HELD_OUT_SEED = 90_000
_SLOW_FRAMES, _STEP = 4 * FPS, FPS // 4


@dataclass(frozen=True)
class Task:
    """One song that was in no film, with the light of the designer, of the same one again, and of the other.

    All lights are linear ``[T, Z, 3]``.
    """

    truth: Annotations
    features: Features
    own: F64
    again: F64
    other: F64


def tasks(count: int, designer: int, other: int) -> Iterator[Task]:
    """Songs, composed and lit."""
    for index in range(count):
        song = compose(HELD_OUT_SEED + index)
        features = extract_features(Audio(damaged(song.samples.mean(axis=1), song.sample_rate, Damage())))
        lights = []
        for who, part in ((designer, 0), (designer, 1), (other, 0)):
            rng = np.random.default_rng([HELD_OUT_SEED, index, part])
            lit = design(song.annotations, rng, person=person(who))
            lights.append(fitted(rgb8_to_linear(lit.rgb8), len(features.frames)))
        yield Task(song.annotations, features, *lights)


def fitted(linear: F64, frames: int) -> F64:
    """Cut, or dark at the end."""
    out = np.zeros((frames, *linear.shape[1:]))
    out[: len(linear)] = linear[:frames]
    return out


# Distances between two lights of one song


def between_hues_deg(one: F64, other: F64) -> float:
    """Earth mover's distance of two histograms ``[24]`` on a circle, in degrees."""
    if not one.any() or not other.any():
        return float("nan")
    gone = np.cumsum(one - other)
    return float(np.abs(gone - np.median(gone)).sum() * 360 / HUE_BINS)


def leading_hues(light: Light) -> tuple[F64, F64]:
    """Of each second: the mean direction of the colour, radians, and its strength (0: no colour)."""
    lab = light.stage_oklab[:, 1:]
    seconds = lab[: len(lab) // FPS * FPS].reshape(-1, FPS, 2).mean(axis=1)
    return np.arctan2(seconds[:, 1], seconds[:, 0]), np.hypot(seconds[:, 0], seconds[:, 1])


def moment_deg(one: Light, other: Light) -> float:
    """Mean angle between the leading hues, over the seconds in which both have one."""
    (hue, strong), (hue_2, strong_2) = leading_hues(one), leading_hues(other)
    both = (strong > 0.02) & (strong_2 > 0.02)
    apart = np.abs((hue - hue_2 + np.pi) % (2 * np.pi) - np.pi)[both]
    return float(np.degrees(apart).mean()) if both.any() else float("nan")


def slow(light: F64) -> F64:
    """``[T]`` → means over 4 s, four a second, their mean taken as 1."""
    sums = np.cumsum(np.concatenate([[0.0], light]))
    means = (sums[_SLOW_FRAMES:] - sums[:-_SLOW_FRAMES])[::_STEP] / _SLOW_FRAMES
    return np.asarray(means / max(float(means.mean()), 1e-6))


def height(linear: F64) -> F64:
    """Root of the stage's mean luminance, ``[T]``."""
    return np.asarray(np.sqrt(luminance(linear).mean(axis=1)))


def correlation(one: F64, other: F64) -> float:
    """Pearson's; NaN where one of them does not move."""
    return float(np.corrcoef(one, other)[0, 1]) if min(one.std(), other.std()) > 1e-6 else float("nan")


def apart(shown: F64, wanted: F64) -> dict[str, float]:
    """The first four columns."""
    one, other = Light(shown), Light(wanted)
    ours, theirs = slow(height(shown)), slow(height(wanted))
    return {
        "hues°": between_hues_deg(hue_histogram(one), hue_histogram(other)),
        "moment°": moment_deg(one, other),
        "level": float(np.abs(ours - theirs).mean()),
        "level r": correlation(ours, theirs),
    }


def hue_nats(chances: F64, wanted: F64) -> float:
    """Cross-entropy of ``[T, 24]`` or ``[24]`` against a light, by slow steps where it is coloured."""
    light = height(wanted)
    true = hue_chances(wanted, light, np.ones(len(light), dtype=np.bool_))
    said = np.broadcast_to(chances, (len(light), HUE_BINS))[::8]
    return float(-(true * np.log(np.maximum(said, 1e-6))).sum() / max(float(true.sum()), 1e-6))


# What is compared


def rows(task: Task, heard: dict[str, Scores], palette: F64, style: Style) -> dict[str, dict[str, F64]]:
    """Row → designer → the numbers of one song.

    Args:
        task: the song.
        heard: what each listener said of it.
        palette: linear ``[n, 3]``, colours of the films.
        style: of the shows that are drawn.
    """
    frames = len(task.features.frames)
    still = Light(palette[None])
    lights = {"constant": np.broadcast_to(palette, (frames, *palette.shape)), "the other": task.other}
    lights["same, again"] = task.again
    more: dict[str, dict[str, float]] = {name: {} for name in lights}
    for name, scores in heard.items():
        cues = decide(scores, task.features, style)
        lights[name] = fitted(rgb8_to_linear(draw_show(cues).rgb8), frames)
        beats = np.array([beat.time_s for beat in cues.beats])
        true = np.array([time for time, _ in task.truth.beats])
        more[name] = {"beat F1": float(mir_eval.beat.f_measure(true, beats))}
    found: dict[str, dict[str, F64]] = {}
    for name, light in lights.items():
        found[name] = {}
        for who, wanted in (("own", task.own), ("other", task.other)):
            numbers = apart(light, wanted) | more[name]
            if name == "constant":
                numbers["hue nats"] = hue_nats(0.95 * hue_histogram(still) + 0.05 / HUE_BINS, wanted)
            if name in heard and heard[name].hue is not None and heard[name].light is not None:
                numbers["hue nats"] = hue_nats(np.asarray(heard[name].hue, dtype=np.float64), wanted)
                said = np.asarray(heard[name].light, dtype=np.float64)
                numbers["head r"] = correlation(slow(said), slow(height(wanted)))
            found[name][who] = np.array([numbers.get(column, np.nan) for column in COLUMNS])
    return found


def film_colours(shards: Path, count: int = 100) -> F64:
    """Colours of the training clips' labels, linear ``[count, 3]``, drawn in their proportions by their light."""
    labels = np.concatenate([clip.label[::30, 0] for clip in read_clips(shards, "train")])
    linear = srgb_to_linear(labels.astype(np.float64))
    weight = np.sqrt(luminance(linear))
    chosen = np.random.default_rng(0).choice(len(linear), size=count, p=weight / weight.sum())
    return np.asarray(linear[chosen])


def table(found: list[dict[str, dict[str, F64]]], who: str) -> Iterator[str]:
    """The lines of one table: distances to one designer's light."""
    yield f"{'':12s} " + " ".join(f"{column:>14s}" for column in COLUMNS)
    for name in ("before", "after", "constant", "the other", "same, again"):
        values = np.stack([song[name][who] for song in found])
        cells = []
        for column in values.T:
            known = column[~np.isnan(column)]
            error = known.std() / max(1.0, np.sqrt(len(known) - 1)) if len(known) else 0.0
            cells.append(f"{known.mean():8.3f} ±{error:.3f}" if len(known) else "–")
        yield f"{name:12s} " + " ".join(f"{cell:>14s}" for cell in cells)


def prepared(options: argparse.Namespace, work: Path) -> Path:
    """Films, clips, learning, a model file; by the commands that a person would type."""
    takes, shards, run, model = (work / name for name in ("takes", "set", "run", "after.onnx"))
    film = ["--film", "--size", "96x64", "--takes", str(options.takes), "--seed", "500", "--quiet"]
    composed = ["dataset", "compose", "-o", str(takes), "--designer", str(options.designer), *film]
    built = ["dataset", "build", str(takes), "-o", str(shards), "--labels", "implied", "--quiet"]
    train = ["train", "full", "--data", str(shards), "-o", str(run)]
    train += ["--start", str(options.start)] if options.start else []
    train += [word for setting in options.settings for word in ("--set", setting)]
    export = ["export", str(run), "-o", str(model)]
    for command in (composed, built, train, export):
        print("$ beatomizer", " ".join(command), flush=True)
        if beatomizer(command):
            sys.exit(1)
    return model


def main() -> int:
    """Print two tables: distances to the designer who was learned from, and to the other one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--start", type=Path, help="what to begin with (default: the shipped model)")
    parser.add_argument("--designer", type=int, default=1)
    parser.add_argument("--other", type=int, default=2)
    parser.add_argument("--takes", type=int, default=24)
    parser.add_argument("--songs", type=int, default=8)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--set", action="append", default=[], dest="settings")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = options.work or Path(scratch)
        after = load_engine(str(prepared(options, work)))
        before = load_engine(str(options.start) if options.start else "full")
        palette = film_colours(work / "set")
    style = Style(zones=person(options.designer).zones)
    found = []
    for task in tasks(options.songs, options.designer, options.other):
        heard: dict[str, Scores] = {}
        for name, engine in (("before", before), ("after", after)):
            scores = engine.listen(task.features)
            if not isinstance(scores, Scores):
                sys.exit("the model to begin with gives colours, not scores")
            heard[name] = scores
        found.append(rows(task, heard, palette, style))
        print(f"heard '{task.truth.title}' ({task.truth.style})", flush=True)
    for who, number in (("own", options.designer), ("other", options.other)):
        told = "who was learned from" if who == "own" else "the other"
        print(
            f"\ndistances to the light of designer {number}, {told}, on {len(found)} songs that were in no film"
        )
        print("\n".join(table(found, who)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
