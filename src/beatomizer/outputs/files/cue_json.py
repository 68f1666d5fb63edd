"""``.json``: the cue list of a show, to read, edit by hand and render again."""

from pathlib import Path

from beatomizer.cues.format import to_json
from beatomizer.errors import UsageError
from beatomizer.outputs.files.options import FileOptions
from beatomizer.progress import Progress
from beatomizer.safety.safe_show import SafeShow


def write(show: SafeShow, path: Path, options: FileOptions, progress: Progress) -> None:
    """Write the cue list that the show was drawn from.

    Raises:
        UsageError: the show has none, because the model gave colours directly.
    """
    if show.cues is None:
        raise UsageError(
            "this show has no cue list, because its model gives colours directly",
            "save .npz or .csv instead, or render with a model that writes cues, such as --model classic",
        )
    path.write_text(to_json(show.cues), encoding="utf-8", newline="")
    progress("json", 1.0)
