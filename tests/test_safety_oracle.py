"""The oracle of the other safety tests knows the published vectors."""

import numpy as np
import pytest

from tests.safety_oracle import BLACK, TABLE, WHITE, run_transitions, square, staircase, violations

VECTORS = [
    # name, frames, rules that must break (broadcast), rules that must not
    ("3.00 Hz", square(10, BLACK, WHITE), {("luminance", "lasting")}, {("luminance", "second")}),
    ("3.33 Hz", square(9, BLACK, WHITE), {("luminance", "second")}, set()),
    ("2 Hz", square(15, BLACK, WHITE), {("luminance", "lasting")}, {("luminance", "second")}),
    ("1.5 Hz", square(20, BLACK, WHITE), set(), {("luminance", "second"), ("luminance", "lasting")}),
    ("grey 88", square(2, BLACK, (88,) * 3), set(), {("luminance", "second"), ("luminance", "lasting")}),
    ("grey 90", square(2, BLACK, (90,) * 3), {("luminance", "second")}, set()),
    ("red and black", square(8, BLACK, (255, 0, 0)), {("luminance", "second"), ("redness", "second")}, set()),
    ("red and blue", square(8, (0, 0, 255), (255, 0, 0)), {("luminance", "second"), ("redness", "second")}, set()),
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


@pytest.mark.parametrize(("name", "rgb8", "breaks", "keeps"), VECTORS, ids=[vector[0] for vector in VECTORS])
def test_the_oracle_knows_the_published_vectors(name, rgb8, breaks, keeps):
    found = {(rule, kind) for _, rule, kind in violations(rgb8)}
    assert breaks <= found
    assert not keeps & found


def test_a_run_counter_alone_misses_the_staircase():
    values = (TABLE[staircase()[:, 0]] @ np.array([0.2126, 0.7152, 0.0722])).tolist()
    assert run_transitions(values) == []


def test_corner_greys():
    light = TABLE  # of greys: the three weights sum to 1
    assert int((light >= 0.1).argmax()) == 90
    assert int((light >= 0.8).argmax()) == 232
    assert int((light < 0.08).nonzero()[0].max()) == 79
