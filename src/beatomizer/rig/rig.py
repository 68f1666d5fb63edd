"""A rig: the fixtures that hang somewhere and the outputs that lead to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from beatomizer.errors import UsageError, one_line
from beatomizer.rig.fixture import Fixture


@dataclass(frozen=True)
class Rig:
    """Fixtures and outputs.

    Attributes:
        fixtures: in the order of the file.
        outputs: name → URL of a light.
        name: of the place, for people.

    Raises:
        UsageError: two fixtures share a name, or one hangs on an output that is not there.
    """

    fixtures: tuple[Fixture, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        """Check names."""
        seen = set[str]()
        for fixture in self.fixtures:
            if fixture.name in seen:
                raise UsageError(
                    f"two fixtures are called '{one_line(fixture.name, 40)}'", "rename one of them"
                )
            seen.add(fixture.name)
            if fixture.output and fixture.output not in self.outputs:
                known = ", ".join(self.outputs) or "none"
                raise UsageError(
                    f"'{fixture.name}' hangs on '{one_line(fixture.output, 40)}', an output that the rig does not have",
                    f"its outputs: {known}",
                )

    def behind(self, url: str) -> "Rig":
        """The part of the rig that a light sees: fixtures on the outputs with this URL, and those that name none.

        A URL that is not in the rig sees all of it: the same lamps, reached another way.
        """
        if url not in self.outputs.values():
            return self
        names = {name for name, address in self.outputs.items() if address == url}
        return replace(self, fixtures=tuple(f for f in self.fixtures if not f.output or f.output in names))
