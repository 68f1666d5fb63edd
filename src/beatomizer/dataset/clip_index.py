"""Where in a tar file each part of each clip lies: the light of one can be had without reading the sound of many."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from beatomizer.dataset.packed import PackedClip, tar_places
from beatomizer.errors import UnreadableInputError

_HINT = "build the data set again, or fetch it again"


@dataclass(frozen=True)
class ClipPlaces:
    """A clip's parts in a tar file.

    Attributes:
        key: of the clip.
        path: the file.
        parts: for each part's suffix its place and its size in bytes.
    """

    key: str
    path: Path
    parts: Mapping[str, tuple[int, int]]

    def read(self, *suffixes: str) -> PackedClip:
        """The clip with some of its parts.

        Raises:
            UnreadableInputError: the file is not as it was, or a part is missing.
        """
        found: dict[str, bytes] = {}
        try:
            with self.path.open("rb") as file:
                for suffix in suffixes:
                    place, size = self.parts[suffix]
                    file.seek(place)
                    found[suffix] = file.read(size)
        except (OSError, KeyError) as error:
            raise _damaged(self.path) from error
        if any(len(found[suffix]) != self.parts[suffix][1] for suffix in suffixes):
            raise _damaged(self.path)
        return PackedClip(self.key, found)


def clips_in(path: Path) -> Iterator[ClipPlaces]:
    """The clips of one tar file, in its order.

    Raises:
        UnreadableInputError: it cannot be read, is truncated, or holds anything else.
    """
    places: dict[str, dict[str, tuple[int, int]]] = {}
    try:
        with path.open("rb") as file:
            for key, suffix, place, size in tar_places(file):
                places.setdefault(key, {})[suffix] = (place, size)
    except (OSError, UnreadableInputError) as error:
        raise _damaged(path) from error
    yield from (ClipPlaces(key, path, parts) for key, parts in places.items())


def _damaged(path: Path) -> UnreadableInputError:
    return UnreadableInputError(f"'{path.name}' is missing or damaged", _HINT)
