"""The last stage before light leaves: every frame that comes out keeps every rule, whatever goes in.

Why that is true, by induction over frames. Call a state *steady* if holding the last emitted colour forever breaks
no rule of any detector. The dark start is steady. A colour is emitted only if each detector either counts nothing
for it, in which case a hold afterwards is a hold that was steady before, or counts a transition that
``budget.refuses`` allows, which looks at the hold that may follow. So the next state is steady too. And there is
always a colour to emit: the previous one makes no transition at all.

Causal, no look-ahead, no latency; judged on the exact 8-bit values that leave. The state is never reset: songs may
change, a player may seek, pause or stop, and the light goes on from where it was.
"""

import numpy as np

from beatomizer.arrays import U8
from beatomizer.color import LINEAR_OF_RGB8
from beatomizer.progress import Progress, silent
from beatomizer.safety.candidates import Rgb8, at_luminance, candidates, light_of_rgb8, to_rgb8, with_less_red
from beatomizer.safety.counters import Counters
from beatomizer.safety.profiles import DEFAULT_PROFILE, Profile, limiting_rules, profile_named
from beatomizer.safety.signals import BLACK, LINEAR, Light, light_of, signals_of, with_stage

_SHORTEST_BLOCK, _LONGEST_BLOCK = 256, 2048
_CALM_FRAMES = 8
"""Frames in a row that need no change before whole blocks are tried again."""

_JOINT_STEPS = (0.5, 0.25, 0.125, 0.0625)


