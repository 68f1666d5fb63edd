"""Whole real songs without labels: the intensity graph, and every metric that needs none."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from beatomizer.arrays import F32
from beatomizer.audio.load import load_audio
from beatomizer.evaluation.intensity_graph import draw_intensity_graph
from beatomizer.evaluation.lighting import Lighter
from beatomizer.evaluation.measuring import unsafe_frames
from beatomizer.evaluation.sound import song_of
from beatomizer.features.bank import extract_features
from beatomizer.metrics.case import Case, measure_all
from beatomizer.metrics.light import Light
from beatomizer.metrics.table import METRICS
from beatomizer.progress import Progress, silent


def evaluate_song(
    path: Path,
    models: Sequence[Lighter],
    references: Sequence[Lighter],
    picture: Path,
    *,
    zones: int,
    seed: int = 0,
    beats: str = "score",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Light one song with every row, draw its intensity graph (models only), measure what can be measured.

    Args:
        path: any file with sound.
        models: shown in the picture.
        references: measured beside them.
        picture: the PNG to write.
        zones: of the stage.
        seed: of shows that have one.
        beats: ``"estimate"`` measures against the classical tracker's beats; otherwise there are none.
        progress: told the stages ``audio``, ``features`` and ``inference``.

    Raises:
        UnreadableInputError, NoUsableAudioError, ResourceLimitError: as ``load_audio``.
    """
    audio = load_audio(path, progress=progress)
    features = extract_features(audio, progress)
    song = song_of(features, beats=beats)
    rows, shown = [], []
    for number, lighter in enumerate([*models, *references]):
        linear: F32 = lighter.light(features, zones, seed)
        kind = "model" if number < len(models) else "reference"
        values = measure_all(Case(song, Light(linear), unsafe=unsafe_frames(linear)))
        named = {metric.name: float(value) for metric, value in zip(METRICS, values)}
        rows.append({"name": lighter.name, "kind": kind, "values": named})
        if kind == "model":
            shown.append((lighter.name, linear))
        progress("inference", (number + 1) / (len(models) + len(references)))
    title = audio.title or path.stem
    draw_intensity_graph(picture, shown, song.loudness_db, title=title, beats_s=song.beats_s)
    return {
        "title": title,
        "file": path.name,
        "duration_s": audio.duration_s,
        "picture": picture.name,
        "rows": rows,
    }
