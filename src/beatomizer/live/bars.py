"""Which beat of the bar comes next: bars of three and four counted side by side, the likelier one believed.

The evidence for a beat arrives after it has sounded, so each beat is weighed a few frames late; the position of the
next one is a prediction. A bar may begin afresh where a song drops a beat or a DJ cuts, at the price of a restart.
"""

import numpy as np

from beatomizer.arrays import F64

METERS = (4, 3)
_STATES = tuple((meter, position) for meter in METERS for position in range(1, meter + 1))
_METER_PRIOR = {4: 0.85, 3: 0.15}
_RESTART = 0.012
"""Chance a beat that the count begins anew."""

_OTHER_METER = 0.002
_CLEARLY = 1.6
"""How much likelier another count must be before the positions jump."""


class BarCounter:
    """Counts beats; positions are 1 on downbeats."""

    def __init__(self) -> None:
        self._start: F64 = np.array([_METER_PRIOR[meter] / meter for meter, _ in _STATES])
        self._belief = self._start.copy()
        self._count = 0
        self._onward = _transitions(self._start)

    @property
    def meter(self) -> int:
        """Beats in a bar."""
        return _STATES[self._count][0]

    def next(self) -> int:
        """Go on to the next beat; its position."""
        self._belief = self._belief @ self._onward
        meter, position = _STATES[self._count]
        self._count = _STATES.index((meter, position % meter + 1))
        best = int(np.argmax(self._belief))
        if self._belief[best] > _CLEARLY * self._belief[self._count]:
            self._count = best
        return _STATES[self._count][1]

    def after(self, beats: int) -> int:
        """Position of the beat that comes ``beats`` after the last one."""
        meter, position = _STATES[self._count]
        return (position - 1 + beats) % meter + 1

    def hear(self, downbeat: float, trust: float = 1.0) -> None:
        """How strongly the last beat sounded like a bar's first, 0..1; ``trust`` is how sure the beat itself was."""
        heard = min(max(downbeat, 0.0), 1.0)
        first = (heard + 0.08) ** trust
        other = (1.0 - heard + 0.12) ** trust
        self._belief = self._belief * np.array([first if place == 1 else other for _, place in _STATES])
        self._belief /= self._belief.sum()


def _transitions(start: F64) -> F64:
    """``[7, 7]``: mostly on to the next beat of the bar, seldom to any downbeat or into the other meter."""
    onward = np.zeros((len(_STATES), len(_STATES)))
    for row, (meter, position) in enumerate(_STATES):
        onward[row, _STATES.index((meter, position % meter + 1))] += 1.0 - _RESTART - _OTHER_METER
        onward[row, _STATES.index((meter, 1))] += _RESTART
        onward[row] += _OTHER_METER * start
    return np.asarray(onward / onward.sum(axis=1, keepdims=True))
