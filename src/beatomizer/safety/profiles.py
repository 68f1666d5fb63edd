"""The rules as numbers: what counts as a change, and how many changes a second may hold.

Sources: WCAG 2.1 and 2.2, "three flashes or below threshold" (general flash, both definitions of a red flash);
ITU-R BT.1702-3 (20 cd/m² below 160 cd/m², Michelson contrast 1/17 above); the extended rule of broadcast practice
as in EA IRIS (4 to 6 transitions a second for 4 of 5 seconds); UK HSE for venues (4 flashes a second, runs of at most
30 s).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from beatomizer.errors import UsageError
from beatomizer.timebase import FPS

PEAK_OF_SCREENS_CD_M2 = 200.0
"""The peak luminance at which BT.1702's 20 and 160 cd/m² are WCAG's 0.1 and 0.8: screens, hence files."""

PEAK_OF_ROOMS_CD_M2 = 1000.0
"""Lamps in a dark room are brighter than screens; the same rule then counts smaller relative changes."""


@dataclass(frozen=True)
class Thresholds:
    """From which size on a change counts as a transition.

    Attributes:
        luminance: difference of relative luminance, while the darker state is below ``dark``.
        dark: above this luminance of the darker state the same *ratio* as at ``dark`` counts (Michelson 1/17).
        red: change of ``320 * max(0, R - G - B)``, linear (WCAG 2.1), to be exceeded.
        red_share: ``R / (R + G + B)``, linear, from which a colour is a saturated red.
        chromaticity: distance in CIE 1976 u'v' (WCAG 2.2), to be exceeded.
    """

    luminance: float = 0.1
    dark: float = 0.8
    red: float = 20.0
    red_share: float = 0.8
    chromaticity: float = 0.2

    def rising_level(self, low: float) -> float:
        """The luminance at which a rise from ``low`` counts."""
        if low < self.dark:
            return low + self.luminance
        return low * ((self.dark + self.luminance) / self.dark)

    def falling_level(self, high: float) -> float:
        """The luminance at which a fall from ``high`` counts."""
        if high < self.dark + self.luminance:
            return high - self.luminance
        return high * (self.dark / (self.dark + self.luminance))


@dataclass(frozen=True)
class Extended:
    """Flashing that goes on: ``busy_from`` or more transitions a second in ``busy_frames`` of ``span_frames``."""

    busy_from: int = 4
    busy_frames: int = 4 * FPS
    span_frames: int = 5 * FPS


@dataclass(frozen=True)
class Profile:
    """How much flashing a person agreed to.

    Attributes:
        name: as in ``--safety``.
        transitions_per_s: the most opposing changes in any one second; two make a flash.
        extended: the rule about lasting flashing, ``None`` where ``transitions_per_s`` cannot reach it.
        exportable: whether files may be made with it. A file goes to people whom nobody warned.
        peak_cd_m2: luminance of full white where the light is seen.
        summary: one line for ``--help`` and the docs.
    """

    name: str
    transitions_per_s: int
    extended: Extended | None
    exportable: bool
    summary: str
    peak_cd_m2: float = PEAK_OF_SCREENS_CD_M2

    def for_rooms(self, peak_cd_m2: float = PEAK_OF_ROOMS_CD_M2) -> "Profile":
        """The same rules where white is ``peak_cd_m2``: lamps instead of screens."""
        return replace(self, peak_cd_m2=peak_cd_m2)


PROFILES: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            Profile(
                "broadcast",
                6,
                Extended(),
                True,
                "at most 3 flashes a second, and none that go on for 4 of 5 s",
            ),
            Profile("strict", 3, None, True, "at most 3 transitions (1.5 flashes) a second"),
            Profile(
                "venue",
                8,
                # UK HSE: runs of at most 30 s; a run is broken by five seconds with fewer than two flashes each.
                Extended(busy_from=4, busy_frames=30 * FPS, span_frames=35 * FPS),
                False,
                "at most 4 flashes a second in runs of at most 30 s; lights in a room only, never files",
            ),
            Profile("calm", 1, None, True, "no flash at all: never two opposing transitions within a second"),
        )
    }
)
"""All profiles by name. There is no "off"."""

DEFAULT_PROFILE = "broadcast"


def profile_named(profile: str | Profile) -> Profile:
    """The profile called ``profile``; a ``Profile`` is returned as it is.

    Raises:
        UsageError: nothing has that name; the message lists what does.
    """
    if isinstance(profile, Profile):
        return profile
    try:
        return PROFILES[profile]
    except KeyError:
        raise UsageError(
            f"no safety profile is called '{profile}'", f"choose from {', '.join(PROFILES)}"
        ) from None


def is_exportable(profile: str | Profile) -> bool:
    """Whether a show limited by ``profile`` may be saved to a file."""
    return profile_named(profile).exportable


@dataclass(frozen=True)
class Rules:
    """A profile in the form that counters work with.

    Attributes:
        members: thresholds that are all counted, each on its own.
        transitions: the most of them in ``window_frames``.
        window_frames: one second, or a little more for slack.
        extended: as in ``Profile``.
        reserve: an upward transition must leave room for its opposite: a flash that may start may end.
        from_peak: a rise leaves the window one second after it reached its *peak*, not after it was counted: then
            judges that date a flash by its peak agree with judges that date it by its crossing.
    """

    members: tuple[Thresholds, ...]
    transitions: int
    window_frames: int
    extended: Extended | None
    reserve: bool
    from_peak: bool


def judging_rules(profile: Profile) -> Rules:
    """The rules as published, to judge with."""
    return Rules(
        (_at_peak(Thresholds(), profile),), profile.transitions_per_s, FPS, profile.extended, False, False
    )


COMMITTEE = (
    Thresholds(luminance=0.08, red=12.0, red_share=0.76, chromaticity=0.17),
    Thresholds(),
    Thresholds(luminance=0.12, red=28.0, red_share=0.84, chromaticity=0.23),
)
"""The limiter's thresholds: the published ones and one on each side, because H.264 moves 8-bit luminance by up to
0.014 and saturation likewise. A lower threshold alone is not enough: a change is counted *later* at a higher one."""

SLACK_FRAMES = 6
"""Frames by which the limiter's second and its five seconds are longer: at 44 or 25 frames a second a change is
shown up to 2.4 frames later than it was made, so that two changes may come that much nearer."""


def limiting_rules(profile: Profile) -> Rules:
    """The rules with margins, to limit with: what passes them passes ``judging_rules`` with room to spare."""
    extended = profile.extended
    if extended is not None:
        extended = replace(
            extended,
            busy_frames=extended.busy_frames - SLACK_FRAMES,
            span_frames=extended.span_frames + SLACK_FRAMES,
        )
    return Rules(
        tuple(_at_peak(member, profile) for member in COMMITTEE),
        profile.transitions_per_s,
        FPS + SLACK_FRAMES,
        extended,
        reserve=profile.transitions_per_s > 1,
        from_peak=True,
    )


def _at_peak(thresholds: Thresholds, profile: Profile) -> Thresholds:
    scale = PEAK_OF_SCREENS_CD_M2 / profile.peak_cd_m2
    return replace(thresholds, luminance=thresholds.luminance * scale, dark=thresholds.dark * scale)
