"""One lesson: the features of a whole song and everything that is known about it.

A ``.npz`` file of plain arrays (no pickle): ``frames`` float16 ``[T, F]``, ``light`` float16 ``[T]``, ``rgb`` float16
``[T, 3]``, and ``facts``, the bytes of a JSON object. Half floats keep features of ±3 to a thousandth.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.arrays import F16
from beatomizer.atomic import written_aside
from beatomizer.errors import UnreadableInputError

SUFFIX = ".lesson.npz"
ARRAYS = ("frames", "light", "rgb", "facts")


@dataclass(frozen=True)
class Lesson:
    """A song to learn from.

    Attributes:
        frames: float16 ``[T, F]``, the feature bank's columns.
        light: float16 ``[T]``, 0..1: the designer's light, the root of the stage's mean luminance.
        rgb: float16 ``[T, 3]``: the stage's mean colour, linear.
        facts: plain JSON: ``truth`` (``Annotations.to_json``), ``design`` (``Design.facts``; absent where nobody lit
            the song), ``known`` (which kinds of truth are to be believed, see ``KINDS``), ``made`` (what it came from).
    """

    frames: F16
    light: F16
    rgb: F16
    facts: Mapping[str, Any]

    @property
    def known(self) -> frozenset[str]:
        """Which kinds of truth may be learned from."""
        return frozenset(self.facts["known"])


KINDS = ("beats", "bars", "onsets", "sections", "energy", "light")
"""What a lesson may know about: a composed song all, a pseudo-labelled one some of it."""


def write_lesson(lesson: Lesson, path: Path) -> None:
    """Write a lesson; the file appears whole or not at all, and the same lesson gives the same bytes."""
    facts = np.frombuffer(json.dumps(dict(lesson.facts), sort_keys=True).encode(), dtype=np.uint8)
    with written_aside(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_STORED) as archive:
        for name, values in zip(ARRAYS, (lesson.frames, lesson.light, lesson.rgb, facts), strict=True):
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(values), allow_pickle=False)


def facts_of(path: Path) -> dict[str, Any] | None:
    """The facts of a lesson, without reading its arrays; ``None`` if it is missing, cut off or no lesson."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("facts.npy") as member:
            told = json.loads(bytes(np.lib.format.read_array(member, allow_pickle=False)))
            whole = {f"{name}.npy" for name in ARRAYS} <= set(archive.namelist())
        if not whole or not isinstance(told["made"], dict) or not set(told["known"]) <= set(KINDS):
            return None
        return {**told, "truth": dict(told["truth"])}
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile):
        return None


def read_lesson(path: Path) -> Lesson:
    """Read a lesson.

    Raises:
        UnreadableInputError: the file is missing, damaged, or no lesson.
    """
    try:
        # Opened here: numpy leaves a file open that turns out to be no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            frames, light, rgb, facts = (archive[name] for name in ARRAYS)
        told = json.loads(bytes(facts))
        known = told["known"]
    except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
        raise UnreadableInputError(
            f"'{path.name}' is no whole lesson ({type(error).__name__})",
            "make it again: beatomizer dataset lessons",
        ) from error
    sound = frames.ndim == 2 and len(frames) == len(light) == len(rgb) and isinstance(known, list)
    if not sound or not set(known) <= set(KINDS):
        raise UnreadableInputError(f"'{path.name}' is no lesson", "make it again: beatomizer dataset lessons")
    return Lesson(frames, light, rgb, told)
