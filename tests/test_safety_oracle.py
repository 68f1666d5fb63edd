"""The oracle of the other safety tests knows the published vectors."""

import numpy as np
import pytest

from tests.safety_oracle import TABLE, VECTORS, run_transitions, staircase, violations


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
