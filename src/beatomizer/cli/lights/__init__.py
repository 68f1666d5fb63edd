"""``beatomizer lights``: find lamps, see which is which, make them dark."""

import argparse

from beatomizer.cli.lights import blackout, find, test

HELP = "find lights on the network, test them, make them dark"

COMMANDS = (find, test, blackout)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``lights`` takes: another command."""
    commands = parser.add_subparsers(dest="lights_command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        name = command.__name__.rpartition(".")[2]
        sub = commands.add_parser(name, help=command.HELP, description=command.HELP)
        sub.add_argument("--debug", action="store_true", help="show a traceback when something fails")
        command.add_arguments(sub)
        sub.set_defaults(run_lights=command.run)


def run(arguments: argparse.Namespace) -> int:
    """Run the command that was named."""
    return int(arguments.run_lights(arguments))
