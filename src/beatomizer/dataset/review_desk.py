"""The review desk: what a page must know to show a set, piece by piece, and what becomes of a person's word.

Everything is asked for by the id of a take or the key of a clip that is in the set; no question names a file. Each
verdict is in ``verdicts.csv`` before it is answered, and only replaces the one that the asker had seen.
"""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from beatomizer.dataset.clip import CLIP_FRAMES
from beatomizer.dataset.clip_films import ClipFilms
from beatomizer.dataset.clip_index import ClipPlaces, clips_in
from beatomizer.dataset.clips import CLIP_S
from beatomizer.dataset.observed import Observed
from beatomizer.dataset.packed import PackedClip
from beatomizer.dataset.quality import FLAGS
from beatomizer.dataset.review_curves import light_bytes, loudness_bytes, picture_bytes
from beatomizer.dataset.review_material import Material
from beatomizer.dataset.shards import FACTS_FILE
from beatomizer.dataset.take_facts import TakeFacts
from beatomizer.dataset.take_words import flags_of, number_of, take_said
from beatomizer.dataset.trims import LEAST_S
from beatomizer.dataset.verdict_json import judgement_json
from beatomizer.dataset.verdicts import (
    MOST_NOTE,
    VERDICTS_FILE,
    Judgement,
    Verdict,
    is_id,
    read_judgements,
    rewrite,
    take_of,
)
from beatomizer.dataset.whereabouts import MediaGate, OpenMedia, read_whereabouts
from beatomizer.errors import UnreadableInputError, UsageError, one_line
from beatomizer.timebase import FPS


class UnknownError(UsageError):
    """There is no such take or clip in the set."""


class ChangedError(UsageError):
    """Somebody else has judged it since; ``now`` is what they said."""

    def __init__(self, name: str, now: Judgement | None) -> None:
        super().__init__(f"somebody else has judged '{name}' meanwhile", "look again, then decide")
        self.now = now


