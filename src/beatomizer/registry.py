"""Names that lead to code: ``name → "module:attribute"``, imported on first use.

A part that can be added to (engines, file formats, light protocols) keeps one table. Nothing is imported until
somebody asks for that name, so ``--help`` stays fast and an extra that is not installed hurts nobody else. Other
packages add to a table through an entry point of the group ``beatomizer.<table>``.
"""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any

from beatomizer.errors import UsageError, one_line


class Registry:
    """A table of lazily imported parts of one kind.

    Args:
        kind: what one entry is, in the singular, for messages ("engine").
        group: the entry point group that adds to the table ("beatomizer.engines").
        table: the built-in names.
    """

    def __init__(self, kind: str, group: str, table: Mapping[str, str]) -> None:
        self.kind = kind
        self.group = group
        self._table = dict(table)

    def names(self) -> list[str]:
        """All names, built-in ones first, in the order they were written down."""
        return list(self._targets())

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __contains__(self, name: str) -> bool:
        return name in self._table or name in self._targets()

    def load(self, name: str, also: Iterable[str] = ()) -> Any:
        """Import and return the part called ``name``.

        Raises:
            UsageError: nothing has that name; the message names the nearest and lists all, with those of ``also``
                (known elsewhere) first.
        """
        target = self._table.get(name) or self._targets().get(name)
        if target is None:
            raise self._unknown(name, also)
        module, _, attribute = target.partition(":")
        return getattr(import_module(module), attribute)

    def _unknown(self, name: str, also: Iterable[str]) -> UsageError:
        from difflib import get_close_matches  # for mistakes only

        names = [*also, *self.names()]
        near = get_close_matches(name.lower(), names, n=2)
        meant = f"did you mean {' or '.join(near)}? " if near else ""
        return UsageError(
            f"no {self.kind} is called '{one_line(name, 60)}'", f"{meant}choose from {', '.join(names)}"
        )

    def _targets(self) -> dict[str, str]:
        from importlib.metadata import entry_points  # 18 ms, for those who ask what there is

        targets = dict(self._table)
        for point in entry_points(group=self.group):
            targets.setdefault(point.name, point.value)
        return targets
