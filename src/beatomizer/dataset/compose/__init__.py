"""Takes from nothing: a composed song, a designer who sees its score, and a film of the stage."""
