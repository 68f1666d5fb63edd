"""The flagship: networks that listen to a song and say what they hear; see ``inference.engine.Scores``."""
