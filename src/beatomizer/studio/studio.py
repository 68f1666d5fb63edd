"""The studio's parts in one place: what routes and other builders' parts are given."""

from collections.abc import Sequence
from typing import Protocol

from starlette.routing import BaseRoute

from beatomizer.studio.children import Children
from beatomizer.studio.hub import Hub
from beatomizer.studio.jobs import Jobs
from beatomizer.studio.projects import Projects
from beatomizer.studio.settings import Settings
from beatomizer.studio.workshop import Workshop


class Part(Protocol):
    """Something that the studio can do: its routes, and what it does when the server starts and ends."""

    @property
    def routes(self) -> Sequence[BaseRoute]:
        """For the application."""

    async def start(self) -> None:
        """Called once on the event loop, before the first request."""

    async def stop(self) -> None:
        """Called once, after the last request, also after Ctrl-C; quick."""


class Studio:
    """Everything that the server holds. Made outside of the event loop; nothing runs yet.

    Attributes:
        settings: what it was started with.
        hub: open pages: ``send``, ``send_bytes``, ``on``.
        projects: on disk.
        children: tasks in processes of their own.
        jobs: what is going on, and how to stop it.
        workshop: what is done for projects.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.hub = Hub()
        self.projects = Projects(settings.folder / "projects")
        self.children = Children()
        self.jobs = Jobs(self.hub)
        self.workshop = Workshop(self.projects, self.children, self.jobs, self.hub)