class ReviewDesk:
    """A set on the desk. Its methods read files and may be called from several threads; close it.

    Args:
        shards: the set's folder.

    Raises:
        UnreadableInputError: it is not a set, or ``takes.csv`` or ``verdicts.csv`` is damaged.
    """

    def __init__(self, shards: Path) -> None:
        self.shards = shards.resolve()
        self._open()
        read_judgements(self.shards)
        self._films = ClipFilms()

    def _open(self) -> None:
        """Read what there is, as it was built last."""
        self._built = self._stamp()
        self._material = Material(self.shards)
        self._rows = {row["id"]: row for row in self._material.rows}
        self._gate = MediaGate(read_whereabouts(self.shards / "work"))
        self._index = lru_cache(maxsize=4096)(self._read_index)
        self._observed = lru_cache(maxsize=2)(self._read_observed)

    def _stamp(self) -> list[tuple[int, int]]:
        paths = [self.shards / name for name in (FACTS_FILE, "takes.csv") if (self.shards / name).exists()]
        return [(path.stat().st_ino, path.stat().st_mtime_ns) for path in paths]

    def close(self) -> None:
        """Remove what was made for looking."""
        self._films.close()

    # What is there

    def summary(self) -> dict[str, Any]:
        """All takes and clips in words and numbers, and what was said about them: plain JSON.

        Raises:
            UnreadableInputError: as the desk itself, if the set was built again since.
        """
        if self._stamp() != self._built:
            self._open()
        facts = self._material.facts
        return {
            "name": one_line(self.shards.name),
            "hash": str(facts.get("hash", ""))[:16],
            "labels": str(facts.get("labels", "mean")),
            "zones": facts.get("zones", 1),
            "fps": FPS,
            "clip_frames": CLIP_FRAMES,
            "flags": FLAGS,
            "most_note": MOST_NOTE,
            "least_trim_s": LEAST_S,
            "takes": [self._take(row) for row in self._material.rows],
            "refusals": [
                {"name": row.get("name", ""), "reason": row.get("reason", "")}
                for row in self._material.refusals
            ],
            **self.verdicts(),
        }

    def _take(self, row: Mapping[str, str]) -> dict[str, Any]:
        take = row["id"]
        places, problems = self._index(take), self._problems(take)
        where = self._gate.known.get(take)
        kind = "" if where is None or not where.media.is_file() else "video" if where.pictures else "sound"
        width, _, height = row.get("size", "").partition("x")
        shape = (
            int(width) / int(height) if width.isdecimal() and height.isdecimal() and int(height) else 16 / 9
        )
        return {
            "id": take,
            "title": row.get("title") or row.get("name") or take,
            "duration_s": number_of(row, "duration_s") or len(places) * CLIP_S,
            "flags": flags_of(row),
            "reason": row.get("reason", ""),
            "split": row.get("split", ""),
            "told": take_said(row),
            "shape": min(3.0, max(0.4, shape)),
            "media": kind,
            "start_s": where.start_s if where else 0.0,
            "pictures": self._material.work(take).observed.is_file(),
            "clips": [
                {"key": key, "problem": problems.get(key, ""), "used": key in self._material.used()}
                for key in places
            ],
        }

    def _problems(self, take: str) -> dict[str, str]:
        facts = TakeFacts.load(self._material.work(take).facts)
        return {clip.key: clip.problem for clip in facts.clips} if facts is not None else {}

    # What is seen and heard

    def light(self, take: str) -> bytes:
        """The label of each clip of a take (``review_curves.light_bytes``)."""
        return light_bytes([place.read("rgb.npy", "flags.npy") for place in self._clips(take)])

    def loudness(self, take: str) -> bytes:
        """How loud each clip of a take is (``review_curves.loudness_bytes``)."""
        return loudness_bytes([place.read("flac") for place in self._clips(take)])

    def sound(self, key: str) -> bytes:
        """A clip's FLAC."""
        return self._clip("flac", key).parts["flac"]

    def pictures(self, key: str) -> bytes:
        """The small pictures of a clip's fifteen seconds (``review_curves.picture_bytes``).

        Raises:
            UnreadableInputError: there are none.
        """
        self._place(key)
        return picture_bytes(self._observed(take_of(key)), _number(key) * CLIP_S)

    def media(self, take: str) -> OpenMedia:
        """The file that the take was made from; close it. Raises as ``MediaGate.open``."""
        self._row(take)
        return self._gate.open(take)

    def film(self, key: str) -> Path:
        """A clip as a film that browsers play; made when it is first asked for.

        Raises:
            UnreadableInputError: the take's file is not there, or its pictures cannot be decoded.
        """
        take, place = take_of(key), self._place(key)
        self._gate.open(take).file.close()  # it is the file that the take was made from
        where = self._gate.known[take]
        if not where.pictures:
            raise UnreadableInputError("that take was not filmed")
        begin_s = where.start_s + _number(key) * CLIP_S
        return self._films.film(key, where.media, begin_s, place.read("flac").parts["flac"])

    def _row(self, take: str) -> Mapping[str, str]:
        try:
            return self._rows[take]
        except KeyError:
            raise UnknownError(f"no take is called '{one_line(take, 40)}'", "is it of another set?") from None

    def _clips(self, take: str) -> list[ClipPlaces]:
        self._row(take)
        return list(self._index(take).values())

    def _place(self, key: str) -> ClipPlaces:
        place = self._index(take_of(key)).get(key) if is_id(key) and take_of(key) in self._rows else None
        if place is None:
            raise UnknownError(f"no clip is called '{one_line(key, 40)}'", "is it of another set?")
        return place

    def _clip(self, part: str, key: str) -> PackedClip:
        return self._place(key).read(part)

    def _read_index(self, take: str) -> dict[str, ClipPlaces]:
        """All clips of a take: of the work folder if it is there, else those in the set."""
        try:
            found = list(clips_in(self._material.work(take).clips))
        except UnreadableInputError:
            found = [place for key, place in self._material.used().items() if take_of(key) == take]
        return {place.key: place for place in sorted(found, key=lambda one: one.key)}

    def _read_observed(self, take: str) -> Observed:
        return Observed.load(self._material.work(take).observed)

    # What is said

    def verdicts(self) -> dict[str, Any]:
        """What was said about takes and clips of this set, and a word that changes whenever that does: plain JSON."""
        before = self._revision()
        judged = read_judgements(self.shards)
        return {
            "rev": before,
            "judged": {
                name: judgement_json(one) for name, one in judged.items() if take_of(name) in self._rows
            },
        }

    def _revision(self) -> str:
        try:
            found = (self.shards / VERDICTS_FILE).stat()
        except OSError:
            return "0"
        return f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}"

    def judge(self, name: str, said: Judgement, before: Judgement | None) -> dict[str, Any]:
        """Record one verdict as it is said: no earlier note or trim remains. Answers as ``verdicts``, of this id.

        Args:
            name: the id of a take or the key of a clip of this set.
            said: the verdict; ``undecided`` takes it back.
            before: what the asker believes was said last; ``None``: nothing.

        Raises:
            UnknownError: it is not in this set.
            ChangedError: somebody else has said something since.
            UsageError: the trim does not lie inside.
            ResourceLimitError: the disk is full.
        """
        length_s = self._length_s(name)
        if said.trim is not None and said.trim.end_s > length_s + 1 / FPS:
            raise UsageError(f"a part must end within {length_s:.3f} s", "move its end")

        def said_now(judged: dict[str, Judgement]) -> None:
            if judged.get(name) != before:
                raise ChangedError(name, judged.get(name))
            judged.pop(name, None)
            if said.verdict != Verdict.UNDECIDED:
                judged[name] = said

        now = rewrite(self.shards, said_now).get(name)
        return {"rev": self._revision(), "id": name, "judged": judgement_json(now) if now else None}

    def _length_s(self, name: str) -> float:
        if name in self._rows:
            return number_of(self._rows[name], "duration_s") or len(self._index(name)) * CLIP_S
        if (
            is_id(name)
            and take_of(name) in self._rows
            and name in {*self._index(take_of(name)), *self._problems(take_of(name))}
        ):
            return CLIP_S
        raise UnknownError(f"nothing is called '{one_line(name, 40)}'", "is it of another set?")


def _number(key: str) -> int:
    return int(key.rpartition("-")[2])
