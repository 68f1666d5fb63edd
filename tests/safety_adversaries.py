# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
"""Adversaries: what a song, a model or a hostile person could ask the limiter for. Shared with ``benchmarks``."""

import numpy as np


def random_colors(rng, zones, frames):
    return rng.integers(0, 256, (frames, zones, 3))


def strobe(rng, zones, frames):
    """Two colours at any rate and any share of on-time, zones in step or out of it."""
    colors = rng.choice(
        np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255], [0, 255, 0], [255, 128, 0]]), 2
    )
    half, other = rng.integers(1, 32, 2)
    t = np.arange(frames)[:, None] + rng.integers(0, 2) * rng.integers(0, half + other, zones)
    return np.where((t % (half + other) < half)[..., None], colors[0], colors[1])


def staircases(rng, zones, frames):
    """Steps up and down with micro-reversals."""
    period = int(rng.integers(4, 60))
    phase = (np.arange(frames)[:, None] + rng.integers(0, period, zones)) % period
    saw = np.where(phase < period // 2, phase, period - phase) / max(1, period // 2)
    wobble = 0.04 * (np.arange(frames)[:, None] % 2)
    level = np.clip(saw * rng.uniform(0.2, 1.0) - wobble * rng.integers(0, 2), 0, 1)
    return np.repeat((255 * level ** (1 / 2.2))[..., None], 3, axis=2)


def climbs(rng, zones, frames):
    """Many rises with tiny dips between, then a fall: one change for peaks, many for runs."""
    steps = int(rng.integers(3, 10))
    length = steps * int(rng.integers(2, 8))
    phase = np.arange(frames) % (length + int(rng.integers(1, 30)))
    level = np.where(phase < length, phase / length + 0.02 * (phase % 2), 0.0)
    return np.repeat(
        np.repeat((255 * np.clip(level, 0, 1) ** (1 / 2.2))[:, None, None], zones, axis=1), 3, axis=2
    )


def reds(rng, zones, frames):
    """Saturated and half saturated reds, bright and almost black, against everything else."""
    palette = np.array(
        [[0, 0, 0], [255, 0, 0], [80, 0, 0], [40, 0, 0], [3, 0, 0], [255, 100, 0], [255, 0, 120], [0, 0, 255],
         [0, 0, 40], [60, 60, 60], [255, 128, 0], [255, 140, 0], [200, 90, 90]]
    )  # fmt: skip
    hold = int(rng.integers(1, 25))
    picks = rng.integers(0, len(palette), (frames // hold + 1, zones))
    return palette[np.repeat(picks, hold, axis=0)[:frames]]


def near_thresholds(rng, zones, frames):
    """Greys around the luminances at which something starts to count."""
    greys = np.array([0, 1, 79, 80, 88, 89, 90, 91, 97, 98, 231, 232, 240, 243, 244, 255])
    hold = int(rng.integers(1, 12))
    picks = rng.integers(0, len(greys), (frames // hold + 1, zones))
    return np.repeat(greys[np.repeat(picks, hold, axis=0)[:frames]][..., None], 3, axis=2)


def interleaved(rng, zones, frames):
    """Each zone within its budget, all of them together not."""
    period = int(rng.integers(30, 90))
    t = np.arange(frames)[:, None] + np.arange(zones) * int(rng.integers(1, period))
    on = t % period < rng.integers(1, period)
    return np.where(on[..., None], rng.integers(128, 256, 3), 0)


def pulses(rng, zones, frames):
    """Beats with slow or quick decays over any floor."""
    period, decay, floor = rng.uniform(8, 60), rng.uniform(1, 40), rng.uniform(0, 0.6)
    phase = (np.arange(frames)[:, None] + rng.integers(0, 2) * rng.uniform(0, period, zones)) % period
    light = floor + (1 - floor) * np.exp(-phase / decay)
    color = np.eye(3)[rng.integers(0, 3)] if rng.integers(0, 2) else rng.uniform(0, 1, 3)
    return 255 * (light[..., None] * color) ** (1 / 2.2)


PATTERNS = (random_colors, strobe, staircases, climbs, reds, near_thresholds, interleaved, pulses)


def pattern(rng, zones, frames):
    """One of the adversaries, or two that alternate."""
    first = PATTERNS[rng.integers(len(PATTERNS))](rng, zones, frames)
    if rng.integers(3) == 0:
        second = PATTERNS[rng.integers(len(PATTERNS))](rng, zones, frames)
        swap = (np.arange(frames) // int(rng.integers(1, 200))) % 2 == 1
        first = np.where(swap[:, None, None], second, first)
    return np.clip(first, 0, 255).astype(np.uint8)


class Greedy:
    """Knows what is shown and asks for what would hurt most: the colour farthest from it, as often as it is let."""

    EXTREMES = np.array(
        [
            [0, 0, 0],
            [255, 255, 255],
            [255, 0, 0],
            [0, 0, 255],
            [0, 255, 255],
            [90, 90, 90],
            [60, 0, 0],
            [255, 0, 160],
        ],
        dtype=np.uint8,
    )

    def __init__(self, rng, zones):
        self.rng, self.zones = rng, zones
        self.wait = np.zeros(zones, dtype=int)
        self.goal = np.zeros((zones, 3), dtype=np.uint8)
        self.patience = int(rng.integers(1, 12))
        self.together = bool(rng.integers(2))

    def wanted(self, shown):
        """The next wish, given what is shown ``[Z, 3]``."""
        reached = np.abs(shown.astype(int) - self.goal).max(axis=1) < 8
        self.wait = np.where(reached, 0, self.wait + 1)
        for zone in range(self.zones):
            if reached[zone] or self.wait[zone] > 10 * self.patience:
                distance = np.abs(self.EXTREMES.astype(int) - shown[zone]).sum(axis=1) + self.rng.uniform(
                    0, 300, 8
                )
                self.goal[zone] = self.EXTREMES[distance.argmax()]
                self.wait[zone] = 0
        if self.together:
            self.goal[:] = self.goal[0]
        if self.rng.integers(self.patience) == 0:
            return self.goal.copy()
        return shown.copy()
