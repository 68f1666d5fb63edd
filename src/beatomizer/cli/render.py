"""``beatomizer render``: a song, or an edited cue list, to files."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beatomizer.cues.style import Style
    from beatomizer.line import Rendering
    from beatomizer.progress import Progress

HELP = "make the show of a song and write it to files"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``render`` takes."""
    parser.add_argument("song", metavar="SONG", help="a song, a video with sound, or a cue list (.json)")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        action="append",
        default=[],
        help=".mp4 .png .html .csv .npz .json .fseq; may be repeated",
    )
    parser.add_argument("--audio", metavar="SONG", help="the song of a cue list")
    parser.add_argument("--model", metavar="NAME", help="an engine's name or an .onnx file")
    add_style_options(parser)
    add_output_options(parser)


def add_style_options(parser: argparse.ArgumentParser) -> None:
    """What a person may wish for, in ``render`` and ``demo``."""
    parser.add_argument("--palette", metavar="NAME|#rrggbb,…", help="a palette's name or your own colours")
    parser.add_argument("--zones", type=int, metavar="N", help="lights across the stage (default 8)")
    parser.add_argument("--seed", type=int, metavar="N", help="another number, another idea (default 0)")
    parser.add_argument(
        "--energy",
        type=energy,
        metavar="0..1",
        help="how much happens: 0 to 1, or calm, balanced, party, club; default 0.5",
    )
    parser.add_argument(
        "--safety",
        metavar="PROFILE",
        help="broadcast (default), strict or calm; venue is for lights, never files",
    )


def style_of(arguments: argparse.Namespace) -> "Style":
    """The wishes among the arguments; what was not given keeps its default."""
    from beatomizer.cues.style import Style

    given = {"palette": arguments.palette, "energy": arguments.energy, "seed": arguments.seed}
    given |= {"zones": arguments.zones, "safety": arguments.safety}
    return Style(**{name: value for name, value in given.items() if value is not None})


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """What ``render`` and ``demo`` share."""
    parser.add_argument(
        "--size", default="1280x720", metavar="WxH", help="picture size of the video (default 1280x720)"
    )
    parser.add_argument("--fseq-step-ms", type=int, metavar="MS", help="frame step of .fseq: 20, 25 or 50")
    parser.add_argument("--fseq-zstd", action="store_true", help="compress .fseq (not read by every player)")
    parser.add_argument("--quiet", action="store_true", help="print nothing unless something fails")
    parser.add_argument("--json", action="store_true", help="print a machine-readable summary")


def energy(text: str) -> float:
    """A number 0..1, or a word for one, as an argument."""
    from beatomizer.cues.style import energy_of
    from beatomizer.errors import UsageError

    try:
        return energy_of(text)
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(arguments: argparse.Namespace) -> int:
    """Render and report."""
    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.cli.writing import file_options, report, write_files

    outputs = [Path(name) for name in arguments.output] or default_outputs(Path(arguments.song))
    options = file_options(arguments, outputs)
    progress = bars_if_terminal(arguments.quiet)
    if Path(arguments.song).suffix.lower() == ".json":
        rendering = _cues(arguments, progress)
    else:
        rendering = _song(arguments, progress)
    write_files(rendering, outputs, options, progress)
    report(rendering, outputs, arguments)
    return 0


def default_outputs(song: Path) -> list[Path]:
    """SONG's stem + .mp4 and .png in the current folder, never onto the song itself."""
    video = Path(f"{song.stem or 'show'}.mp4")
    if video.exists() and song.exists() and video.samefile(song):
        video = Path(f"{song.stem}-show.mp4")
    return [video, video.with_suffix(".png")]


def _song(arguments: argparse.Namespace, progress: "Progress") -> "Rendering":
    from beatomizer.errors import UsageError
    from beatomizer.line import render_song

    if arguments.audio is not None:
        raise UsageError("--audio goes with a cue list (.json)", "leave it out to render a song")
    return render_song(arguments.song, model=arguments.model, style=style_of(arguments), progress=progress)


def _cues(arguments: argparse.Namespace, progress: "Progress") -> "Rendering":
    from beatomizer.errors import UsageError
    from beatomizer.line import render_cues

    if arguments.model is not None or arguments.energy is not None:
        raise UsageError(
            "--model and --energy decide cues", "they do not go with a cue list; render the song instead"
        )
    sounding = any(name.lower().endswith((".mp4", ".html")) for name in arguments.output or [".mp4"])
    if arguments.audio is None and sounding and not arguments.quiet:
        print("beatomizer: no --audio SONG given: there will be light without sound", file=sys.stderr)
    return render_cues(
        arguments.song,
        song=arguments.audio,
        palette=arguments.palette,
        zones=arguments.zones,
        seed=arguments.seed,
        safety=arguments.safety,
        progress=progress,
    )
