"""``beatomizer demo``: a song from nothing, its show, a video, a picture and a page."""

import argparse
from pathlib import Path

from beatomizer.cli.render import add_output_options, add_style_options, style_of

HELP = "compose a song, light it, and write a video, a picture and a page; needs no input"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``demo`` takes."""
    parser.add_argument(
        "-o", "--output", metavar="DIR", default="beatomizer-demo", help="where to (default beatomizer-demo)"
    )
    add_style_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compose, render, write, and say where everything is."""
    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.cli.writing import file_options, report, write_files
    from beatomizer.composer.compose import compose
    from beatomizer.composer.song_file import write_song
    from beatomizer.cues.palettes import resolve_palette
    from beatomizer.line import render_song
    from beatomizer.outputs.files.save import check_profile

    style = style_of(arguments)
    check_profile(style.safety)
    if style.palette is not None:
        resolve_palette(style.palette)  # a mistyped name should fail before a song is composed
    folder = _folder(arguments.output)
    outputs = [folder / f"demo{suffix}" for suffix in (".mp4", ".png", ".html", ".json")]
    options = file_options(arguments, outputs)
    progress = bars_if_terminal(arguments.quiet)
    progress("compose", 0.0)
    song = folder / "demo.flac"
    write_song(compose(style.seed, style="house", form="build-drop", bank="909"), song)
    progress("compose", 1.0)
    rendering = render_song(song, style=style, progress=progress)
    write_files(rendering, outputs, options, progress)
    report(rendering, [song, *outputs], arguments)
    if not (arguments.quiet or arguments.json):
        print(
            f"\nIt flashes (within the {style.safety} limits). Open {folder / 'demo.html'} in a browser, or the video."
        )
    return 0


def _folder(name: str) -> Path:
    """The folder that everything goes to, made if it is not there."""
    from beatomizer.errors import UsageError

    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the folder '{name}' ({error.strerror})", "choose another with -o"
        ) from error
    return folder
