"""Films of clips for browsers that cannot play the takes' own files: made one at a time when asked for.

Each is made by a process of its own (``excerpt_film``), because it decodes what strangers made.
"""

import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from beatomizer.audio.gate import shown
from beatomizer.errors import UnreadableInputError

_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
_START += "from beatomizer.dataset.excerpt_film import serve; serve()"
_PATIENCE_S = 90.0
_MOST = 64
"""Films that are kept: a megabyte or two each."""


class ClipFilms:
    """Films in a temporary folder; close it. Its methods may be called from several threads."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="beatomizer-review-")
        self._turn = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._failed: set[str] = set()
        self._closed = False

    def film(self, key: str, media: Path, start_s: float, flac: bytes) -> Path:
        """The film of a clip.

        Args:
            key: of the clip.
            media: the take's file.
            start_s: where in it the clip begins.
            flac: the clip's sound.

        Raises:
            UnreadableInputError: its pictures cannot be decoded, or not within the limits; that is remembered.
        """
        with self._turn:
            film = Path(self._folder.name) / f"{key}.webm"
            if film.is_file():
                return film
            if key in self._failed or self._closed:
                raise _not_decoded(media)
            for old in sorted(film.parent.glob("*.webm"), key=lambda one: one.stat().st_mtime)[: 1 - _MOST]:
                old.unlink()
            task = {"media": str(media), "start_s": start_s, "out": str(film)}
            if not self._made(task, flac) or not film.is_file():
                self._failed.add(key)
                raise _not_decoded(media)
            return film

    def _made(self, task: dict[str, object], flac: bytes) -> bool:
        words = [sys.executable, "-c", _START, json.dumps(sys.path), json.dumps(task)]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet) as child:
            self._child = child
            try:
                child.communicate(flac, _PATIENCE_S)
            except subprocess.TimeoutExpired:
                child.kill()
            finally:
                self._child = None
        return child.returncode == 0

    def close(self) -> None:
        """End what is being made, and remove everything."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()
        with self._turn:
            self._folder.cleanup()


def _not_decoded(media: Path) -> UnreadableInputError:
    return UnreadableInputError(
        f"the pictures of '{shown(media)}' cannot be decoded", "its sound can be heard"
    )
