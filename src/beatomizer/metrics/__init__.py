"""How good a show is and whether it belongs to its song: pure functions, numpy only."""
