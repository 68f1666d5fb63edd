"""``gamma=`` of a light's URL: what the receiver makes of a value, for all that hangs there.

Most lamps that get values by DMX, and most pixel controllers, are linear: half the value is half the light. A receiver
that corrects takes sRGB (``gamma=srgb``) or has an exponent of its own. Which one it is matters for safety: the judge
has seen light, not values.
"""

from dataclasses import dataclass, replace

from beatomizer.errors import UsageError, one_line
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.rig.fixture import HIGHEST_GAMMA, LOWEST_GAMMA, Fixture


@dataclass(frozen=True)
class Response:
    """What a URL says of it.

    Attributes:
        said: whether it says anything; else each fixture's own gamma counts.
        gamma: as in ``Calibration``; ``None`` is sRGB.
    """

    said: bool = False
    gamma: float | None = 1.0

    def of(self, fixtures: tuple[Fixture, ...]) -> tuple[Fixture, ...]:
        """The fixtures behind such a receiver."""
        if not self.said:
            return fixtures
        return tuple(
            replace(fixture, calibration=replace(fixture.calibration, gamma=self.gamma))
            for fixture in fixtures
        )


def response_of(url: LightUrl) -> Response:
    """Ask the URL for ``gamma``: ``linear``, ``srgb`` or an exponent.

    Raises:
        UsageError: it is none of them.
    """
    text = url.word("gamma", "")
    if not text:
        return Response()
    if text in ("linear", "srgb"):
        return Response(True, 1.0 if text == "linear" else None)
    try:
        gamma = float(text)
    except ValueError:
        gamma = 0.0
    if not LOWEST_GAMMA <= gamma <= HIGHEST_GAMMA:
        raise UsageError(
            f"gamma={one_line(text, 30)} cannot be used with {url.scheme}://",
            f"write linear, srgb or a number from {LOWEST_GAMMA:g} to {HIGHEST_GAMMA:g}",
        )
    return Response(True, gamma)
