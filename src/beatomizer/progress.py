"""How long work tells the outside how far it is, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Called with the name of the running stage and the share of it that is done, 0..1.

    A stage's first call may come at any share and its last one is 1.0; calls are cheap and may be many.
    """

    def __call__(self, stage: str, share: float) -> None:
        """Report that ``stage`` is ``share`` done."""


def silent(stage: str, share: float) -> None:
    """Listen to nothing: the default everywhere."""
