"""Light for sound that is still arriving: every frame decided from the past alone."""
