"""What was seen of a take: for each picture its time, the mean of its pixels, and a small copy of it.

Everything that turns a video into labels (``labels``, ``cuts``, ``offset``, ``quality``) reads this and never the
video, so a video is decoded once and labels can be drawn again in a moment.
"""

import io
import math
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from beatomizer.arrays import F32, F64, U8
from beatomizer.atomic import written_aside
from beatomizer.audio.gate import shown
from beatomizer.errors import UnreadableInputError

GRID_ROWS, GRID_COLUMNS = 18, 32
"""Cells of the small picture: 16:9, as most videos."""

_ARRAYS = ("pts_s", "mean_rgb", "grid", "size", "fps", "end_s", "warnings")
_COMPRESSION = 1
"""Of zlib: the small pictures shrink to a third at once, and hardly more with patience."""

_MOST_BYTES = 2 << 30
"""A file that claims more is not one of ours: three hours at 60 pictures a second are 1.2 GB."""


@dataclass(frozen=True)
class Observed:
    """The pictures of a take.

    Attributes:
        pts_s: float64 ``[K]``, rising: when each picture appears, in seconds from sample 0 of the take's sound
            (of ``load_audio``, cut at the take's beginning). A picture is seen until the next one appears. The first
            ones may be negative: a little more than the take is kept, so that labels can be moved against the sound.
        mean_rgb: float32 ``[K, 3]``, sRGB-encoded, 0..1: mean of the encoded values of all pixels (the paper's
            label).
        grid: uint8 ``[K, 18, 32, 3]``, sRGB-encoded small picture; each cell is averaged in linear light. The columns
            are the stage from the left.
        size: width and height of the pictures, as shown.
        fps: pictures a second as a fraction ("30000/1001"), or "variable".
        end_s: when the last picture ceases to be seen; by default one median step after it appears.
        warnings: what was mended, one line each.
    """

    pts_s: F64
    mean_rgb: F32
    grid: U8
    size: tuple[int, int]
    fps: str
    end_s: float = math.nan
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        count = len(self.pts_s)
        shapes = self.pts_s.shape, self.mean_rgb.shape, self.grid.shape
        if shapes != ((count,), (count, 3), (count, GRID_ROWS, GRID_COLUMNS, 3)):
            raise ValueError(f"observed arrays of shapes {shapes} do not belong together")
        if count and not (np.isfinite(self.pts_s).all() and (np.diff(self.pts_s) > 0).all()):
            raise ValueError("times of pictures must rise")
        if math.isnan(self.end_s):
            last = float(self.pts_s[-1]) + self.step_s if count else 0.0
            object.__setattr__(self, "end_s", last)

    @property
    def step_s(self) -> float:
        """Median time from one picture to the next; 1/30 s where there is only one."""
        return float(np.median(np.diff(self.pts_s))) if len(self.pts_s) > 1 else 1 / 30

    def save(self, path: Path) -> None:
        """Write a ``.npz``; the same observation gives the same bytes.

        Raises:
            UsageError, ResourceLimitError: as ``written_aside``.
        """
        arrays = {
            "pts_s": self.pts_s.astype("<f8"),
            "mean_rgb": self.mean_rgb.astype("<f4"),
            "grid": self.grid.astype(np.uint8),
            "size": np.array(self.size, dtype="<i8"),
            "fps": np.array(self.fps),
            "end_s": np.array(self.end_s, dtype="<f8"),
            "warnings": np.array("\n".join(self.warnings)),
        }
        with written_aside(path) as aside, zipfile.ZipFile(aside, "w") as archive:
            for name, array in arrays.items():
                member = io.BytesIO()
                np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)
                # A ZipInfo made from a name alone is dated 1980 on every machine.
                archive.writestr(
                    zipfile.ZipInfo(f"{name}.npy"), member.getbuffer(), zipfile.ZIP_DEFLATED, _COMPRESSION
                )

    @classmethod
    def load(cls, path: Path) -> "Observed":
        """Read what ``save`` wrote.

        Raises:
            UnreadableInputError: missing, damaged, or something else.
        """
        try:
            with zipfile.ZipFile(path) as archive:
                if sum(info.file_size for info in archive.infolist()) > _MOST_BYTES:
                    raise ValueError("too large")
            with np.load(path, allow_pickle=False) as data:
                read = {name: data[name] for name in _ARRAYS}
            return cls(
                pts_s=read["pts_s"].astype(np.float64),
                mean_rgb=read["mean_rgb"].astype(np.float32),
                grid=read["grid"].astype(np.uint8),
                size=(int(read["size"][0]), int(read["size"][1])),
                fps=str(read["fps"]),
                end_s=float(read["end_s"]),
                warnings=tuple(str(read["warnings"]).splitlines()),
            )
        except (OSError, ValueError, KeyError, IndexError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise UnreadableInputError(
                f"'{shown(path)}' holds no observed pictures", "observe the video again"
            ) from error
