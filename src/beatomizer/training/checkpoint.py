"""Checkpoints: folders that appear whole or not at all, checked by their hashes before they are believed.

``checkpoints/step-00000120/`` holds ``model.safetensors``, ``optimiser.safetensors``, ``state.json`` and, written last,
``manifest.json`` with the SHA-256 of the others. The folder is filled beside its place, flushed to the disk and
renamed. A checkpoint whose hashes do not match (a disk that lied, a hand that edited) is passed over for the one
before it.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from beatomizer.errors import ResourceLimitError, UnreadableInputError

MODEL, OPTIMISER, STATE, MANIFEST = (
    "model.safetensors",
    "optimiser.safetensors",
    "state.json",
    "manifest.json",
)
KEPT = 2
"""The newest so many are kept, besides the best."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class Checkpoint:
    """A training at rest.

    Attributes:
        step: optimiser steps done.
        model: the weights.
        optimiser: its tensors, named ``PARAMETER.KEY`` (``3.exp_avg``).
        state: plain JSON: epoch, sampler, schedule, early stopping, sums of the running epoch, history.
    """

    step: int
    model: dict[str, Tensor]
    optimiser: dict[str, Tensor]
    state: dict[str, Any]


def checkpoint_name(step: int) -> str:
    """The folder of the checkpoint after ``step``."""
    return f"step-{step:08d}"


def save_checkpoint(folder: Path, checkpoint: Checkpoint, best: str) -> Path:
    """Write ``folder/step-…``, then remove old ones except the newest two and ``best``.

    Raises:
        ResourceLimitError: the disk is full; what was there before is untouched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    final = folder / checkpoint_name(checkpoint.step)
    aside = folder / f".writing-{final.name}-{os.getpid()}"
    try:
        _fill(aside, checkpoint)
        if final.exists():  # saved again after a fall-back: the old one was refused, or is the same
            shutil.rmtree(final)
        aside.rename(final)
        _flush(folder)
    except OSError as error:
        if error.errno in _FULL:
            hint = "free some space and run the same command again; it goes on from the last checkpoint"
            raise ResourceLimitError("the disk is full while writing a checkpoint", hint) from error
        raise
    except SafetensorError as error:  # safetensors wraps what the system says
        hint = "look for free space and run the same command again; it goes on from the last checkpoint"
        raise ResourceLimitError(f"cannot write a checkpoint ({error})", hint) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _prune(folder, keep={best})
    return final


def _fill(aside: Path, checkpoint: Checkpoint) -> None:
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    save_file({key: value.contiguous() for key, value in checkpoint.model.items()}, aside / MODEL)
    save_file({key: value.contiguous() for key, value in checkpoint.optimiser.items()}, aside / OPTIMISER)
    (aside / STATE).write_text(json.dumps(checkpoint.state, sort_keys=True), encoding="utf-8")
    hashes = {}
    for name in (MODEL, OPTIMISER, STATE):
        _flush(aside / name)
        hashes[name] = sha256(aside / name)
    manifest = {"format": "beatomizer-checkpoint", "version": 1, "step": checkpoint.step, "sha256": hashes}
    (aside / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    _flush(aside / MANIFEST)
    _flush(aside)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _prune(folder: Path, keep: set[str]) -> None:
    names = sorted(path.name for path in folder.glob("step-*"))
    for name in set(names[:-KEPT]) - keep:
        shutil.rmtree(folder / name, ignore_errors=True)
    for left_over in folder.glob(".writing-*"):  # of a process that was killed
        shutil.rmtree(left_over, ignore_errors=True)


def sha256(path: Path) -> str:
    """The hash of a file, in hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def whole(path: Path) -> bool:
    """Whether every file of a checkpoint is what the manifest says."""
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        hashes: Mapping[str, str] = manifest["sha256"]
        return set(hashes) == {MODEL, OPTIMISER, STATE} and all(
            sha256(path / name) == expected for name, expected in hashes.items()
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def latest_checkpoint(folder: Path) -> Checkpoint | None:
    """The newest one that is whole, or ``None`` if there is none."""
    for path in sorted(folder.glob("step-*"), reverse=True):
        if whole(path):
            return read_checkpoint(path)
    return None


def forget_newer(folder: Path, checkpoint: Checkpoint | None) -> None:
    """Remove what is newer than ``checkpoint``: it was found damaged, and must not count among the newest."""
    for path in folder.glob("step-*"):
        if checkpoint is None or path.name > checkpoint_name(checkpoint.step):
            shutil.rmtree(path, ignore_errors=True)


def read_checkpoint(path: Path) -> Checkpoint:
    """A checkpoint that ``whole`` has found whole.

    Raises:
        UnreadableInputError: it cannot be read all the same.
    """
    try:
        state = json.loads((path / STATE).read_text(encoding="utf-8"))
        step = int(path.name.removeprefix("step-"))
        return Checkpoint(step, load_file(path / MODEL), load_file(path / OPTIMISER), state)
    except (OSError, ValueError, SafetensorError) as error:
        raise UnreadableInputError(
            f"cannot read the checkpoint '{path}' ({error})", "start a new run"
        ) from error
