"""What the studio's documents say is what the studio does: keys, requests, messages, pictures."""

import re
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra 'studio'")

from PIL import Image
from starlette.routing import BaseRoute, Route, WebSocketRoute

from beatomizer.studio.about import about_routes
from beatomizer.studio.app import PARTS, REVIEW_PARTS, _made
from beatomizer.studio.entrance import Entrance
from beatomizer.studio.pages import page_routes
from beatomizer.studio.review_routes import ReviewRoutes
from beatomizer.studio.settings import Settings
from beatomizer.studio.studio import Studio

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "beatomizer" / "studio"
STATIC = SOURCE / "static"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}
NAMES = {"{id}": "ID", "{job}": "JOB", "{suffix}": "SUFFIX", "{name:path}": "…"}
REVIEW_NAMES = {"{take:str}": "TAKE", "{key:str}": "KEY"}
HANDS = {"Space": " ", "←": "ArrowLeft", "→": "ArrowRight", "−": "-", "Ctrl+Z": "Ctrl+z", "Esc": "Escape"}
"""Keys as people read them → as browsers name them."""


def doc(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands under a heading."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def rows(text: str) -> list[list[str]]:
    """Rows of all tables, without heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if not line.startswith("|---") and not after.startswith("|---")
    ]


def keys_of_help() -> dict[str, str]:
    """The list that the page shows at ``?``."""
    listed = re.search(
        r"const KEYS = \[(.*?)\n\];", (STATIC / "keys.js").read_text(encoding="utf-8"), re.DOTALL
    )
    assert listed is not None
    return dict(re.findall(r'\["([^"]+)", "([^"]+)"\]', listed[1]))


def test_the_table_of_keys_is_the_pages_own() -> None:
    table = {row[0]: row[1] for row in rows(section(doc("studio.md"), "Keys"))}
    assert len(table) > 10
    assert table == keys_of_help()


def test_every_key_of_the_help_has_a_command() -> None:
    main = (STATIC / "main.js").read_text(encoding="utf-8")
    commands = re.search(r"const commands = \{(.*?)\n\};", main, re.DOTALL)
    assert commands is not None
    known = {
        found[0] or found[1] for found in re.findall(r'^  (?:"([^"]+)"|(\w+)):', commands[1], re.MULTILINE)
    }
    said = {key for row in keys_of_help() for key in row.split(" ")}
    wanted = {HANDS.get(key, key.lower() if len(key) == 1 else key) for key in said}
    assert wanted <= known, wanted - known
    shifted = {"Shift+ArrowLeft", "Shift+ArrowRight", "Ctrl+Shift+z"}
    assert known - wanted - shifted == {"=", "Backspace", "Ctrl+y"}, "second names of keys that are listed"


def test_keys_of_the_review_page() -> None:
    page = (STATIC / "review" / "index.html").read_text(encoding="utf-8")
    help_ = page[page.index('id="help"') :]
    shown = set(re.findall(r"<kbd>(.+?)</kbd>", help_[: help_.index("</dl>")]))
    table = " ".join(cell for row in rows(section(doc("review.md"), "The page")) for cell in row)
    said = set(re.split(r"[\s;:`]+|, ", table))
    assert len(shown) > 15
    assert {key for key in shown if key not in said and key != ","} == set()


def asked(text: str) -> set[tuple[str, str]]:
    """Requests in the first cells of tables. ``GET``, ``PUT /a`` are two, ``GET /a``, ``/b`` too, and so is
    ``PUT /a`` · ``DELETE``.
    """
    found: set[tuple[str, str]] = set()
    for row in rows(text):
        methods, path = list[str](), ""
        for span in re.findall(r"`([^`]+)`", row[0]):
            told = [word for word in span.split() if word in METHODS]
            here = [word.partition("?")[0] for word in span.split() if word.startswith("/")]
            waiting = methods if methods and not path else []
            methods, path = (waiting + told if told else methods), (here or [path])[0]
            found |= {(method, path) for method in methods if path}
    return found


def served(routes: list[BaseRoute], names: dict[str, str]) -> set[tuple[str, str]]:
    """Method and path of each route, as documents write them."""
    found = set()
    for route in routes:
        if isinstance(route, Route):
            path = route.path
            for ours, theirs in names.items():
                path = path.replace(ours, theirs)
            assert "{" not in path, path
            found |= {(method, path) for method in (route.methods or {"GET"}) - {"HEAD"}}
    return found


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(Settings(tmp_path))


def test_every_request_is_documented_and_every_document_is_answered(studio: Studio) -> None:
    parts = [_made(entry, studio) for entry in PARTS]
    routes: list[BaseRoute] = [
        *page_routes({}),
        *about_routes(studio.settings),
        *Entrance(studio.settings, ("", "")).routes,
    ]
    routes += [route for part in parts for route in part.routes]
    sockets = [route.path for route in routes if isinstance(route, WebSocketRoute)]
    protocol = doc("studio-protocol.md")
    told = asked(section(protocol, "HTTP")) | asked(section(doc("studio-lights.md"), "Protocol"))
    # "/api/jobs/{id}/stop" is a job's
    ours = {
        (m, "/api/jobs/JOB/stop" if path == "/api/jobs/ID/stop" else path)
        for m, path in served(routes, NAMES)
    }
    assert len(ours) > 30
    assert told == ours
    assert [f"## WebSocket `{path}`" in protocol for path in sockets] == [True]


def test_every_request_of_the_review_is_documented() -> None:
    assert [entry.partition(":")[0] for entry in REVIEW_PARTS] == [ReviewRoutes.__module__]
    part = ReviewRoutes.__new__(ReviewRoutes)  # its routes do not depend on a set
    told = asked(section(doc("studio-protocol.md"), "The review page"))
    assert told == served(list(part.routes), REVIEW_NAMES)
    assert len(told) == 9


def test_every_message_is_documented(studio: Studio) -> None:
    for entry in PARTS:
        _made(entry, studio)
    text = section(doc("studio-protocol.md"), "WebSocket `/api/socket`")
    down, _, up = text.partition("Server to page:")[2].partition("Page to server:")
    down_types, up_types = (set(re.findall(r"`([a-z]+)`", part)) for part in (down, up.partition("\n\n")[0]))
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCE.glob("*.py"))
    assert down_types == set(re.findall(r'"type": "([a-z]+)"', source))
    assert up_types == set(studio.hub._listeners)
    page = "".join(path.read_text(encoding="utf-8") for path in STATIC.rglob("*.js"))
    assert set(re.findall(r'socket\.send\(\{ type: "(\w+)"', page)) <= up_types
    lights = section(doc("studio-lights.md"), "Protocol")
    assert {"position", "master", "blackout", "offset"} <= set(re.findall(r"`([a-z]+)`", lights))


def test_pictures_are_small_and_described() -> None:
    texts = {
        path: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
    }
    pictures = sorted((ROOT / "docs" / "pictures").glob("studio-*.jpg"))
    assert len(pictures) >= 8
    for picture in pictures:
        assert picture.stat().st_size <= 150_000, picture
        with Image.open(picture) as image:
            assert image.width in (1280, 780)
        alts = [
            alt
            for text in texts.values()
            for alt in re.findall(rf"!\[([^\]]*)\]\([^)]*{picture.name}\)", text)
            + re.findall(rf'<img src="[^"]*{picture.name}" alt="([^"]*)"', text)
        ]
        assert alts, f"{picture.name} is shown nowhere"
        assert all(len(alt) > 30 for alt in alts), picture
