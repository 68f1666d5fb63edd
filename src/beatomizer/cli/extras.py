"""Commands that need more than the core ask here first, before anything heavy is imported."""

from importlib.util import find_spec

from beatomizer.errors import MissingExtraError

TRAINING = ("torch", "lightning_fabric", "safetensors", "tensorboard", "matplotlib")


def need(what: str, *packages: str, extra: str = "train") -> None:
    """Say how to install what is missing.

    Raises:
        MissingExtraError: one of ``packages`` is not installed; ``what`` begins the message.
    """
    if any(find_spec(package) is None for package in packages):
        raise MissingExtraError(what, extra)
