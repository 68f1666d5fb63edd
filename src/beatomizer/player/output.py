"""The leader's side of the output process: start it, wish, hear how it does, and end it in the dark."""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import threading
import time
from dataclasses import replace
from typing import Any, Self

from beatomizer import errors
from beatomizer.errors import DeviceError
from beatomizer.player.board import MOST_OUTPUTS, Board, Wishes
from beatomizer.player.child import start_module
from beatomizer.player.folder import let_go, make_folder, sweep
from beatomizer.player.plan import BOARD, RING, Plan
from beatomizer.player.ring import FrameRing
from beatomizer.player.watchdog import darken

_START_S = 30.0
_GOODBYE_S = 2.0
"""Fade, black and goodbyes take half a second; after that the process is ended without them."""


class OutputProcess:
    """Lights in a process of their own. A context manager; leaving it in any way darkens them.

    Args:
        plan: which lights.
        wishes: what the board says at first.
        watchdog: whether a second process darkens them if the first is killed (POSIX only).

    Attributes:
        folder: private; songs and ring lie there.
        board: where to wish.
        ring: for live shows.

    Raises:
        BeatomizerError: what opening a light raised.
    """

    def __init__(self, plan: Plan, wishes: Wishes, *, watchdog: bool = False) -> None:
        if len(plan.urls) > MOST_OUTPUTS:
            raise errors.UsageError(f"{len(plan.urls)} outputs are too many", f"at most {MOST_OUTPUTS}")
        if watchdog and os.name != "posix":
            raise errors.UsageError("a watchdog needs Linux or macOS", "leave --watchdog out")
        self.plan = plan
        sweep()
        self.folder, self._hold = make_folder()
        self.board = Board.make(self.folder / BOARD, wishes)
        self.ring = FrameRing.make(self.folder / RING, plan.zones) if plan.live else None
        plan.write(self.folder)
        self._watchdog = watchdog
        self._dog: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ear: threading.Thread | None = None
        self._told: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._dark, self._why = False, ""
        self.lights: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        """Begin; returns when all lights are open."""
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Darken.

        Raises:
            DeviceError: nothing else went wrong, but a light could not be closed (a recording could not be written).
        """
        self.close()
        if kind is None and self._why:
            raise DeviceError(self._why, "the lights are dark")

    def wish(self, wishes: Wishes) -> None:
        """Say what is wanted now."""
        self.board.write(wishes)

    def poke(self) -> None:
        """There is a new frame in the ring. Never waits."""
        if self._process is not None:
            _write(self._process)

    def check(self) -> None:
        """Hear what the process tells.

        Raises:
            DeviceError: it is gone.
        """
        self._listen()
        if self._process is None or self._process.poll() is None:
            return
        process, self._process = self._process, None
        self._end(process)
        self._listen()
        if not self._dark and self._dog is None:
            darken(self.plan)
        why, self._why = self._why or "the output process was ended from outside", ""
        raise DeviceError(why, "the lights are dark; start again")

    def close(self) -> None:
        """Fade, black, goodbye; then nothing of it is left."""
        process, self._process = self._process, None
        try:
            if process is not None:
                self._end(process)
                self._listen()
            if self._dog is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):  # it goes on by itself
                    self._dog.wait(_GOODBYE_S)
                _close(self._dog)
        finally:  # a second Ctrl-C ends the waiting; the lights go dark by themselves
            self.board.close()
            if self.ring is not None:
                self.ring.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            let_go(self._hold)
            self._hold = -1

    def _end(self, process: "subprocess.Popen[bytes]") -> None:
        self.board.write(replace(self.board.read(), ended=True))
        _write(process)
        try:
            process.wait(_GOODBYE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self._dark = self._dog is not None
            if not self._dark:
                darken(self.plan)
        if self._ear is not None:
            self._ear.join()
        self._listen()
        _close(process)

    def _start(self) -> None:
        words, extra, end = [str(self.folder)], list[int](), -1
        if self._watchdog:
            end = self._wake_dog()
            words, extra = [*words, str(end)], [end]
        self._process = start_module("beatomizer.player.stagehand", words, pass_fds=extra)
        if end >= 0:
            os.close(end)
        assert self._process.stdin is not None
        if os.name == "posix":
            os.set_blocking(self._process.stdin.fileno(), False)
        self._ear = threading.Thread(target=self._hear, args=(self._process,), daemon=True)
        self._ear.start()
        self._await_ready()

    def _wake_dog(self) -> int:
        theirs, ours = os.pipe()
        self._dog = start_module(
            "beatomizer.player.watchdog", [str(self.folder)], stdin=theirs, start_new_session=True
        )
        os.close(theirs)
        assert self._dog.stdout is not None
        self._dog.stdout.read(1)
        return ours

    def _await_ready(self) -> None:
        until_s = time.monotonic() + _START_S
        while time.monotonic() < until_s:
            try:
                told = self._told.get(timeout=0.1)
            except queue.Empty:
                if self._process is not None and self._process.poll() is not None and self._told.empty():
                    break
                continue
            if "failed" in told:
                self._dark = True
                raise _told_error(told, told["failed"])
            if "ready" in told:
                return
        raise DeviceError("the output process did not start", "try again with --debug")

    def _hear(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with contextlib.suppress(ValueError):  # half a line: the pipe was full
                self._told.put(json.loads(line))

    def _listen(self) -> None:
        while not self._told.empty():
            told = self._told.get()
            self.lights = told.get("lights", self.lights)
            self._dark = self._dark or "dark" in told
            self._why = told.get("broken", self._why)


def _told_error(told: dict[str, Any], problem: str) -> errors.BeatomizerError:
    """What the other process raised."""
    kind = getattr(errors, told["kind"], DeviceError)
    if kind is errors.MissingExtraError:  # which writes its own words
        kind = errors.UsageError
    error: errors.BeatomizerError = kind(problem, told["hint"])
    return error


def _write(process: "subprocess.Popen[bytes]") -> None:
    """A sign; whether it arrives is not waited for (the pipe may be full, the process gone)."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            os.write(process.stdin.fileno(), b".")


def _close(process: "subprocess.Popen[bytes]") -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
