"""The whole evaluation, from shards and names to a folder with results."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.arrays import F64
from beatomizer.atomic import written_aside
from beatomizer.dataset.shards import read_clips, set_facts
from beatomizer.errors import UsageError
from beatomizer.evaluation.collect import Collected, collect
from beatomizer.evaluation.lighting import Lighter, lighter_of
from beatomizer.evaluation.markdown import report
from beatomizer.evaluation.measuring import measure_rows
from beatomizer.evaluation.pictures import draw_all
from beatomizer.evaluation.references import LABEL, WRONG_SONG, mean_label, reference_lighters
from beatomizer.evaluation.results import Results, results_of
from beatomizer.evaluation.songs import evaluate_song
from beatomizer.progress import Progress, silent

EXAMPLES = 3
"""Clips with pictures of their own, evenly through the split."""


@dataclass(frozen=True)
class Wishes:
    """What a person asks for.

    Attributes:
        split: which clips.
        estimate_beats: measure against the classical tracker's beats where there are none in the score.
        clips: at most so many, ``None`` for all.
        songs: files to be lit as a whole.
        pictures: whether to draw; a song's graph is drawn in any case.
        seed: of shows, random rows and intervals.
        command: what was typed, for the record.
        made_on: a date, for the record.
    """

    split: str = "test"
    estimate_beats: bool = False
    clips: int | None = None
    songs: tuple[Path, ...] = ()
    pictures: bool = True
    seed: int = 0
    command: str = ""
    made_on: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.seed < 0:
            raise UsageError(f"a seed cannot be {self.seed}", "choose 0 or more")

    @property
    def beats(self) -> str:
        """As ``sound.song_of`` wants it."""
        return "estimate" if self.estimate_beats else "score"


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation.

    Attributes:
        results: all numbers.
        files: what was written.
    """

    results: Results
    files: tuple[Path, ...]


def evaluate(
    shards: Path, models: Sequence[str], out: Path, wishes: Wishes | None = None, progress: Progress = silent
) -> Evaluation:
    """Measure models beside the reference rows; write ``results.json``, ``results.md`` and pictures into ``out``.

    Args:
        shards: a set of clips.
        models: run folders, ``.onnx`` files or names of engines.
        out: the folder, made if it is not there.
        wishes: what else is asked for.
        progress: told how far it is.

    Raises:
        BeatomizerError: a model, the set or a song cannot be read, the split is empty, an extra is missing.
    """
    wishes = wishes or Wishes()
    _check_extras()
    facts = set_facts(shards)
    lighters = _named_apart([lighter_of(name) for name in models])
    mean, mean_from = _mean_colour(shards, wishes.split)
    references = reference_lighters(mean)
    _make_folder(out)
    zones = int(facts["zones"])
    songs, files = _songs(lighters, references, out, zones, wishes, progress)
    found = collect(
        shards,
        wishes.split,
        lighters,
        references,
        zones=zones,
        most_clips=wishes.clips,
        seed=wishes.seed,
        beats=wishes.beats,
        progress=progress,
        expected=_expected(facts, wishes.split),
    )
    measured = measure_rows(found, seed=wishes.seed, progress=progress)
    results = results_of(
        found,
        measured,
        data=_data(facts, found, wishes, mean_from),
        settings={
            "seed": wishes.seed,
            "beats": "from the score, else estimated" if wishes.estimate_beats else "from the score",
        },
        made=_made(wishes),
        songs=songs,
    )
    if wishes.pictures:
        rows = [one.row for one in measured]
        files += draw_all(out, results, found, rows, _examples(len(found.keys)))
    files += [_write(out / "results.json", results.text()), _write(out / "results.md", report(results))]
    return Evaluation(results, tuple(files))


def _check_extras() -> None:
    """Before hours of work, not after."""
    from importlib.util import find_spec

    from beatomizer.errors import MissingExtraError

    if find_spec("mir_eval") is None or find_spec("matplotlib") is None:
        raise MissingExtraError("evaluation", "train")


def _make_folder(out: Path) -> None:
    """Make it, or find an empty one or an earlier evaluation; never mix with somebody's files."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"'{out}' is a file", "name a folder with -o")
    if out.is_dir() and not (out / "results.json").is_file():
        strangers = sorted(path.name for path in out.iterdir() if not _ours(path.name))
        if strangers:
            raise UsageError(
                f"'{out}' holds other things ('{strangers[0]}')", "choose an empty or new folder with -o"
            )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder '{out}' ({error.strerror})", "choose another with -o"
        ) from error


def _ours(name: str) -> bool:
    """What an evaluation that was stopped may have left."""
    pictures = ("bars-", "hues.", "ribbons-", "intensity-", "song-")
    return name == "results.md" or name.startswith((".beatomizer-", *pictures))


def _named_apart(lighters: list[Lighter]) -> list[Lighter]:
    """Two runs may be called alike; rows may not."""
    taken = {LABEL, WRONG_SONG, *(one.name for one in reference_lighters(np.zeros(3)))}
    for lighter in lighters:
        name, number = lighter.name, 2
        while lighter.name in taken:
            lighter.name = f"{name} {number}"
            number += 1
        taken.add(lighter.name)
    return lighters


def _mean_colour(shards: Path, split: str) -> tuple[F64, str]:
    """Of the training clips; of the split itself where there are none."""
    if not any(True for _ in islice(read_clips(shards, split), 1)):
        raise UsageError(f"the set has no clips in the split '{split}'", "choose another with --split")
    for source in ("train", split):
        mean = mean_label(read_clips(shards, source))
        if mean is not None:
            return mean, source
    raise UsageError(f"no frame of the split '{split}' was seen", "choose another with --split")


def _expected(facts: dict[str, Any], split: str) -> int:
    counted = facts["splits"].get(split, {})
    return int(counted.get("clips", 0)) if isinstance(counted, dict) else 0


def _songs(
    models: list[Lighter],
    references: list[Lighter],
    out: Path,
    zones: int,
    wishes: Wishes,
    progress: Progress,
) -> tuple[list[dict[str, Any]], list[Path]]:
    songs, files = [], []
    for number, path in enumerate(wishes.songs):
        files.append(out / f"song-{number + 1}.png")
        songs.append(
            evaluate_song(
                path,
                models,
                references,
                files[-1],
                zones=zones,
                seed=wishes.seed,
                beats=wishes.beats,
                progress=progress,
            )
        )
    return songs, files


def _data(facts: dict[str, Any], found: Collected, wishes: Wishes, mean_from: str) -> dict[str, Any]:
    return {
        "hash": facts.get("hash", ""),
        "labels": facts.get("labels", ""),
        "zones": facts.get("zones", 1),
        "split": wishes.split,
        "clips": len(found.keys),
        "takes": len(set(found.takes)),
        "mean_colour_from": mean_from,
    }


def _made(wishes: Wishes) -> dict[str, Any]:
    """The record of a run: not part of the hash."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    versions = {"python": platform.python_version()}
    for name in ("beatomizer", "numpy", "mir_eval", "onnxruntime", "torch"):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"on": wishes.made_on, "command": wishes.command, "versions": versions}


def _examples(clips: int) -> list[int]:
    return sorted({clips * place // EXAMPLES for place in range(min(EXAMPLES, clips))})


def _write(path: Path, text: str) -> Path:
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")
    return path
