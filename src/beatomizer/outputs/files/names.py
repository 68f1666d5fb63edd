"""What a show is called on a page or a picture."""

from beatomizer.errors import one_line
from beatomizer.show.show import Show


def title_and_artist(show: Show) -> tuple[str, str]:
    """Title and artist on one line each, from strangers; the file's name, or a plain word, where there is no tag."""
    cues = show.cues
    title = one_line(cues.title) if cues is not None else ""
    if not title and show.source is not None:
        title = one_line(show.source.stem)
    return title or "A light show", one_line(cues.artist) if cues is not None else ""
