"""``.npz``: the show as numpy arrays, for anything that computes.

Holds ``rgb`` (uint8 ``[T, Z, 3]``, sRGB), ``fps`` and ``cues`` (the cue list's JSON as a string, empty for raw
colour); see ``docs/formats.md``. The same show gives the same bytes: the archive carries no date.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from beatomizer.cues.format import to_json
from beatomizer.outputs.files.options import FileOptions
from beatomizer.progress import Progress
from beatomizer.safety.safe_show import SafeShow
from beatomizer.timebase import FPS

_NO_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest date that a zip archive can state."""

_UNIX = 3
"""The system an archive says it was made on; fixed, so that every system writes the same bytes."""


def write(show: SafeShow, path: Path, options: FileOptions, progress: Progress) -> None:
    """Write the arrays, compressed, without pickle."""
    cues = "" if show.cues is None else to_json(show.cues)
    arrays = {"rgb": np.ascontiguousarray(show.rgb8), "fps": np.array(FPS), "cues": np.array(cues)}
    with zipfile.ZipFile(path, "w") as archive:
        for done, (name, array) in enumerate(arrays.items(), 1):
            _add(archive, name, array)
            progress("npz", done / len(arrays))


def _add(archive: zipfile.ZipFile, name: str, array: np.ndarray[Any, Any]) -> None:
    entry = zipfile.ZipInfo(f"{name}.npy", _NO_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = _UNIX
    with archive.open(entry, "w", force_zip64=True) as file:
        np.lib.format.write_array(file, array, allow_pickle=False)
