"""What judging found."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from beatomizer.arrays import Bool, Int
from beatomizer.timebase import FPS, frame_time_s


class Failure(NamedTuple):
    """A rule that is broken at one frame of one region."""

    frame: int
    region: int
    rule: str


@dataclass(frozen=True)
class Verdict:
    """Checked with a profile's rules; no certificate and no medical promise.

    Attributes:
        profile: the rules' name.
        counts: transitions in the second that ends with each frame, ``[T, R]`` for each detector.
        broken: where each rule is broken, ``[T, R]``; the extended rule of a detector has a name of its own.
    """

    profile: str
    counts: dict[str, Int]
    broken: dict[str, Bool]

    @property
    def ok(self) -> bool:
        """Whether no rule is broken anywhere."""
        return not any(where.any() for where in self.broken.values())

    @property
    def failures(self) -> list[Failure]:
        """Every broken rule at every frame and region, in the order of time."""
        return sorted(
            Failure(frame, region, rule)
            for rule, where in self.broken.items()
            for frame, region in np.argwhere(where).tolist()
        )

    @property
    def failed_frames(self) -> Bool:
        """Frames at which any rule is broken in any region, ``[T]``."""
        frames = np.zeros(next(iter(self.counts.values())).shape[0], dtype=np.bool_)
        for where in self.broken.values():
            frames |= where.any(axis=1)
        return frames

    @property
    def peak_flashes_per_s(self) -> float:
        """The most flashes (pairs of transitions) that any detector counts in any second of any region."""
        return max((int(count.max(initial=0)) for count in self.counts.values()), default=0) / 2

    def passages(self) -> list[tuple[float, float, str]]:
        """Stretches with a broken rule: start and end in seconds, and the rules; gaps under a second are joined."""
        frames = np.flatnonzero(self.failed_frames)
        if frames.size == 0:
            return []
        breaks = np.flatnonzero(np.diff(frames) > FPS)
        starts, ends = frames[np.r_[0, breaks + 1]], frames[np.r_[breaks, frames.size - 1]]
        return [
            (frame_time_s(int(start)), frame_time_s(int(end) + 1), ", ".join(self._rules_in(start, end)))
            for start, end in zip(starts, ends)
        ]

    def _rules_in(self, start: int, end: int) -> list[str]:
        return [rule for rule, where in self.broken.items() if where[start : end + 1].any()]

    def line(self) -> str:
        """One line for a person."""
        peak = f"peak {self.peak_flashes_per_s:g} flashes/s"
        if self.ok:
            return f"passes: {peak} (checked with {self.profile} rules)"
        passages = self.passages()
        start, end, rules = passages[0]
        count = f"{len(passages)} passage{'' if len(passages) == 1 else 's'}"
        return (
            f"fails: {count}, first {start:.2f} to {end:.2f} s ({rules}); {peak} "
            f"(checked with {self.profile} rules)"
        )

    def summary(self) -> dict[str, object]:
        """Plain values, for ``--json``."""
        return {
            "ok": self.ok,
            "profile": self.profile,
            "peak_flashes_per_s": self.peak_flashes_per_s,
            "frames": int(self.failed_frames.size),
            "failed_frames": int(self.failed_frames.sum()),
            "passages": [
                {"start_s": round(start, 3), "end_s": round(end, 3), "rules": rules}
                for start, end, rules in self.passages()
            ],
        }
