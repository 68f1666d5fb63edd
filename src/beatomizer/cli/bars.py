"""Progress bars: on a terminal only, gone when the work is done."""

import sys
from typing import Any

from beatomizer.progress import Progress, silent

_LABELS = {
    "audio": "reading the song",
    "features": "listening",
    "inference": "understanding",
    "cues": "designing",
    "show": "drawing the light",
    "safety": "checking for flashes",
    "video": "filming the stage",
    "verify": "checking the film",
    "page": "writing the page",
    "picture": "drawing the picture",
    "compose": "composing a song",
    "takes": "working on takes",
    "sources": "finding takes",
    "shards": "writing shards",
    "card": "drawing the card",
    "fetch": "fetching",
    "hash": "checking the shards",
    "review": "laying out the sheet",
    "data": "unpacking the clips",
    "train": "training",
    "evaluate": "lighting the clips",
    "metrics": "measuring",
    "search": "searching",
    "export": "exporting",
}


class Bars:
    """One bar at a time, on stderr, replaced as the stages pass."""

    def __init__(self) -> None:
        self._stage = ""
        self._bar: Any = None

    def __call__(self, stage: str, share: float) -> None:
        """Show that ``stage`` is ``share`` done."""
        if stage != self._stage:
            self.close()
            self._open(stage)
        if self._bar is not None:
            self._bar.n = min(share, 1.0)
            self._bar.refresh() if share >= 1.0 else self._bar.update(0)

    def _open(self, stage: str) -> None:
        from tqdm import tqdm

        self._stage = stage
        self._bar = tqdm(
            total=1.0,
            desc=f"{_LABELS.get(stage, stage):>20}",
            bar_format="{desc} {bar:30} {percentage:3.0f} % {elapsed}",
            leave=False,
            file=sys.stderr,
        )

    def close(self) -> None:
        """Remove the bar that is on the screen."""
        if self._bar is not None:
            self._bar.close()
        self._bar, self._stage = None, ""


def bars_if_terminal(quiet: bool) -> Progress:
    """Bars for a person who looks, silence for everything else."""
    return Bars() if sys.stderr.isatty() and not quiet else silent