class Limiter:
    """Keeps each zone and the whole stage (the zones' mean) within a profile.

    Args:
        zones: Z.
        profile: the rules; one made ``for_rooms`` counts smaller changes.

    Raises:
        UsageError: no profile has that name.
    """

    def __init__(self, zones: int, profile: str | Profile = DEFAULT_PROFILE) -> None:
        self.zones = zones
        self.profile = profile_named(profile)
        self.frame = 0
        self._rules = limiting_rules(self.profile)
        self._last: list[Rgb8] = [(0, 0, 0)] * zones
        self._zones = [Counters(self._rules, BLACK) for _ in range(zones)]
        self._stage = Counters(self._rules, BLACK) if zones > 1 else None

    def copy(self) -> "Limiter":
        """An independent copy."""
        twin = Limiter.__new__(Limiter)
        twin.zones, twin.profile, twin.frame, twin._rules = self.zones, self.profile, self.frame, self._rules
        twin._last = self._last[:]
        twin._zones = [counters.copy() for counters in self._zones]
        twin._stage = self._stage.copy() if self._stage else None
        return twin

    def step(self, wanted: U8) -> U8:
        """What may be shown instead of ``wanted``, uint8 ``[Z, 3]``; the same, if that is safe."""
        if wanted.shape != (self.zones, 3) or wanted.dtype != np.uint8:
            raise ValueError(f"expected uint8 [{self.zones}, 3], not {wanted.dtype} {list(wanted.shape)}")
        wishes: list[Rgb8] = [(red, green, blue) for red, green, blue in wanted.tolist()]
        return np.array(self._step(wishes), dtype=np.uint8)

    def run(self, wanted: U8, progress: Progress = silent) -> U8:
        """``step`` for many frames, uint8 ``[T, Z, 3]``: the same light, sooner.

        Whole blocks are judged first; only where one would be refused does the frame by frame form work.
        """
        shown = wanted.copy()
        total, done, block = len(wanted), 0, _LONGEST_BLOCK
        while done < total:
            progress("safety", done / total)
            end = min(total, done + block)
            accepted = self._accept(wanted[done:end])
            done += accepted
            block = min(_LONGEST_BLOCK, 2 * block)
            if done < end:
                calm = 0
                while done < total and calm < _CALM_FRAMES:
                    shown[done] = self.step(wanted[done])
                    calm = calm + 1 if np.array_equal(shown[done], wanted[done]) else 0
                    done += 1
                block = _SHORTEST_BLOCK
        progress("safety", 1.0)
        return shown

    def accepts(self, wanted: U8) -> bool:
        """Show ``wanted`` as long as it needs no change; whether that was to its end."""
        for start in range(0, len(wanted), _LONGEST_BLOCK):
            block = wanted[start : start + _LONGEST_BLOCK]
            if self._accept(block) < len(block):
                return False
        return True

    def _accept(self, wanted: U8) -> int:
        """Show as many of the wanted frames as are allowed without a change; returns how many."""
        if len(wanted) == 0:
            return 0
        signals = signals_of(with_stage(LINEAR_OF_RGB8[wanted]))
        regions = self._regions()
        trial = [counters.copy() for counters in regions]
        refusals = [counters.advance(signals, region, self.frame) for region, counters in enumerate(trial)]
        refused = min((frame for frame in refusals if frame is not None), default=None)
        accepted = len(wanted) if refused is None else refused - self.frame
        if refused is not None:
            trial = regions
            for region, counters in enumerate(trial):
                counters.advance(signals.block(0, accepted), region, self.frame, known_allowed=True)
        self._zones = trial[: self.zones]
        self._stage = trial[-1] if self.zones > 1 else None
        self.frame += accepted
        if accepted:
            self._last = [(red, green, blue) for red, green, blue in wanted[accepted - 1].tolist()]
        for counters in trial:
            counters.forget(self.frame)
        return accepted

    def _regions(self) -> list[Counters]:
        return [*self._zones, self._stage] if self._stage else self._zones

    def _step(self, wishes: list[Rgb8]) -> list[Rgb8]:
        frame = self.frame
        colors, lights = list[Rgb8](), list[Light]()
        for zone, wish in enumerate(wishes):
            color, light = self._allowed(zone, wish)
            colors.append(color)
            lights.append(light)
        if self._stage is not None:
            stage = _mean(lights)
            if self._stage.refuses(stage, frame):
                colors, lights, stage = self._together(colors, stage)
            self._stage.commit(stage, frame)
        for counters, light in zip(self._zones, lights):
            counters.commit(light, frame)
        self._last = colors
        self.frame += 1
        return colors

    def _allowed(self, zone: int, wish: Rgb8) -> tuple[Rgb8, Light]:
        """The best colour that this zone's own detectors allow."""
        counters, frame = self._zones[zone], self.frame
        last = self._last[zone]
        if wish == last:
            return last, counters.last
        light = light_of_rgb8(wish)
        if not counters.refuses(light, frame):
            return wish, light
        for color in candidates(wish, last, counters.quiet_band(frame)):
            light = light_of_rgb8(color)
            if not counters.refuses(light, frame):
                return color, light
        return last, counters.last

    def _together(self, colors: list[Rgb8], stage: Light) -> tuple[list[Rgb8], list[Light], Light]:
        """The best change of all zones that the whole stage allows, each zone's own detectors included."""
        assert self._stage is not None
        counters, frame = self._stage, self.frame
        options: list[list[Rgb8]] = []
        if counters.refuses_red(stage, frame):
            colors = [to_rgb8(with_less_red(_linear(color))) for color in colors]
            options.append(colors)
        share = _share_inside(counters.quiet_band(frame), counters.last.luminance, stage.luminance)
        if share > 0.0:
            options.append(self._dimmed(colors, share))
            options.append(self._toward(colors, share))
        options += [self._toward(colors, step * (share or 1.0)) for step in _JOINT_STEPS]
        for option in options:
            chosen, lights = self._each_allowed(option)
            mean = _mean(lights)
            if not counters.refuses(mean, frame):
                return chosen, lights, mean
        return self._last, [zone.last for zone in self._zones], counters.last

    def _each_allowed(self, colors: list[Rgb8]) -> tuple[list[Rgb8], list[Light]]:
        """``colors``, and the last colour where a zone's own detectors refuse the new one."""
        chosen, lights = list[Rgb8](), list[Light]()
        for counters, color, last in zip(self._zones, colors, self._last):
            light = light_of_rgb8(color)
            if counters.refuses(light, self.frame):
                color, light = last, counters.last
            chosen.append(color)
            lights.append(light)
        return chosen, lights

    def _toward(self, colors: list[Rgb8], share: float) -> list[Rgb8]:
        """Part of the way from what is shown to ``colors``, in linear light: the mean moves by the same share."""
        moved = []
        for color, last in zip(colors, self._last):
            new, old = _linear(color), _linear(last)
            red, green, blue = (b + (a - b) * share for a, b in zip(new, old))
            moved.append(to_rgb8((red, green, blue)))
        return moved

    def _dimmed(self, colors: list[Rgb8], share: float) -> list[Rgb8]:
        """The new hues, with luminance only part of the way from what is shown."""
        dimmed = []
        for color, last in zip(colors, self._last):
            new, old = light_of_rgb8(color), light_of_rgb8(last)
            luminance = old.luminance + (new.luminance - old.luminance) * share
            dimmed.append(to_rgb8(at_luminance(new.linear, luminance, old.linear)))
        return dimmed


def _linear(color: Rgb8) -> tuple[float, float, float]:
    return LINEAR[color[0]], LINEAR[color[1]], LINEAR[color[2]]


def _mean(lights: list[Light]) -> Light:
    """The stage: the mean of the zones' linear light, equal areas, added in the order of ``signals.with_stage``."""
    red, green, blue = lights[0].linear
    for light in lights[1:]:
        more_red, more_green, more_blue = light.linear
        red, green, blue = red + more_red, green + more_green, blue + more_blue
    share = 1.0 / len(lights)
    return light_of(red * share, green * share, blue * share)


def _share_inside(band: tuple[float, float], now: float, wanted: float) -> float:
    """How far from ``now`` towards ``wanted`` one may go inside ``band``, a little short of its edge; 0..1."""
    low, high = band
    if low < wanted < high:
        return 1.0
    room = (now - low if wanted <= low else high - now) - 0.001
    return max(0.0, min(1.0, room / abs(wanted - now))) if room > 0.0 else 0.0
