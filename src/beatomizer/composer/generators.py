"""The named parts that songs are drawn from, and which of them are held out of training.

A model that has learned from composed songs must be tested on songs that share as little as possible with them. So
about a fifth of the styles, forms and timbre banks is *held out*, by name: ``generators="train"`` never draws one of
these; ``"held-out"`` always takes a held-out bank and at least one of style and form that is held out;
``"all"`` draws from everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from beatomizer.composer import banks, forms, styles
from beatomizer.errors import UsageError

GENERATORS = ("train", "held-out", "all")
"""From what songs may be drawn."""


@dataclass(frozen=True)
class Generator:
    """A named part: what it is, and whether it is kept out of training."""

    name: str
    about: str
    held_out: bool


_HELD_OUT_STYLES = frozenset({"reggae", "synthwave", "bossa", "breaks", "ska", "disco"})
_HELD_OUT_FORMS = frozenset({"rondo", "arch"})
_HELD_OUT_BANKS = frozenset({"gated", "hands", "chip"})

STYLES = {name: Generator(name, one.about, name in _HELD_OUT_STYLES) for name, one in styles.STYLES.items()}
FORMS = {name: Generator(name, about, name in _HELD_OUT_FORMS) for name, (_, about) in forms.FORMS.items()}
BANKS = {name: Generator(name, one.about, name in _HELD_OUT_BANKS) for name, one in banks.BANKS.items()}

_SUITING = 0.8
"""How often a song gets a bank that suits its style; else any, for variety's sake."""


@dataclass(frozen=True)
class Choice:
    """What one song is made with."""

    style: str
    form: str
    bank: str


def choose(
    rng: np.random.Generator,
    style: str | None = None,
    form: str | None = None,
    bank: str | None = None,
    generators: str = "all",
) -> Choice:
    """Draw what was not asked for, within what ``generators`` allows.

    Raises:
        UsageError: an unknown name, or one that ``generators`` forbids.
    """
    if generators not in GENERATORS:
        raise UsageError(f"no such generators: '{generators}'", f"choose from {', '.join(GENERATORS)}")
    _check(generators, "style", style, STYLES)
    _check(generators, "form", form, FORMS)
    _check(generators, "bank", bank, BANKS)
    held = generators == "held-out"
    if held and bank is not None and not BANKS[bank].held_out:
        raise UsageError(f"the bank '{bank}' is not held out", f"choose from {_names(BANKS, True)}")
    new_style, new_form = _novel(rng, style, form) if held else (None, None)
    style = style or _drawn_style(rng, form, generators, new_style)
    form = form or _drawn_form(rng, style, generators, new_form)
    return Choice(style, form, bank or _drawn_bank(rng, style, generators))


def _check(generators: str, kind: str, name: str | None, table: Mapping[str, Generator]) -> None:
    if name is None:
        return
    if name not in table:
        raise UsageError(f"no {kind} is called '{name}'", f"choose from {', '.join(table)}")
    if generators == "train" and table[name].held_out:
        raise UsageError(
            f"the {kind} '{name}' is held out of training", f"choose from {_names(table, False)}"
        )


def _names(table: Mapping[str, Generator], held_out: bool) -> str:
    return ", ".join(name for name, one in table.items() if one.held_out == held_out)


def _novel(rng: np.random.Generator, style: str | None, form: str | None) -> tuple[bool | None, bool | None]:
    """Whether style and form must be held out: at least one is."""
    held_style = None if style is None else STYLES[style].held_out
    held_form = None if form is None else FORMS[form].held_out
    if held_style or held_form:
        return None, None
    if held_style is False and held_form is False:
        raise UsageError(
            f"neither '{style}' nor '{form}' is held out",
            f"choose the style from {_names(STYLES, True)} or the form from {_names(FORMS, True)}",
        )
    if held_style is False:
        return None, True
    if held_form is False:
        return True, None
    return (True, None) if rng.random() < 0.6 else (None, True)


def _allowed(table: Mapping[str, Generator], generators: str, held_out: bool | None) -> list[str]:
    return [
        name
        for name, one in table.items()
        if not (generators == "train" and one.held_out) and (held_out is None or one.held_out == held_out)
    ]


def _drawn_style(rng: np.random.Generator, form: str | None, generators: str, held_out: bool | None) -> str:
    allowed = _allowed(STYLES, generators, held_out)
    suiting = [name for name in allowed if form is None or form in styles.STYLES[name].forms]
    return str(rng.choice(suiting or allowed))


def _drawn_form(rng: np.random.Generator, style: str, generators: str, held_out: bool | None) -> str:
    allowed = _allowed(FORMS, generators, held_out)
    suiting = [name for name in styles.STYLES[style].forms if name in allowed]
    return str(rng.choice(suiting or allowed))


def _drawn_bank(rng: np.random.Generator, style: str, generators: str) -> str:
    allowed = _allowed(BANKS, generators, True if generators == "held-out" else None)
    suiting = [name for name in styles.STYLES[style].banks if name in allowed]
    if suiting and rng.random() < _SUITING:
        return str(rng.choice(suiting))
    return str(rng.choice(allowed))
