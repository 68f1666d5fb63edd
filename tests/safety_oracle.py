# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
"""A second, slow, obvious judge, written from the published formulas alone.

It shares no code with the product: what the limiter lets through is judged by this one (house rule 16). It is also
what ``benchmarks/adversarial.py`` judges with.
"""

import numpy as np

BUDGETS = {
    "broadcast": (6, 4, 240, 300),
    "strict": (3, None, 0, 0),
    "venue": (8, 4, 1800, 2100),
    "calm": (1, None, 0, 0),
}
"""Profile: transitions a second; extended rule: busy from, busy frames, of frames."""

FPS = 60


def linear(value):
    """WCAG: sRGB 0..255 to linear light."""
    v = value / 255
    return v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4


TABLE = np.array([linear(value) for value in range(256)])


def luminance_transitions(values, peak=200.0):
    """Frames at which the light has moved far enough from its last peak or valley (BT.1702 with WCAG's numbers)."""

    def counts(one, other):
        low, high = sorted((one * peak, other * peak))
        return high - low >= 20 if low < 160 else (high - low) / (high + low) >= 1 / 17

    found, rises, direction = [], [], 0
    low = high = values[0]
    for frame, value in enumerate(values):
        if direction <= 0 and value > low and counts(low, value):
            direction, high = 1, value
            found.append(frame)
            rises.append(frame)
        elif direction >= 0 and value < high and counts(high, value):
            direction, low = -1, value
            found.append(frame)
        if direction >= 0 and value > high:
            high = value
            if direction > 0:
                rises[-1] = frame
        if direction <= 0 and value < low:
            low = value
    return found, rises


def run_transitions(values):
    """Frames at which steps of one sign have added up to 0.1, the darker state below 0.8; a reversal starts anew."""
    found, total, counted = [], 0.0, False
    for frame in range(1, len(values)):
        step = values[frame] - values[frame - 1]
        if step == 0:
            continue
        if step * total < 0:
            total, counted = 0.0, False
        total += step
        if not counted and abs(total) >= 0.1 and min(values[frame], values[frame] - total) < 0.8:
            found.append(frame)
            counted = True
    return found


def red_transitions(colors, differs, towards):
    """Frames of opposing changes to or from a saturated red, by comparison with every state since the last one.

    Args:
        colors: linear colours, one a frame.
        differs: whether two states differ enough.
        towards: 1 if the second state is more red than the first, else −1.
    """
    states: dict[tuple[float, ...], bool] = {}
    found, direction = [], 0
    for frame, color in enumerate(colors):
        red = sum(color) > 0 and color[0] / sum(color) >= 0.8
        for state, state_red in reversed(
            states.items()
        ):  # the latest first: it gives the very first change its sense
            if (red or state_red) and differs(state, color) and towards(state, color) != direction:
                direction = towards(state, color)
                found.append(frame)
                states = {}
                break
        states.pop(color, None)
        states[color] = red
    return found


def redness(color):
    return max(0.0, color[0] - color[1] - color[2]) * 320


def uv(color):
    x, y, z = (
        0.4124 * color[0] + 0.3576 * color[1] + 0.1805 * color[2],
        0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2],
        0.0193 * color[0] + 0.1192 * color[1] + 0.9505 * color[2],
    )
    total = x + 15 * y + 3 * z
    return (4 * x / total, 9 * y / total) if total > 0 else (0.19784, 0.46834)


def red_by_redness(colors):
    return red_transitions(
        colors,
        lambda a, b: abs(redness(a) - redness(b)) > 20,
        lambda a, b: 1 if redness(b) > redness(a) else -1,
    )


def red_by_chromaticity(colors):
    def far(a, b):
        (u, v), (x, y) = uv(a), uv(b)
        return ((u - x) ** 2 + (v - y) ** 2) ** 0.5 > 0.2

    return red_transitions(colors, far, lambda a, b: 1 if sum(b) > 0 and b[0] / sum(b) >= 0.8 else -1)


