"""``beatomizer dataset lessons``: what the flagship learns from."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from beatomizer.errors import UnreadableInputError, UsageError

if TYPE_CHECKING:
    from beatomizer.dataset.lessons.make import Made

HELP = "make lessons: features and truth of whole songs, composed or labelled by a model"

GENERATORS = ("train", "held-out", "all")

_ONLY_COMPOSED = {"songs": "--songs", "generators": "--generators", "clean": "--clean"}
_ONLY_MUSIC = {"model": "--model", "versions": "--versions"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``dataset lessons`` takes."""
    parser.add_argument(
        "-o", "--output", metavar="DIR", required=True, help="folder for the lessons; made if missing"
    )
    parser.add_argument(
        "--seed", metavar="S", type=int, default=0, help="another seed, other lessons (default 0)"
    )
    composed = parser.add_argument_group("composed lessons")
    composed.add_argument("--songs", metavar="N", type=int, help="how many there should be (default 100)")
    composed.add_argument(
        "--generators",
        choices=GENERATORS,
        help="which named styles, forms and timbres may be drawn (default train)",
    )
    composed.add_argument(
        "--clean", action="store_true", default=None, help="songs as they were mixed, for tests of a listener"
    )
    music = parser.add_argument_group("lessons from songs that you have")
    music.add_argument("--music", metavar="FOLDER", help="label these songs by a model instead of composing")
    music.add_argument("--model", metavar="NAME|FILE.onnx", help="the model that labels them")
    music.add_argument(
        "--versions", metavar="K", type=int, help="of each song; the first is clean (default 1)"
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        type=int,
        default=os.cpu_count() or 1,
        help="processes (default: one a core)",
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.add_argument("--json", action="store_true", help="print a machine-readable summary")


def run(arguments: argparse.Namespace) -> int:
    """Make what is missing, and say what there is."""
    _refuse_mixtures(arguments)
    try:
        done, facts = _from_music(arguments) if arguments.music else _composed(arguments)
    except KeyboardInterrupt:
        if not arguments.quiet:
            print("\nstopped; the same command goes on", file=sys.stderr)
        raise
    facts = {
        "folder": arguments.output,
        "made": done.made,
        "found": done.found,
        "sound_s": round(done.sound_s, 3),
        "wall_s": round(done.wall_s, 3),
        **facts,
    }
    if arguments.json:
        print(json.dumps(facts, ensure_ascii=False))
    elif not arguments.quiet:
        for name, reason in done.complaints:
            print(f"{name}: {reason}")
    if not done.made + done.found:
        raise UnreadableInputError("no song became a lesson", "give more songs, or another --model")
    if not (arguments.json or arguments.quiet):
        print(_told(done))
        print(f"  wrote     {arguments.output}")
    return 0


def _refuse_mixtures(arguments: argparse.Namespace) -> None:
    wrong = _ONLY_COMPOSED if arguments.music else _ONLY_MUSIC
    for name, option in wrong.items():
        if getattr(arguments, name) is not None:
            other = "composed lessons, not for --music" if arguments.music else "lessons from songs"
            raise UsageError(
                f"{option} is for {other}", f"leave {option} out" if arguments.music else "add --music FOLDER"
            )


def _composed(arguments: argparse.Namespace) -> "tuple[Made, dict[str, Any]]":
    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.dataset.lessons.make import make_lessons
    from beatomizer.dataset.lessons.teach import LessonSettings

    songs = 100 if arguments.songs is None else arguments.songs
    settings = LessonSettings(arguments.seed, arguments.generators or "train", bool(arguments.clean))
    done = make_lessons(
        Path(arguments.output),
        songs,
        settings,
        workers=arguments.workers,
        progress=bars_if_terminal(arguments.quiet),
    )
    facts = {name: value for name, value in settings.facts(0).items() if name != "lesson"}
    return done, {"songs": songs, **facts}


def _from_music(arguments: argparse.Namespace) -> "tuple[Made, dict[str, Any]]":
    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.dataset.lessons.music import music_lessons, music_settings
    from beatomizer.inference.engines import DEFAULT_ENGINE

    versions = 1 if arguments.versions is None else arguments.versions
    settings = music_settings(arguments.model or DEFAULT_ENGINE, arguments.seed)
    done = music_lessons(
        Path(arguments.music),
        Path(arguments.output),
        settings,
        versions=versions,
        workers=arguments.workers,
        progress=bars_if_terminal(arguments.quiet),
    )
    facts = {
        "music": arguments.music,
        "versions": versions,
        "teacher": settings.teacher,
        "teacher_sha256": settings.sha256,
        "seed": settings.seed,
        "complaints": [{"name": name, "reason": reason} for name, reason in done.complaints],
    }
    return done, facts


def _told(done: "Made") -> str:
    """What a person wants to know of a run."""
    from beatomizer.dataset.wording import many

    there = f"{many(done.found, 'lesson')} {'was' if done.found == 1 else 'were'} there already"
    if not done.made:
        return f"nothing to do: {there}"
    speed = f", {done.sound_s / done.wall_s:.0f}× real time" if done.wall_s > 0 else ""
    told = f"{many(done.made, 'lesson')} made ({done.sound_s / 60:.1f} minutes{speed})"
    return f"{told}, {there}" if done.found else told
