"""``beatomizer studio``: the page where shows are made, edited and played."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

    from beatomizer.studio.settings import Settings

HELP = "open the studio in the browser: make, edit and play shows"

LOOPBACK = ("", "127.0.0.1", "localhost", "::1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what ``studio`` takes."""
    parser.add_argument("songs", metavar="SONG", nargs="*", help="songs to begin with")
    parser.add_argument("--port", type=int, metavar="N", help="the port (default 8765 or the next; 0 is any)")
    parser.add_argument(
        "--host", metavar="ADDRESS", default="", help="listen on another address too; asks for a token"
    )
    parser.add_argument("--folder", metavar="DIR", help="where projects are kept")
    parser.add_argument("--token", action="store_true", help="ask for a token on this machine too")
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--quiet", action="store_true", help="print nothing unless something fails")


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    from beatomizer.cli.extras import need

    need("studio", "starlette", "uvicorn", "websockets", extra="studio")
    import secrets

    from beatomizer.errors import UsageError
    from beatomizer.studio.server import bound, data_folder, host_as_browsers_say, locked
    from beatomizer.studio.settings import DEFAULT_PORT, Settings

    if arguments.port is not None and not 0 <= arguments.port <= 65535:
        raise UsageError(f"{arguments.port} is no port", "give 0 to 65535")
    songs = [_song(name) for name in arguments.songs]
    folder = Path(arguments.folder).absolute() if arguments.folder else data_folder()
    host = host_as_browsers_say(arguments.host)
    host = "" if host in LOOPBACK else host
    token = secrets.token_urlsafe(24) if host or arguments.token else ""
    with locked(folder):
        sockets, port = bound(arguments.port, host, DEFAULT_PORT)
        _serve(Settings(folder, port, host, token), sockets, songs, arguments)
    return 0


def _song(name: str) -> Path:
    """A song of the command line, before anything is started."""
    from beatomizer.audio.gate import open_song
    from beatomizer.errors import ResourceLimitError
    from beatomizer.studio.settings import UPLOAD_BYTES

    with open_song(name) as song:
        if song.size > UPLOAD_BYTES:
            raise ResourceLimitError(
                f"'{Path(name).name}' is larger than {UPLOAD_BYTES // 10**6} MB", "choose a smaller copy"
            )
    return Path(name).absolute()


def _serve(
    settings: "Settings", sockets: "list[socket.socket]", songs: list[Path], arguments: argparse.Namespace
) -> None:
    from beatomizer.studio.begin import brought
    from beatomizer.studio.server import server_of
    from beatomizer.studio.studio import Studio

    studio = Studio(settings)
    studio.projects.open()
    opened = brought(studio.projects, songs)
    server = server_of(studio)
    address = f"http://127.0.0.1:{settings.port}/"
    (settings.folder / "lock").write_text(address, encoding="utf-8")
    words = [f"token={settings.token}"] * bool(settings.token) + [f"project={opened}"] * bool(opened)
    fragment = "#" + "&".join(words) if words else ""

    def ready() -> None:
        if not arguments.quiet:
            _say(settings, address + fragment, fragment)
        if not arguments.no_browser:
            browse(address + fragment)

    server.on_ready = ready
    server.run(sockets=sockets)
    if not arguments.quiet:
        print("The studio has ended; everything is saved.")


def _say(settings: "Settings", address: str, fragment: str) -> None:
    print(f"The studio is open at {address}")
    if settings.host:
        name = f"[{settings.host}]" if ":" in settings.host else settings.host
        print(f"  and at http://{name}:{settings.port}/{fragment}")
        print("  Warning: who is in this network and knows that address can use it; nothing is encrypted.")
    print("  Ctrl-C ends it. Shows flash: read the photosensitivity notice first.", flush=True)
    if settings.host in ("0.0.0.0", "::"):
        print(
            "  From another device put this machine's address in place of " + settings.host, file=sys.stderr
        )


def browse(address: str) -> None:
    """Open the page; a browser that cannot be found is no failure."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
