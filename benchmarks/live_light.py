"""The light of the live follower in numbers, beside `full` and the rows to beat, after the flash limiter, in one run.

    python benchmarks/live_light.py [--live NAME|FILE.onnx] [--beside NAME|FILE.onnx] [--music DIR] [--real N]
                                    [--composed N] [--lessons DIR] [--only NAME] [--seconds S] [--cache DIR]
                                    [--beats] [--each]

Songs are the tracks of ``DIR`` with a beat grid (``beat_tracker.references``; default ``../shared/music``, without six
whose grids are wrong), ``--composed`` songs of held-out styles, forms and banks, and the clean lessons of a folder.
Rows: the live follower, ``--beside`` with the whole song in view, a light that follows the loudness, a white flash on
every beat that the classical tracker hears, and the live show of another song.

``from afar`` is the light beat F1 above chance of the stage as ONE light: events are peaks, from one frame to the
next, of ``max(dI, 0) + 0.5 |du|`` of the mean of the zones in absolute luminance and OKLab, prominence 0.1, at least
100 ms apart. ``beat F1`` and ``any level`` are of the beats that were told, ±70 ms, nothing trimmed; ``after 5 s``
leaves out the first five seconds, as ``mir_eval.beat.trim_beats`` does. ``over`` counts songs that a judge of the
broadcast profile fails.

``--cache`` keeps what the live model hears of each song, so that only the follower is run again while it is changed;
``--beats`` leaves the light out. Medians are printed first, means after them.
"""

import argparse
import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import soxr

from beat_tracker import MUSIC, RATIOS, references, scaled
from beatomizer.arrays import F32, F64, U8
from beatomizer.audio.audio import Audio
from beatomizer.audio.load import load_audio
from beatomizer.color import linear_to_oklab, luminance, rgb8_to_linear
from beatomizer.composer.compose import compose
from beatomizer.cues.decide import decide
from beatomizer.cues.style import Style
from beatomizer.dataset.lessons.lesson import SUFFIX, read_lesson
from beatomizer.evaluation.sound import song_of
from beatomizer.features.bank import extract_features
from beatomizer.features.features import Features
from beatomizer.inference.engine import RawLight
from beatomizer.inference.engines import load_engine
from beatomizer.inference.models import SHIPPED_MODELS
from beatomizer.live.file import listen_live, live_show
from beatomizer.metrics.case import Case, measure
from beatomizer.metrics.light import Light
from beatomizer.metrics.series import peaks
from beatomizer.metrics.sync import COLOUR_WEIGHT, GAP_FRAMES, PROMINENCE, chance_f1, matched
from beatomizer.metrics.table import metric_named
from beatomizer.safety.judge import judge
from beatomizer.safety.limit import limit
from beatomizer.show.draw import draw_show, raw_show
from beatomizer.timebase import FPS, SAMPLE_RATE, frame_count

WRONG_GRIDS = (
    "cc0_at_the_end_of_hope",
    "cc0_hyper_ultra_racing",
    "cc0_mythica",
    "cc0_retro_game_music_pack_ending",
    "timbeek_the_protagonist",
    "opensurge_sunshine",
)
"""A third, a half or several per cent off, by ear; scores against them say nothing."""

FIRST_SEED = 9_000
LIGHT = (
    ("loudness_r_4s", "loudness r"),
    ("light_beat_f1", "beat light"),
    ("effective_hues", "hues"),
    ("grey_share", "grey"),
    ("event_rate", "events/s"),
    ("lag_ms", "lag ms"),
)
TRIMMED_S = 5.0
BEATS = ("beat F1", "after 5 s", "any level")
COLUMNS = (*BEATS, *(title for _, title in LIGHT), "from afar", "mean light", "over")


@dataclass(frozen=True)
class Task:
    """A song with its true beats."""

    name: str
    kind: str
    audio: Audio
    beats_s: F64


def tasks(options: argparse.Namespace) -> Iterator[Task]:
    """The songs asked for, each cut to ``--seconds``."""
    found = [_real(options), _composed(options.composed), _lessons(options.lessons)]
    for task in (task for part in found for task in part if options.only in task.name):
        samples = task.audio.samples[: int(options.seconds * SAMPLE_RATE)]
        beats_s = task.beats_s[task.beats_s < len(samples) / SAMPLE_RATE]
        yield replace(task, audio=replace(task.audio, samples=samples), beats_s=beats_s)


