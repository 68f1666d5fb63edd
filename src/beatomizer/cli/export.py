"""``beatomizer export``: turn a trained run into a model file."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beatomizer.training.export import Exported

HELP = "turn a trained run into a model file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``export`` takes."""
    parser.add_argument("run_folder", metavar="RUN", help="the folder that 'train' wrote")
    parser.add_argument("-o", "--output", metavar="FILE.onnx", required=True)
    parser.add_argument("--name", metavar="NAME", help="what the model is to be called; default: its kind")
    parser.add_argument(
        "--licence", metavar="TEXT", default="not stated", help="licence of the weights, told in the file"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing unless something fails")
    parser.add_argument("--json", action="store_true", help="print a machine-readable summary")


def run(arguments: argparse.Namespace) -> int:
    """Export, prove, report."""
    from beatomizer.cli.bars import bars_if_terminal
    from beatomizer.errors import MissingExtraError

    try:
        from beatomizer.training.export import export
    except ImportError as error:
        raise MissingExtraError("export", "train") from error
    progress = bars_if_terminal(arguments.quiet)
    written = export(
        arguments.run_folder,
        arguments.output,
        name=arguments.name,
        licence=arguments.licence,
        progress=progress,
    )
    if arguments.json:
        print(json.dumps(asdict(written) | {"path": str(written.path)}, indent=2))
    elif not arguments.quiet:
        print(_told(written))
    return 0


def _told(written: "Exported") -> str:
    return (
        f"{written.path}: {written.size_bytes / 1e6:.2f} MB, within {written.difference:.1g} of torch\n"
        f"SHA-256 {written.sha256}\n"
        f"now: beatomizer render SONG --model {written.path}"
    )
