"""The command line: a thin door to the line."""

import sys


def main(words: list[str] | None = None) -> int:
    """Run ``beatomizer`` with the given words (the process's own if ``None``) and return the exit code."""
    try:
        from beatomizer.cli.program import run
    except KeyboardInterrupt:  # so early that nothing has begun
        print("beatomizer: interrupted", file=sys.stderr)
        return 130
    return run(words)