def _real(options: argparse.Namespace) -> Iterator[Task]:
    if not (options.music / "analysis.csv").exists():
        print(f"no tracks: there is no music at {options.music}")
        return
    known = references(options.music).items()
    sound = [(name, beats) for name, beats in known if Path(name).stem not in WRONG_GRIDS]
    for name, beats in sound[: options.real]:
        yield Task(Path(name).stem, "tracks", load_audio(options.music / name), beats)


def _composed(count: int) -> Iterator[Task]:
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        song = compose(seed, generators="held-out")
        mono = soxr.resample(song.samples.mean(axis=1), song.sample_rate, SAMPLE_RATE).astype(np.float32)
        beats_s = np.array([time_s for time_s, _ in song.annotations.beats])
        yield Task(f"{seed} {song.annotations.style}", "composed", Audio(mono), beats_s)


def _lessons(folder: Path | None) -> Iterator[Task]:
    from light_decisions import lesson_samples

    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder else []:
        lesson = read_lesson(path)
        beats_s = np.array([row[0] for row in lesson.facts["truth"]["beats"]], dtype=np.float64)
        yield Task(path.name.removesuffix(SUFFIX), "lessons", Audio(lesson_samples(lesson)), beats_s)


class Remembering:
    """A live engine that keeps what it heard of a song in a folder, and need not hear it twice."""

    def __init__(self, named: str, folder: Path | None) -> None:
        self.engine: Any = load_engine(named)
        self.name = self.engine.name
        self._folder = folder
        shipped = SHIPPED_MODELS.get(named)
        whole = shipped.sha256 if shipped else hashlib.sha256(Path(named).read_bytes()).hexdigest()
        self._model = whole[:12]
        self._path: Path | None = None

    def about(self, audio: Audio) -> "Remembering":
        """The engine for this song."""
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            song = hashlib.sha256(audio.samples.tobytes()).hexdigest()[:16]
            self._path = self._folder / f"{self._model}-{song}.npz"
        return self

    def stream(self) -> Any:
        """A listener; it writes its scores down, or reads them."""
        listener = self.engine.stream()
        if self._path is None:
            return listener
        if self._path.exists():
            with np.load(self._path) as file:
                return _replayed({name: file[name] for name in file.files}, listener.card)
        return SimpleNamespace(card=listener.card, push=_recorded(listener, self._path))


def _replayed(scores: Mapping[str, F32], card: Any) -> Any:
    heard = 0

    def push(frames: F32) -> dict[str, F32]:
        nonlocal heard
        here = slice(heard, heard + len(frames))
        heard = here.stop
        return {name: values[here] for name, values in scores.items()}

    return SimpleNamespace(card=card, push=push)


def _recorded(listener: Any, path: Path) -> Any:
    parts: list[Mapping[str, F32]] = []

    def push(frames: F32) -> Mapping[str, F32]:
        parts.append(listener.push(frames))
        whole: dict[str, Any] = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        np.savez(path, **whole)  # all of it each time: the last block has the whole song
        return parts[-1]

    return push


def far_events(linear: F32) -> F64:
    """Seconds at which something happens in the stage seen as one light, from ``[T, Z, 3]``."""
    stage = linear.astype(np.float64).mean(axis=1)
    rise = np.maximum(np.diff(luminance(stage), prepend=luminance(stage[:1])), 0.0)
    opponent = linear_to_oklab(stage)[:, 1:]
    turn = np.linalg.norm(np.diff(opponent, axis=0, prepend=opponent[:1]), axis=1)
    return peaks(rise + COLOUR_WEIGHT * turn, PROMINENCE, GAP_FRAMES) / FPS


def beat_scores(beats_s: F64, told_s: F64) -> tuple[float, float, float]:
    """F1 within 70 ms against the beats, the same after ``TRIMMED_S``, and against the best of their off-beat, double
    and half tempo.
    """

    def f1(reference: F64, told_s: F64 = told_s) -> float:
        return 2.0 * matched(reference, told_s) / max(len(reference) + len(told_s), 1)

    plain = f1(beats_s)
    late = f1(beats_s[beats_s >= TRIMMED_S], told_s[told_s >= TRIMMED_S])
    return plain, late, max([plain, *(f1(beats) for ratio in RATIOS for beats in scaled(beats_s, ratio))])