def broken_rules(frames, profile):
    """Which rules a list of transition frames breaks."""
    most, busy_from, busy_frames, span = BUDGETS[profile]
    if not frames:
        return set()
    marks = np.zeros(max(frames) + 61, dtype=int)
    np.add.at(marks, frames, 1)
    in_second = np.convolve(marks, np.ones(FPS, dtype=int))[: len(marks)]
    broken = {"second"} if (in_second > most).any() else set()
    if busy_from is not None:
        busy = (in_second >= busy_from).astype(int)
        if (np.convolve(busy, np.ones(span, dtype=int)) >= busy_frames).any():
            broken.add("lasting")
    return broken


def violations(rgb8, profile="broadcast"):
    """All broken rules of all zones and of the stage: ``{(region, rule, "second" | "lasting")}``."""
    light = TABLE[rgb8]
    regions = [light[:, zone] for zone in range(light.shape[1])]
    if len(regions) > 1:
        regions.append(light.mean(axis=1))
    found = set()
    for region, colors in enumerate(regions):
        values = (colors @ np.array([0.2126, 0.7152, 0.0722])).tolist()
        states = [tuple(color) for color in colors.tolist()]
        crossings, peaks = luminance_transitions(values)
        by_rule = {
            "luminance": crossings,
            "runs": run_transitions(values),
            "redness": red_by_redness(states),
            "chromaticity": red_by_chromaticity(states),
        }
        for rule, frames in by_rule.items():
            found |= {(region, rule, broken) for broken in broken_rules(frames, profile)}
        most = BUDGETS[profile][0]
        if any(later - first < FPS for first, later in zip(peaks, peaks[(most + 1) // 2 :])):
            found.add((region, "peaks", "second"))
    return found


def square(half, one, other, frames=600):
    """``frames`` of one zone that swaps colours every ``half`` frames."""
    on = (np.arange(frames) // half) % 2 == 1
    return np.where(on[:, None], np.array(other), np.array(one)).astype(np.uint8)[:, None]


BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def staircase(frames=600):
    """3.75 Hz, a swing of 0.35 in steps with micro-reversals: no run is as large as 0.1."""
    up = [0.05, 0.13, 0.11, 0.19, 0.17, 0.25, 0.23, 0.40]
    up[-1] = 0.31
    levels = (up + up[::-1]) * (frames // 16 + 1)
    grey = [int(np.abs(TABLE - level).argmin()) for level in levels[:frames]]
    return np.repeat(np.array(grey, dtype=np.uint8)[:, None, None], 3, axis=2)


VECTORS = [
    # name, frames, rules that must break (broadcast), rules that must not
    ("3.00 Hz", square(10, BLACK, WHITE), {("luminance", "lasting")}, {("luminance", "second")}),
    ("3.33 Hz", square(9, BLACK, WHITE), {("luminance", "second")}, set()),
    ("2 Hz", square(15, BLACK, WHITE), {("luminance", "lasting")}, {("luminance", "second")}),
    ("1.5 Hz", square(20, BLACK, WHITE), set(), {("luminance", "second"), ("luminance", "lasting")}),
    ("grey 88", square(2, BLACK, (88,) * 3), set(), {("luminance", "second"), ("luminance", "lasting")}),
    ("grey 90", square(2, BLACK, (90,) * 3), {("luminance", "second")}, set()),
    ("red and black", square(8, BLACK, (255, 0, 0)), {("luminance", "second"), ("redness", "second")}, set()),
    (
        "red and blue",
        square(8, (0, 0, 255), (255, 0, 0)),
        {("luminance", "second"), ("redness", "second")},
        set(),
    ),
    ("dark red", square(8, BLACK, (80, 0, 0)), {("redness", "second")}, {("luminance", "second")}),
    ("orange", square(8, BLACK, (255, 128, 0)), {("luminance", "second"), ("redness", "second")}, set()),
    (
        "isoluminant",
        square(8, (0, 110, 0), (190, 0, 190)),
        set(),
        {(rule, kind) for rule in ("luminance", "redness", "chromaticity") for kind in ("second", "lasting")},
    ),
    ("staircase", staircase(), {("luminance", "second")}, set()),
]
