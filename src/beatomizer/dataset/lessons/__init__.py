"""Lessons: whole songs as the models hear them, with the truth about them; what the flagship learns from."""
