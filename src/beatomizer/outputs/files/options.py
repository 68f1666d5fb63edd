"""What a person may choose about a file."""

from dataclasses import dataclass

from beatomizer.errors import UsageError

MIN_SIDE, MAX_SIDE = 64, 3840
"""Picture sides in pixels: below 64 the stage cannot be told apart, above 3840 is beyond 4K."""

FSEQ_STEPS_MS = (20, 25, 50)
"""Steps of the whole-millisecond grid: 50 Hz; 40 Hz, what nodes that feed DMX can show; 20 Hz, xLights' classic."""


@dataclass(frozen=True)
class FileOptions:
    """Choices for file outputs; each format reads those that concern it.

    Attributes:
        size: width and height in pixels of the video; both even, because its colour is stored at half resolution.
        fseq_step_ms: milliseconds between two frames of an ``.fseq`` file.
        fseq_zstd: compress the ``.fseq`` file with zstd; some players read only plain files.

    Raises:
        UsageError: a value is out of range.
    """

    size: tuple[int, int] = (1280, 720)
    fseq_step_ms: int = 25
    fseq_zstd: bool = False

    def __post_init__(self) -> None:
        """Check every value."""
        width, height = self.size
        for side in (width, height):
            if not MIN_SIDE <= side <= MAX_SIDE or side % 2:
                raise UsageError(
                    f"a picture of {width}x{height} cannot be written",
                    f"each side must be even and between {MIN_SIDE} and {MAX_SIDE}, like 1280x720",
                )
        if self.fseq_step_ms not in FSEQ_STEPS_MS:
            known = ", ".join(str(step) for step in FSEQ_STEPS_MS)
            raise UsageError(
                f"an .fseq step of {self.fseq_step_ms} ms is not supported", f"choose from {known}"
            )
