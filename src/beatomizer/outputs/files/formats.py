"""The table of file formats, by suffix.

An entry leads to ``write(show, path, options, progress)``, which writes the whole file to the path that it is
given; ``save`` sees to it that the path is a temporary one, renamed only when the file is complete.
"""

from pathlib import Path
from typing import Protocol

from beatomizer.errors import UsageError
from beatomizer.outputs.files.options import FileOptions
from beatomizer.progress import Progress
from beatomizer.registry import Registry
from beatomizer.safety.safe_show import SafeShow

FORMATS = Registry(
    "file format",
    "beatomizer.formats",
    {
        ".mp4": "beatomizer.outputs.files.mp4:write",
        ".png": "beatomizer.outputs.files.png:write",
        ".html": "beatomizer.outputs.files.html:write",
        ".csv": "beatomizer.outputs.files.csv_rows:write",
        ".npz": "beatomizer.outputs.files.npz_arrays:write",
        ".json": "beatomizer.outputs.files.cue_json:write",
        ".fseq": "beatomizer.outputs.files.fseq:write",
    },
)


class Writer(Protocol):
    """What an entry of the table is."""

    def __call__(self, show: SafeShow, path: Path, options: FileOptions, progress: Progress) -> None:
        """Write ``show`` to ``path`` in one format."""


def format_of(path: Path) -> str:
    """The entry of ``FORMATS`` that a file name asks for, in lower case.

    Raises:
        UsageError: the suffix is missing or unknown; the message lists the known ones.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        kind = (
            f"'{suffix}' is not a file format that can be written"
            if suffix
            else f"'{path.name}' has no suffix"
        )
        raise UsageError(kind, f"choose from {', '.join(FORMATS.names())}")
    return suffix


def writer_of(path: Path) -> Writer:
    """The function that writes the format which ``path`` asks for by its suffix."""
    writer: Writer = FORMATS.load(format_of(path))
    return writer
