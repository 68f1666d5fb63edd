"""The command line: a thin door to the line."""


def main(words: list[str] | None = None) -> int:
    """Run ``beatomizer`` with the given words (the process's own if ``None``) and return the exit code."""
    from beatomizer.cli.program import run

    return run(words)
