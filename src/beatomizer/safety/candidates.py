"""What to show instead of a colour that is refused: as much of it as possible, in the order of preference."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import pairwise

from beatomizer.safety.profiles import COMMITTEE
from beatomizer.safety.signals import LINEAR, Light, light_of

Rgb8 = tuple[int, int, int]
Linear = tuple[float, float, float]

_MARGIN = 0.0015
"""Luminance kept free at a limit, for the rounding to 8 bits."""

_SAFE_RED_SHARE = min(member.red_share for member in COMMITTEE) - 0.03
"""A share of red that no member of the committee calls saturated, even after rounding."""

_STEPS = (0.5, 0.25, 0.125, 0.0625)
"""How far to go from the last colour towards the wanted one when nothing better is allowed."""

_MIDDLES = [(low + high) / 2 for low, high in pairwise(LINEAR)]


def to_rgb8(linear: Linear) -> Rgb8:
    """The 8-bit colour nearest to a linear one."""
    red, green, blue = linear
    return bisect_left(_MIDDLES, red), bisect_left(_MIDDLES, green), bisect_left(_MIDDLES, blue)


def light_of_rgb8(rgb8: Rgb8) -> Light:
    """The signals of an 8-bit colour."""
    red, green, blue = rgb8
    return light_of(LINEAR[red], LINEAR[green], LINEAR[blue])


def with_less_red(linear: Linear) -> Linear:
    """A saturated red turned towards magenta or amber until it is none, at the same luminance; else unchanged."""
    red, green, blue = linear
    total = red + green + blue
    if red < _SAFE_RED_SHARE * total or total <= 0.0:
        return linear
    missing = red / _SAFE_RED_SHARE - total
    turned = (red, green + missing, blue) if green > blue else (red, green, blue + missing)
    return at_luminance(turned, 0.2126 * red + 0.7152 * green + 0.0722 * blue, linear)


def at_luminance(linear: Linear, luminance: float, instead: Linear) -> Linear:
    """The same hue at another luminance; white is mixed in where the hue cannot be that bright.

    Args:
        linear: the colour.
        luminance: what it should have.
        instead: gives the hue if the colour is black.
    """
    source = linear if max(linear) > 1e-4 else instead
    red, green, blue = source
    now = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    if now <= 1e-5:
        return (luminance, luminance, luminance)
    scale = min(luminance / now, 1.0 / max(source))
    scaled = (red * scale, green * scale, blue * scale)
    reached = now * scale
    if luminance - reached < 1e-6 or reached >= 1.0:
        return scaled
    return _mix(scaled, (1.0, 1.0, 1.0), (luminance - reached) / (1.0 - reached))


def candidates(wanted: Rgb8, last: Rgb8, band: tuple[float, float]) -> Iterator[Rgb8]:
    """Colours to try instead of ``wanted``, the best first; the last one is ``last``, which is always allowed.

    Args:
        wanted: the refused colour.
        last: what is shown now.
        band: luminances between which nothing would be counted, both ends excluded.
    """
    want = (LINEAR[wanted[0]], LINEAR[wanted[1]], LINEAR[wanted[2]])
    now = (LINEAR[last[0]], LINEAR[last[1]], LINEAR[last[2]])
    calm = with_less_red(want)
    if calm is not want:
        yield to_rgb8(calm)
    yield to_rgb8(_inside(want, now, band))
    if calm is not want:
        yield to_rgb8(_inside(calm, now, band))
    for step in _STEPS:
        yield to_rgb8(_inside(_mix(now, want, step), now, band))
    yield last


def _inside(linear: Linear, now: Linear, band: tuple[float, float]) -> Linear:
    low, high = band
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    margin = min(_MARGIN, (high - low) / 4.0)
    if luminance < low + margin and low > 0.0:
        return at_luminance(linear, low + margin, now)
    if luminance > high - margin:
        return at_luminance(linear, high - margin, now)
    return linear


def _mix(one: Linear, other: Linear, share: float) -> Linear:
    return (
        one[0] + (other[0] - one[0]) * share,
        one[1] + (other[1] - one[1]) * share,
        one[2] + (other[2] - one[2]) * share,
    )
