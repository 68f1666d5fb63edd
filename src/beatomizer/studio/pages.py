"""The page and its files: a table of names made from the package's own folder when the server starts.

A request's path is looked up in the table and never joined to a folder, so no path leads anywhere else.
"""

import asyncio
import os
import re
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from beatomizer.studio.answers import problem

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
"""Kinds of files that are served; others are left out of the table."""


def table(folder: Path, prefix: str = "/static/") -> dict[str, Path]:
    """Address → file for everything in ``folder`` and below that is a plain file of a known kind; no links."""
    found: dict[str, Path] = {}
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not (Path(base) / name).is_symlink() and name[0] not in "._"
        )
        for name in sorted(names):
            path = Path(base) / name
            if path.suffix in TYPES and path.is_file() and not path.is_symlink():
                found[prefix + path.relative_to(folder).as_posix()] = path
    return found


def page_files(reviewing: bool = False) -> dict[str, Path]:
    """Everything that the studio serves as it lies there; ``reviewing`` a data set, the first page is that one's."""
    static = Path(str(files("beatomizer.studio"))) / "static"
    drawing = Path(str(files("beatomizer.outputs.files.page")))
    shared = {name: path for name, path in table(drawing, "/static/page/").items() if path.suffix == ".js"}
    found = table(static) | shared
    if "/static/index.html" in found:
        found["/"] = found["/static/index.html"]
    if "/static/review/index.html" in found:
        found["/review"] = found["/static/review/index.html"]
    if reviewing:
        found["/"] = found["/review"]
    return found


def page_routes(found: dict[str, Path]) -> list[Route]:
    """Routes for a table."""

    async def serve(request: Request) -> Response:
        path = found.get(request.url.path)
        if path is None:
            return problem(404, "there is nothing here", "the page is at /")
        try:
            data = await asyncio.to_thread(_read, path)
        except OSError:  # taken away, or a link now
            return problem(404, "there is nothing here any more", "start the studio again")
        return Response(lighter(data, path.suffix), media_type=TYPES[path.suffix])

    return [Route("/", serve), Route("/review", serve), Route("/static/{name:path}", serve)]


def lighter(data: bytes, suffix: str) -> bytes:
    """A script, a style or a page without indentation and without lines that are only comment: a sixth less to send.

    Every line keeps its number, so that what a browser says about one leads to it. Nothing inside a line is touched,
    but for spaces beside the punctuation of styles.
    """
    if suffix not in (".html", ".css", ".js"):
        return data
    lines, inside = [], False
    for line in data.split(b"\n"):
        text = line.strip()
        block = inside or (text.startswith(b"/*") and b"*/" not in text[2:-2])
        inside = block and not text.endswith(b"*/")
        lines.append(b"" if block or text.startswith(b"// ") else text)
    whole = b"\n".join(lines)
    return re.sub(rb" ?([{};,]) ?|(?<=:) ", rb"\1", whole) if suffix == ".css" else whole


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as file:
        return file.read()
