"""Every style by name."""

from beatomizer.composer.style import Style
from beatomizer.composer.styles_bands import BANDS
from beatomizer.composer.styles_machines import MACHINES
from beatomizer.composer.styles_tricky import TRICKY

STYLES: dict[str, Style] = {**MACHINES, **BANDS, **TRICKY}
"""To add a style, enter it in one of the three tables."""
