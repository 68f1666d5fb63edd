"""What every model of the table is: frames of sound in, colour out, and how far it looks around."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal, TypeAlias

from torch import Tensor, nn

from beatomizer.timebase import HOP

Inputs: TypeAlias = Literal["slices400", "bank104"]
"""Raw sound, 400 samples a frame as in the paper, or the feature bank of the line."""

INPUT_WIDTHS: dict[str, int] = {"slices400": HOP, "bank104": 104}
"""F of each kind of input."""


class ColourModel(nn.Module, ABC):
    """A model that gives colour for each frame.

    Attributes:
        name: its key in the table.
        config: its settings, a frozen dataclass.
        zones: Z, independently coloured parts of the stage.
        teacher_share: while training, the probability that the model is fed the label instead of its own last
            output. A loop may lower it; models that feed nothing back ignore it.
    """

    name: ClassVar[str]
    config: Any
    zones: int
    teacher_share: float = 0.0

    @property
    def inputs(self) -> str:
        """``"slices400"`` or ``"bank104"``."""
        return str(self.config.inputs)

    @property
    @abstractmethod
    def context_frames(self) -> int:
        """Frames of the past that an output is given when a long song is heard in pieces."""

    @property
    @abstractmethod
    def lookahead_frames(self) -> int:
        """Frames of the future, likewise. 0 is causal."""

    @property
    @abstractmethod
    def chunk_frames(self) -> int:
        """The longest piece of a song the model is meant for; 0 if any length will do."""

    @abstractmethod
    def forward(self, frames: Tensor, teacher: Tensor | None = None) -> Tensor:
        """Colour of each frame.

        Args:
            frames: float32 ``[B, T, F]``.
            teacher: the label, ``[B, T, Z, 3]`` sRGB 0..1; ignored in ``eval`` mode.

        Returns:
            ``[B, T, Z, 3]`` sRGB; 0..1 in ``eval`` mode. While training a ``linear`` output may leave 0..1, so that
            its gradient never dies.
        """

    def parameter_count(self) -> int:
        """Numbers that are learned."""
        return sum(parameter.numel() for parameter in self.parameters())