def light_scores(task: Task, features: Features, rgb8: U8) -> list[float]:
    """The columns that are about light."""
    linear = rgb8_to_linear(rgb8).astype(np.float32)
    case = Case(replace(song_of(features), beats_s=task.beats_s), Light(linear))
    events = far_events(linear)
    hits = 2.0 * matched(task.beats_s, events) / max(len(task.beats_s) + len(events), 1)
    far = hits - chance_f1(task.beats_s, len(events), len(linear) / FPS) if len(events) else 0.0
    mean = float(luminance(linear.astype(np.float64)).mean())
    values = [measure(metric_named(name), case) for name, _ in LIGHT]
    return [*values, far, mean, float(len(judge(rgb8).failures) > 0)]


def shown(named: str, audio: Audio, features: Features) -> tuple[U8, F64]:
    """Limited light of an engine that hears the whole song, and the beats it told."""
    engine = load_engine(named)
    heard = engine.listen(features)
    if isinstance(heard, RawLight):
        return _held(limit(raw_show(heard, 8)).rgb8, audio), np.zeros(0)
    cues = decide(heard, features, Style(), look=engine.look)
    told_s = np.array([beat.time_s for beat in cues.beats])
    return _held(limit(draw_show(cues)).rgb8, audio), told_s


def _held(rgb8: U8, audio: Audio) -> U8:
    """Cut to the song's frames, or begun again: shows of other songs have other lengths."""
    return rgb8[np.arange(frame_count(len(audio.samples))) % len(rgb8)]


def rows_of(task: Task, live: Remembering, beside: str, before: U8 | None) -> dict[str, Any]:
    """Every row's numbers for a song, in the order of ``COLUMNS``; and, as ``light``, the live show."""
    features = extract_features(task.audio)
    show = live_show(task.audio, live.about(task.audio))
    assert show.cues is not None
    told_s = np.array([beat.time_s for beat in show.cues.beats])
    found: dict[str, Any] = {
        "live": [*beat_scores(task.beats_s, told_s), *light_scores(task, features, show.rgb8)]
    }
    for named in (beside, "loudness", "flasher"):
        rgb8, told_s = shown(named, task.audio, features)
        beats = beat_scores(task.beats_s, told_s) if named not in ("loudness",) else (np.nan,) * len(BEATS)
        found[named] = [*beats, *light_scores(task, features, rgb8)]
    if before is not None:
        found["wrong song"] = [
            *(np.nan,) * len(BEATS),
            *light_scores(task, features, _held(before, task.audio)),
        ]
    return found | {"light": show.rgb8}


def line(name: str, values: list[float]) -> str:
    """One row of the table."""
    cells = ("         –" if np.isnan(value) else f"{value:10.2f}" for value in values)
    return f"{name[:30]:30s} " + " ".join(cells)


def summary(kind: str, found: dict[str, list[list[float]]]) -> None:
    """Medians and means of the songs of a kind."""
    for title, middle in (("medians", np.nanmedian), ("means", np.nanmean)):
        print(f"{title}, {len(next(iter(found.values())))} {kind}")
        for name, lines in found.items():
            columns = np.array(lines).T
            print(line(f"  {name}", [np.nan if np.isnan(c).all() else float(middle(c)) for c in columns]))


def main() -> int:
    """Print the table of each kind of songs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--live", default="live")
    parser.add_argument("--beside", default="full")
    parser.add_argument("--music", type=Path, default=MUSIC)
    parser.add_argument("--real", type=int, default=1000)
    parser.add_argument("--composed", type=int, default=6)
    parser.add_argument("--lessons", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=float, default=1e4)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--beats", action="store_true", help="beat F1 alone, no light")
    parser.add_argument("--each", action="store_true", help="print every song")
    options = parser.parse_args()
    live = Remembering(options.live, options.cache)
    columns = BEATS if options.beats else COLUMNS
    print(f"{'':30s} " + " ".join(f"{title:>10s}" for title in columns), flush=True)
    tables: dict[str, dict[str, list[list[float]]]] = {}
    before: U8 | None = None
    for task in tasks(options):
        if options.beats:
            cues = listen_live(task.audio, live.about(task.audio))
            rows: dict[str, Any] = {
                "live": list(beat_scores(task.beats_s, np.array([beat.time_s for beat in cues.beats])))
            }
        else:
            rows = rows_of(task, live, options.beside, before)
            before = rows.pop("light")
        for name, values in rows.items():
            tables.setdefault(task.kind, {}).setdefault(name, []).append(values)
            if options.each:
                print(line(f"{task.name[:18]} {name}", values), flush=True)
    for kind, found in tables.items():
        summary(kind, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
