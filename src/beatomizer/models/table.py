"""All models by name, and the one door to them."""

from collections.abc import Mapping
from typing import Any, get_type_hints

from beatomizer.models.colour_model import ColourModel
from beatomizer.models.settings import config_from
from beatomizer.registry import Registry

MODELS = Registry(
    "model",
    "beatomizer.models",
    {
        "cnn": "beatomizer.models.cnn:Cnn",
        "attention": "beatomizer.models.attention:Attention",
    },
)


def config_class(name: str) -> type[Any]:
    """The frozen dataclass of a model's settings.

    Raises:
        UsageError: no model is called ``name``.
    """
    kind: type[Any] = get_type_hints(MODELS.load(name).__init__)["config"]
    return kind


def build(name: str, settings: Mapping[str, Any], zones: int = 1) -> ColourModel:
    """A fresh model; its weights come from torch's global generator.

    Args:
        name: in ``MODELS``.
        settings: the ``[model]`` part of a recipe; what is missing has its default.
        zones: independently coloured parts of the stage.

    Raises:
        UsageError: unknown model, unknown setting (the near ones are named), or a value that makes no sense.
    """
    model: ColourModel = MODELS.load(name)(config_from(config_class(name), settings), zones)
    return model


def inputs_of(model: ColourModel) -> str:
    """What the model hears: ``"slices400"`` (raw sound) or ``"bank104"`` (the line's features)."""
    return model.inputs
