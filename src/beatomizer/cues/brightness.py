"""How much light a picture gives, before it is drawn: so that a loud part can be made brighter than a quiet one.

At one intensity a wash gives ten times the light of a pulse, and amber eight times that of blue. Whoever sets
intensities without knowing it lights a quiet verse in amber more brightly than a loud chorus in blue. So the
director says how much light a phrase should give, and the intensities follow from that.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from beatomizer.color import luminance, parse_hex, rgb8_to_linear
from beatomizer.cues.cuelist import Look
from beatomizer.cues.repertoire import SWAPPING, Layer

_SHARES: dict[Look, tuple[float, float]] = {
    "hold": (1.0, 0.0),
    "pulse": (0.09, 0.75),
    "alternate": (0.42, 0.7),
    "bounce": (0.42, 0.7),
    "ripple": (0.42, 0.7),
    "step": (0.18, 1.0),
    "chase": (0.16, 1.1),
    "swell": (0.38, 0.85),
    "sparkle": (0.04, 1.1),
    "strobe": (0.44, 0.3),
    "blackout": (0.0, 0.0),
}
"""Mean light at full intensity beside a steady light of the same colours, as ``a + b · floor²``.

Measured on drawn shows of six pairs of colours at 120 BPM, 8 zones; single pairs lie up to a half beside it for pulses,
a tenth for the others.
"""

_MOVING = ("pulse", *SWAPPING)

_LEAST = 0.3
"""A cue dimmer than this is not seen as a colour."""

_MOST_GLOW = 0.35
"""A floor higher than this hides the quiet beats of a pulse: measured, 98 % of the beats are events up to here."""

_HALF = 0.5
"""Share of the stage that a second layer covers."""


def luminance_of(color: str) -> float:
    """Relative luminance 0..1 of ``#rrggbb``."""
    return float(luminance(rgb8_to_linear(np.array(parse_hex(color), dtype=np.uint8))))


def usual_luminance(palette: Sequence[str]) -> float:
    """Geometric mean of the luminances of a palette's colours: what "bright" is measured by in its song."""
    return float(np.exp(np.mean([np.log(max(luminance_of(color), 0.01)) for color in palette])))


def expected_light(layers: Sequence[Layer], colors: Sequence[Sequence[str]]) -> float:
    """Mean relative luminance of the stage at full loudness.

    Args:
        layers: of a picture; the first covers what the second leaves.
        colors: of each layer, as ``#rrggbb``.
    """
    return sum(_light_of(layer, worn, layers) for layer, worn in zip(layers, colors, strict=True))


def _light_of(layer: Layer, worn: Sequence[str], layers: Sequence[Layer]) -> float:
    """What one layer gives of that."""
    covers = 1.0 if len(layers) == 1 else _HALF
    base, by_floor = _SHARES[layer.look]
    # A comet and a pulse are mostly of their first colour; the others show all of theirs for as long.
    shown = worn[:1] if layer.look in ("pulse", "chase") else worn
    mean = float(np.mean([luminance_of(color) for color in shown]))
    floor = 0.0 if layer.look == "hold" else layer.floor
    return covers * (base + by_floor * floor**2) * mean * layer.intensity**2


def gains_for(wanted: float, layers: Sequence[Layer], colors: Sequence[Sequence[str]]) -> list[float]:
    """What to multiply each layer's intensity by, so that the stage gives ``wanted`` (relative luminance).

    What moves with the beat comes first, and what stands still beside it takes the rest: a beat that is dimmed with its
    wash is a beat that nobody sees.
    """
    gives = [_light_of(layer, worn, layers) for layer, worn in zip(layers, colors, strict=True)]
    moves = [layer.look in _MOVING and len(layers) > 1 for layer in layers]
    moving = sum(light for light, moved in zip(gives, moves, strict=True) if moved)
    still = sum(gives) - moving
    share = min(1.0, wanted / moving) if moving else 1.0
    rest = max(wanted - share * moving, 0.0) / max(still, 1e-6)
    return [
        float(np.clip(np.sqrt(share if moved else rest), _LEAST, 1.0 / layer.intensity))
        for layer, moved in zip(layers, moves, strict=True)
    ]


def attainable_light(wanted: float, layers: Sequence[Layer], colors: Sequence[Sequence[str]]) -> float:
    """What the stage gives when ``wanted`` is asked for, with ``gains_for`` and ``glow_for``, as far as lamps can."""
    glow = glow_for(wanted, layers, colors)
    set_to = [
        replace(
            layer,
            intensity=min(1.0, gain * layer.intensity),
            floor=max(layer.floor, glow) if layer.look == "pulse" else layer.floor,
        )
        for layer, gain in zip(layers, gains_for(wanted, layers, colors), strict=True)
    ]
    return expected_light(set_to, colors)


def glow_for(wanted: float, layers: Sequence[Layer], colors: Sequence[Sequence[str]]) -> float:
    """Floor of the picture's pulses that brings it to ``wanted`` where full intensity does not; at most ``_MOST_GLOW``.

    A pulse is dark most of the time: on its own it cannot be as bright as a loud part should be.
    """
    missing = wanted - expected_light(layers, colors)
    pulses = [(layer, worn[0]) for layer, worn in zip(layers, colors, strict=True) if layer.look == "pulse"]
    if missing <= 0.0 or not pulses:
        return 0.0
    layer, lead = pulses[0]
    covers = 1.0 if len(layers) == 1 else _HALF
    by_floor = covers * _SHARES["pulse"][1] * luminance_of(lead)
    return min(_MOST_GLOW, float(np.sqrt(layer.floor**2 + missing / max(by_floor, 1e-6))))
