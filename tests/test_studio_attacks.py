"""Attacks on the studio, over real sockets: each is refused, changes nothing, and the server works on.

The server listens on the person's own machine, where any page in any browser can send it things. What those can send is
tried here, and what a program on the machine can send besides.
"""

import contextlib
import gzip
import io
import json
import re
import resource
import socket as sockets
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from beatomizer.studio.children import TaskError
from beatomizer.studio.export_routes import file_name
from beatomizer.studio.guard import HEADERS
from beatomizer.studio.hub import MOST_PAGES
from beatomizer.studio.pages import page_files, page_routes, table
from beatomizer.studio.project import Project, name_of, song_file_name, title_from
from beatomizer.studio.results import named
from beatomizer.studio.server import bound, server_of
from beatomizer.studio.settings import Settings
from beatomizer.studio.studio import Studio
from tests.songs import beat_song, write_wav
from tests.studio_server import Answer, StudioProcess, events, read_answer, studio


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[StudioProcess]:
    with studio(folder) as process:
        yield process


@pytest.fixture(scope="module")
def target(server: StudioProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A project that attacks are aimed at."""
    song = write_wav(tmp_path_factory.mktemp("song") / "target.wav", beat_song(4.0))
    return server.until(server.upload(song)["id"])


@pytest.fixture
def unharmed(server: StudioProcess, target: dict[str, Any]) -> Iterator[None]:
    """Nothing has changed afterwards, and everything works."""
    before = server.ask("GET", "/api/projects").json
    yield
    assert server.works()
    assert server.ask("GET", "/api/projects").json == before
    assert server.project(target["id"]) == target


def check(answer: Answer) -> None:
    """Every answer has the strict headers and allows nobody else to read it."""
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value, (name, answer.headers)
    assert not [name for name in answer.headers if name.startswith("access-control")]
    assert "server" not in answer.headers
    assert answer.headers.get("cache-control") in ("no-store", "no-cache")
    assert b"Traceback" not in answer.body


def request(line: str, *lines: str, body: str = "", host: str = "Host: 127.0.0.1:{port}") -> str:
    """A request with our Host unless another is given; ``{port}`` and ``{id}`` are filled in later."""
    return "\r\n".join([f"{line} HTTP/1.1", *([host] if host else []), *lines, "", body])


OURS = ("Origin: http://127.0.0.1:{port}", "X-Beatomizer: 1")
DEMO = "POST /api/projects/demo"
NOBODY = "Content-Length: 0"
LIST = "GET /api/projects"

HOSTS = {
    "another name": "evil.example:{port}",
    "our name as the beginning of another": "localhost.evil.example:{port}",
    "our address as the beginning of a name": "127.0.0.1.nip.example:{port}",
    "no port": "127.0.0.1",
    "another port": "127.0.0.1:1",
    "nothing": "",
    "all addresses": "0.0.0.0:{port}",
    "our address as one number": "2130706433:{port}",
    "our address short": "127.1:{port}",
    "our address mapped into IPv6": "[::ffff:127.0.0.1]:{port}",
    "a user before another name": "127.0.0.1:{port}@evil.example",
    "a dot behind": "localhost.:{port}",
    "capitals": "LOCALHOST:{port}",
    "two in one": "127.0.0.1:{port}, evil.example",
}

ORIGINS = {
    "another page": "http://evil.example",
    "null, of a sandbox or a file": "null",
    "https": "https://127.0.0.1:{port}",
    "another port of this machine": "http://127.0.0.1:1",
    "no port": "http://127.0.0.1",
    "another name of this machine": "http://localhost:{port}",
    "our address as the beginning of a name": "http://127.0.0.1:{port}.evil.example",
    "a path behind": "http://127.0.0.1:{port}/",
    "two in one": "http://127.0.0.1:{port}, http://evil.example",
    "empty": "",
}

PATHS = {
    "two dots": "/static/../../../../../../etc/passwd",
    "encoded dots": "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "encoded dots and slashes": "/static/..%2f..%2f..%2f..%2fetc%2fpasswd",
    "encoded twice": "/static/%252e%252e%252f%252e%252e%252fetc%252fpasswd",
    "backslashes": "/static/..%5c..%5c..%5cetc%5cpasswd",
    "a second root": "/static//etc/passwd",
    "an address in the path": "/static/file:///etc/passwd",
    "a zero in the name": "/static/index.html%00.js",
    "dots as overlong UTF-8": "/static/%c0%ae%c0%ae/etc/passwd",
    "code beside the page": "/static/page/../html.py",
    "code in the page's folder": "/static/page/light.py",
    "up from projects": "/api/projects/../../../etc/passwd",
    "up from a project": "/api/projects/%2e%2e%2f%2e%2e%2fetc/light",
    "up from a file": "/api/projects/{id}/..%2f..%2f..%2flock",
    "a project's own facts": "/api/projects/{id}/project.json",
    "up from exports": "/api/exports/..%2f../lock",
    "up in the suffix": "/api/exports/000000000000/..%2f..%2flock",
    "a suffix that is none": "/api/exports/000000000000/.py",
    "an id that nobody has": "/api/projects/aaaaaaaaaaaa",
    "an id in capitals": "/api/projects/AAAAAAAAAAAA",
    "an id that is too long": "/api/projects/" + "a" * 500,
    "an id with SQL": "/api/projects/1'%20OR%20'1'='1",
    "an id with a line break": "/api/projects/{id}%0a",
    "a name out of JavaScript": "/api/projects/__proto__",
    "markup": "/%3Cscript%3Ealert(1)%3C/script%3E",
}

BIG_CHUNK = "20000\r\n" + "a" * 0x20000 + "\r\n0\r\n\r\n"

REQUESTS: dict[str, tuple[str, set[int]]] = {
    "no Host": (request(LIST, host=""), {400}),
    "two Hosts": (request(LIST, "Host: evil.example"), {400}),
    "HTTP/1.0 without a Host": ("GET /api/projects HTTP/1.0\r\n\r\n", {400, 421}),
    "a forwarded Host": (
        request(LIST, "X-Forwarded-Host: 127.0.0.1:{port}", host="Host: evil.example"),
        {421},
    ),
    "DNS rebinding": (
        request(LIST, "Origin: http://evil.example:{port}", host="Host: evil.example:{port}"),
        {421},
    ),
    "DNS rebinding that changes something": (
        request(
            DEMO, "Origin: http://evil.example:{port}", OURS[1], NOBODY, host="Host: evil.example:{port}"
        ),
        {421},
    ),
    "an address as the target": (request("GET http://evil.example/api/projects"), {404}),
    "no Origin": (request(DEMO, OURS[1], NOBODY), {403}),
    "two Origins": (request(DEMO, *OURS, "Origin: http://evil.example", NOBODY), {403}),
    "no X-Beatomizer": (request(DEMO, OURS[0], NOBODY), {403}),
    "another X-Beatomizer": (request(DEMO, OURS[0], "X-Beatomizer: 0", NOBODY), {403}),
    "a form of another page": (
        request(
            DEMO,
            "Origin: http://evil.example",
            "Sec-Fetch-Site: cross-site",
            "Sec-Fetch-Mode: navigate",
            "Content-Type: application/x-www-form-urlencoded",
            "Content-Length: 6",
            body="seed=1",
        ),
        {403},
    ),
    "a form that looks like JSON": (
        request(
            DEMO,
            "Origin: http://evil.example",
            "Content-Type: text/plain",
            "Content-Length: 10",
            body='{"seed":1}',
        ),
        {403},
    ),
    "another port of this machine, as a browser says it": (
        request(DEMO, *OURS, "Sec-Fetch-Site: same-site", NOBODY),
        {403},
    ),
    "a script of another page reads": (request(LIST, "Origin: http://evil.example"), {403}),
    "a picture of another page": (
        request(LIST, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"),
        {403},
    ),
    "the list opened from a link": (
        request(LIST, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"),
        {403},
    ),
    "the page in a frame": (
        request("GET /", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"),
        {403},
    ),
    "a preflight": (
        request(
            "OPTIONS /api/projects",
            "Origin: http://evil.example",
            "Access-Control-Request-Method: DELETE",
            "Access-Control-Request-Headers: x-beatomizer",
            "Access-Control-Request-Private-Network: true",
        ),
        {405},
    ),
    "a preflight of our own": (request("OPTIONS /api/projects", *OURS), {405}),
    "TRACE": (request("TRACE /api/projects", *OURS), {405}),
    "CONNECT": (request("CONNECT 127.0.0.1:22", *OURS), {400, 405}),
    "PROPFIND": (request("PROPFIND /", *OURS), {405}),
    "a method in small letters": (request("delete /api/projects/{id}", *OURS), {405}),
    "a method behind a method": (
        request("POST /api/projects/{id}", *OURS, "X-HTTP-Method-Override: DELETE", NOBODY),
        {405},
    ),
    "a method in the query": (request("GET /api/projects/{id}?_method=DELETE"), {200}),
    "deleting everything": (request("DELETE /api/projects", *OURS), {405}),
    "a header of 40 KB": (request(LIST, "X-Long: " + "a" * 40_000), {400, 431}),
    "4,000 headers": (request(LIST, *(f"X-{number}: 1" for number in range(4_000))), {400, 431}),
    "a target of 10 KB": (request("GET /api/projects?" + "a" * 10_000), {414}),
    "an announced upload of 10 GB": (
        request("POST /api/projects", *OURS, "X-Name: a.mp3", "Content-Length: 10000000000"),
        {413},
    ),
    "a negative length": (request(DEMO, *OURS, "Content-Length: -1"), {400}),
    "a length that is no number": (request(DEMO, *OURS, "Content-Length: 1e3"), {400}),
    "a length with a sign": (request(DEMO, *OURS, "Content-Length: +5", body="hello"), {400}),
    "two lengths": (request(DEMO, *OURS, "Content-Length: 0", "Content-Length: 44", body="GET"), {400}),
    "smuggling by length and chunks": (
        request(
            DEMO,
            *OURS,
            "Content-Length: 6",
            "Transfer-Encoding: chunked",
            body="0\r\n\r\nGET /api/projects HTTP/1.1\r\n",
        ),
        {400},
    ),
    "smuggling by chunks that are none": (
        request(DEMO, *OURS, "Transfer-Encoding: xchunked", body="0\r\n\r\n"),
        {400, 501},
    ),
    "smuggling by two encodings": (
        request(DEMO, *OURS, "Transfer-Encoding: chunked", "Transfer-Encoding: identity", body="0\r\n\r\n"),
        {400, 501},
    ),
    "a space before the colon": (request(DEMO, *OURS, "Content-Length : 5", body="hello"), {400}),
    "a chunk that is none": (
        request("POST /api/enter", *OURS, "Transfer-Encoding: chunked", body="zz\r\nhello\r\n"),
        {400},
    ),
    "a zero in a header": (request(LIST, "X-Zero: a\0b"), {400}),
    "a line break in the target": (request("GET /api/projects\nX: y"), {400}),
    "no HTTP at all": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n", {400}),
    "HTTP/2 as if known": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 421}),
    "HTTP/9": ("GET / HTTP/9.9\r\nHost: 127.0.0.1:{port}\r\n\r\n", {400, 505}),
    "a body of chunks over the limit": (
        request(
            "POST /api/enter",
            *OURS,
            "Transfer-Encoding: chunked",
            body="20000\r\n" + "a" * 0x20000 + "\r\n0\r\n\r\n",
        ),
        {413},
    ),
    "a compressed body": (
        request("POST /api/enter", *OURS, "Content-Encoding: gzip", "Content-Length: 2", body="{}"),
        {400},
    ),
    "a compressed upload": (
        request("POST /api/projects", *OURS, "Content-Encoding: gzip", "Content-Length: 2", body="{}"),
        {400},
    ),
    "an empty upload": (request("POST /api/projects", *OURS, "X-Name: a.mp3", NOBODY), {400}),
    "a name of 5,000 letters": (
        request("POST /api/projects", *OURS, "X-Name: " + "a" * 5_000, "Content-Length: 1", body="x"),
        {400},
    ),
}

BODIES = {
    "nothing": b"",
    "no JSON": b"{rev: 1}",
    "no object": b"[1, 2]",
    "only a number": b"1",
    "deep JSON": b'{"rev":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "deep objects": b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
    "not a number": b'{"rev": NaN, "cues": {}, "kept": []}',
    "an endless number": b'{"rev": 1e999, "cues": {}, "kept": []}',
    "a number of 5,000 digits": b'{"rev": ' + b"9" * 5_000 + b"}",
    "a key twice": b'{"rev": 1, "rev": 2}',
    "no UTF-8": b'{"rev": "\xff\xfe"}',
    "half a character": b'{"rev": "\\ud800"}',
    "a truth as a number": b'{"rev": true, "cues": {}, "kept": []}',
    "text as a number": b'{"rev": "1", "cues": {}, "kept": []}',
    "no cue list": b'{"rev": 1, "kept": []}',
    "a cue list that is a path": b'{"rev": 1, "cues": "/etc/passwd", "kept": []}',
    "stretches that are none": b'{"rev": 1, "cues": {}, "kept": [[1, 2, 3]]}',
    "stretches without end": b'{"rev": 1, "cues": {}, "kept": [[0, 1e300]]}',
    "stretches that run backwards": b'{"rev": 1, "cues": {}, "kept": [[5, 1]]}',
    "100,000 stretches": b'{"rev": 1, "cues": {}, "kept": [' + b"[0,1]," * 99_999 + b"[0,1]]}",
}


def sent(server: StudioProcess, target: dict[str, Any], text: str) -> Answer:
    text = text.replace("{port}", str(server.port)).replace("{id}", target["id"])
    return server.raw(text.encode("latin-1"))


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS.keys())
def test_other_hosts_are_refused(server: StudioProcess, target: dict[str, Any], host: str) -> None:
    for line in (LIST, "GET /", "GET /static/page/light.js"):
        answer = sent(server, target, request(line, host=f"Host: {host}"))
        assert answer.status in (400, 421)
        check(answer)


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("origin", ORIGINS.values(), ids=ORIGINS.keys())
def test_other_origins_are_refused(server: StudioProcess, target: dict[str, Any], origin: str) -> None:
    line = f"Origin: {origin}"
    for what in (
        DEMO,
        "DELETE /api/projects/{id}",
        "PATCH /api/projects/{id}",
        "PUT /api/projects/{id}/cues",
    ):
        answer = sent(server, target, request(what, line, OURS[1], NOBODY))
        assert answer.status == 403
        check(answer)
    assert sent(server, target, request(LIST, line)).status == 403


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS.keys())
def test_paths_lead_nowhere_else(server: StudioProcess, target: dict[str, Any], path: str) -> None:
    answer = sent(server, target, request(f"GET {path}"))
    assert answer.status in (400, 404)
    check(answer)
    assert answer.headers["content-type"] == "application/json"
    for secret in (b"root:", b"127.0.0.1", b"<script", b"import ", b"digest"):
        assert secret not in answer.body


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(("text", "status"), REQUESTS.values(), ids=REQUESTS.keys())
def test_odd_requests_are_refused(
    server: StudioProcess, target: dict[str, Any], text: str, status: set[int]
) -> None:
    answer = sent(server, target, text)
    assert answer.status in status, answer.body
    check(answer)
    if answer.status != 200:
        assert set(json.loads(answer.body)) == {"error", "hint"}


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_odd_bodies_are_refused(server: StudioProcess, target: dict[str, Any], body: bytes) -> None:
    for what in ("cues", "wishes"):
        answer = server.ask("PUT", f"/api/projects/{target['id']}/{what}", body)
        assert answer.status in (400, 409, 413), answer.body
        check(answer)
    assert server.ask("PATCH", f"/api/projects/{target['id']}", body).status in (400, 413)
    assert server.ask("POST", f"/api/projects/{target['id']}/exports", body).status in (400, 413)


RANGES = [
    "bytes=0-,0-,0-,0-",
    "bytes=" + ",".join(["0-1"] * 1_000),
    "bytes=5-2",
    "bytes=99999999999-",
    "bytes=-0",
]
RANGES += ["lines=1-2", "bytes=a-b", "bytes", "bytes=0-9999999999999999999999999", "bytes=--1", "bytes=-5-"]


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("value", RANGES, ids=range(len(RANGES)))
def test_ranges_are_not_a_lever(server: StudioProcess, target: dict[str, Any], value: str) -> None:
    path = f"/api/projects/{target['id']}/sound"
    whole = len(server.ask("GET", path).body)
    answer = server.ask("GET", path, headers={"Range": value})
    assert answer.status in (200, 206, 400, 416)
    assert len(answer.body) <= whole
    assert "multipart" not in answer.headers.get("content-type", "")
    check(answer)


def test_every_kind_of_answer_has_the_headers(server: StudioProcess, target: dict[str, Any]) -> None:
    id = target["id"]
    kinds = [
        server.ask("GET", "/api/about"),
        server.ask("HEAD", "/api/about"),
        server.ask("GET", "/static/page/light.js"),
        server.ask("GET", "/nothing"),
        server.ask("POST", "/api/about", b""),
        server.ask("GET", f"/api/projects/{id}/light"),
        server.ask("GET", f"/api/projects/{id}/sound", headers={"Range": "bytes=0-1"}),
        server.ask("GET", f"/api/projects/{id}/sound", headers={"Range": "bytes=999999999-"}),
        server.ask("PUT", f"/api/projects/{id}/cues", {"rev": 0, "cues": target["cues"], "kept": []}),
        server.ask("POST", "/api/enter", {"token": "x"}),
        server.ask("GET", "/api/projects", headers={"Origin": "null"}),
    ]
    assert [kind.status for kind in kinds] == [200, 200, 200, 404, 405, 200, 206, 416, 409, 200, 403]
    for kind in kinds:
        check(kind)
    assert kinds[2].headers["content-type"].startswith("text/javascript")


@pytest.mark.usefixtures("unharmed")
def test_an_upload_over_the_limit_is_cut_off_and_leaves_nothing(server: StudioProcess, folder: Path) -> None:
    head = request("POST /api/projects", *OURS, "X-Name: big.wav", "Transfer-Encoding: chunked")
    piece = b"800000\r\n" + bytes(0x800000) + b"\r\n"
    with sockets.create_connection(("127.0.0.1", server.port), timeout=60) as wire:
        wire.sendall(head.replace("{port}", str(server.port)).encode())
        count = 0
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(40):
                wire.sendall(piece)
                count += 0x800000
        answer = read_answer(wire)
    assert answer.status in (0, 413)  # 0: hung up on before the answer was read
    assert count < 40 * 0x800000
    assert not [path for path in (folder / "projects").iterdir() if path.name.startswith(".new-")]


@pytest.mark.usefixtures("unharmed")
def test_an_upload_that_breaks_off_leaves_nothing(server: StudioProcess, folder: Path) -> None:
    head = request("POST /api/projects", *OURS, "X-Name: a.wav", "Content-Length: 1000000", body="RIFF")
    with sockets.create_connection(("127.0.0.1", server.port)) as wire:
        wire.sendall(head.replace("{port}", str(server.port)).encode())
        time.sleep(0.3)
        assert [path for path in (folder / "projects").iterdir() if path.name.startswith(".new-")]
    end = time.monotonic() + 20
    while [path for path in (folder / "projects").iterdir() if path.name.startswith(".new-")]:
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.usefixtures("unharmed")
def test_a_chunk_of_2_to_the_72_is_not_believed(server: StudioProcess, target: dict[str, Any]) -> None:
    """The bytes are waited for, and nothing is put aside for them."""
    memory = Path(f"/proc/{server.process.pid}/statm")
    before = int(memory.read_text().split()[0]) if memory.exists() else 0
    head = request("POST /api/enter", *OURS, "Transfer-Encoding: chunked", body="ffffffffffffffffff\r\nx")
    answer = server.raw(head.replace("{port}", str(server.port)).encode(), timeout_s=1.0)
    assert answer.status in (0, 400, 413)
    assert not before or int(memory.read_text().split()[0]) < before + 10_000


@pytest.mark.usefixtures("unharmed")
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs prlimit (Linux)")
def test_a_disk_that_is_full_is_said_and_leaves_nothing(server: StudioProcess, folder: Path) -> None:
    usual = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (50_000, resource.RLIM_INFINITY))
    try:
        answer = server.ask("POST", "/api/projects", bytes(200_000), {"X-Name": "a.wav"})
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, usual)
    assert (answer.status, answer.json["error"]) == (503, "the disk is full")
    check(answer)
    assert not [path for path in (folder / "projects").iterdir() if path.name.startswith(".new-")]


@pytest.mark.usefixtures("unharmed")
def test_many_uploads_at_once_are_refused(server: StudioProcess) -> None:
    head = request("POST /api/projects", *OURS, "X-Name: a.wav", "Content-Length: 1000000", body="RIFF")
    head = head.replace("{port}", str(server.port))
    with contextlib.ExitStack() as stack:
        wires = [
            stack.enter_context(sockets.create_connection(("127.0.0.1", server.port), timeout=10))
            for _ in range(6)
        ]
        for wire in wires:
            wire.sendall(head.encode())
        time.sleep(0.5)
        for wire in wires:
            wire.setblocking(False)
        answered = 0
        for wire in wires:
            with contextlib.suppress(BlockingIOError):
                answered += wire.recv(4096).startswith(b"HTTP/1.1 503")
        assert answered == 2
        assert server.works()
    time.sleep(0.3)


@pytest.mark.usefixtures("unharmed")
def test_slow_heads_do_not_keep_others_waiting(server: StudioProcess) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(150):
            wire = stack.enter_context(sockets.create_connection(("127.0.0.1", server.port)))
            wire.sendall(b"GET / HTTP/1.1\r\nX: ")
        begin = time.monotonic()
        for _ in range(5):
            assert server.works()
        assert time.monotonic() - begin < 5


@pytest.mark.realtime
def test_slow_heads_are_hung_up_on(server: StudioProcess) -> None:
    with sockets.create_connection(("127.0.0.1", server.port), timeout=40) as wire:
        begin = time.monotonic()
        wire.sendall(b"GET / HTTP/1.1\r\nX: ")
        with contextlib.suppress(ConnectionResetError):
            assert wire.recv(10) == b""
        assert 10 < time.monotonic() - begin < 30


def test_requests_in_one_packet_are_all_looked_at(server: StudioProcess, target: dict[str, Any]) -> None:
    good = request(LIST)
    bad = request(f"DELETE /api/projects/{target['id']}", "Origin: http://evil.example", OURS[1])
    with sockets.create_connection(("127.0.0.1", server.port), timeout=5) as wire:
        wire.sendall((good + bad).replace("{port}", str(server.port)).encode())
        data = b""
        with contextlib.suppress(TimeoutError):
            while data.count(b"HTTP/1.1 ") < 2:
                data += wire.recv(65536)
    assert re.findall(rb"HTTP/1\.1 (\d+)", data) == [b"200", b"403"]
    assert server.project(target["id"]) == target


# Songs.


class Listener:
    """A port that nobody should call."""

    def __init__(self) -> None:
        self.socket = sockets.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.calls = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.socket.accept()[0].close()
                self.calls += 1


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.socket.close()


SONGS: dict[str, tuple[str, bytes]] = {
    "a playlist that leads to the network": (
        "a.m3u8",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:{port}/x.ts\n#EXT-X-ENDLIST\n",
    ),
    "a playlist that leads to a file": (
        "a.mp3",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    ),
    "a session description": (
        "a.wav",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio {port} RTP/AVP 0\n",
    ),
    "a concat script": ("a.mp4", b"ffconcat version 1.0\nfile 'http://127.0.0.1:{port}/x.mp4'\n"),
    "a playlist with a zero": ("a.ts", b"\x00#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{port}/x.ts\n"),
    "an XML entity": (
        "a.wav",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    ),
    "a gzip bomb": ("a.mp3", gzip.compress(bytes(30_000_000))),
    "a page": ("a.html", b"<!doctype html><script>alert(1)</script>"),
    "a program": ("a.exe", b"MZ" + bytes(300)),
    "a WAV of 4 GB that has 60 bytes": (
        "a.wav",
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\xff\xff\x44\xac\0\0\x10\xb1\x02\0\x04\0\x10\0"
        b"data\xff\xff\xff\xff1234",
    ),
    "zeros": ("a.flac", bytes(100_000)),
}


@pytest.mark.parametrize("kind", SONGS)
def test_hostile_songs_fail_in_a_process_of_their_own(
    server: StudioProcess, listener: Listener, kind: str
) -> None:
    name, data = SONGS[kind]
    answer = server.ask(
        "POST", "/api/projects", data.replace(b"{port}", str(listener.port).encode()), {"X-Name": name}
    )
    assert answer.status == 201
    failed = server.until(answer.json["id"])
    assert failed["state"] == "failed"
    assert failed["error"]
    assert "\n" not in failed["error"]
    assert listener.calls == 0
    assert server.ask("DELETE", f"/api/projects/{failed['id']}").status == 200
    assert server.works()


NAMES = {
    "up": "..%2f..%2f..%2fetc%2fcron.d%2fevil",
    "up in Windows": "..%5c..%5cevil.wav",
    "absolute": "%2fetc%2fpasswd",
    "markup": "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E.wav",
    "a zero": "a%00.wav",
    "a line break": "a%0d%0aSet-Cookie:%20x=y.wav",
    "written from the right": "%e2%80%aegnp.wav",
    "half characters": "%ff%fe%ed%a0%80.wav",
    "only dots": "...",
    "a shell": "$(touch%20evil);%60id%60.wav",
    "a device of Windows": "CON.wav",
    "long": "a" * 3_900 + ".wav",
    "not encoded at all": "a b.wav",
    "a project's own file": "project.json",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_hostile_names_are_only_text(server: StudioProcess, folder: Path, name: str) -> None:
    before = {path for path in folder.rglob("*") if path.parent == folder / "projects"}
    answer = server.ask("POST", "/api/projects", b"\x00\x01" * 400, {"X-Name": name})
    assert answer.status == 201
    check(answer)
    id = answer.json["id"]
    assert set((folder / "projects").iterdir()) - before == {folder / "projects" / id}
    names = {path.name for path in (folder / "projects" / id).iterdir() if not path.name.startswith(".")}
    assert names <= {"project.json", "song", "song.wav"}
    shown = answer.json["name"]
    assert shown.isprintable()
    assert 0 < len(shown) <= 120
    assert "/" not in shown
    assert server.ask("DELETE", f"/api/projects/{id}").status == 200
    assert server.works()


@pytest.mark.parametrize(
    "name", ["../../x", "a\0b", "<b>", "", "ü", "CON", "a" * 500, "\u202egnp", "..", "a/b\\c"]
)
def test_names_of_files_are_ours(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]{1,60}-lights", file_name(name))
    assert re.fullmatch(r"song(\.[a-z0-9]+)?", song_file_name(name))
    assert song_file_name("x.py") == song_file_name("x.html") == "song"
    assert title_from(name).isprintable()


# The socket.

UNWANTED = {
    "no JSON": "hello",
    "an empty message": "",
    "a list": "[]",
    "no type": "{}",
    "an unknown type": '{"type": "format_disk"}',
    "a type that is a list": '{"type": ["ping"]}',
    "a type out of Python": '{"type": "__class__"}',
    "no t": '{"type": "ping"}',
    "text as a number": '{"type": "ping", "t": "1"}',
    "not a number": '{"type": "ping", "t": NaN}',
    "an endless number": '{"type": "ping", "t": 1e400}',
    "deep JSON": '{"type": "ping", "t": ' + "[" * 2_000 + "]" * 2_000 + "}",
    "a key twice": '{"type": "ping", "t": 1, "t": 2}',
    "a server's message": '{"type": "show", "project": "aaaaaaaaaaaa"}',
    "bytes": b"\x01\x00\x00\x00\x00",
}


@pytest.mark.parametrize("message", UNWANTED.values(), ids=UNWANTED.keys())
def test_unwanted_messages_close_the_connection(server: StudioProcess, message: str | bytes) -> None:
    with server.socket() as page, server.socket() as other:
        page.send(message)
        assert closed(page) == 1008
        other.send('{"type": "ping", "t": 3}')
        assert events(other, "pong")[-1]["t"] == 3
    assert server.works()


def closed(page: Any) -> int:
    """The code with which the server closes a connection."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            page.recv(timeout=20)
    code: int = page.close_code
    return code


@pytest.mark.parametrize("pieces", [1, 10])
def test_messages_over_64_kib_close_the_connection(server: StudioProcess, pieces: int) -> None:
    with server.socket() as page:
        text = '{"type": "ping", "t": 1, "x": "' + "a" * 70_000 + '"}'
        size = len(text) // pieces + 1
        page.send(text if pieces == 1 else [text[at : at + size] for at in range(0, len(text), size)])
        assert closed(page) == 1009
    assert server.works()


def test_a_flood_closes_the_connection(server: StudioProcess) -> None:
    with server.socket() as page, server.socket() as other:
        with contextlib.suppress(ConnectionClosed):
            for number in range(3_000):
                page.send(json.dumps({"type": "ping", "t": number}))
        assert closed(page) == 1008
        other.send('{"type": "ping", "t": 3}')
        assert events(other, "pong")[-1]["t"] == 3
    assert server.works()


@pytest.mark.parametrize("origin", [None, *ORIGINS.values()], ids=["none", *ORIGINS.keys()])
def test_sockets_of_other_pages_are_refused(server: StudioProcess, origin: str | None) -> None:
    text = origin.replace("{port}", str(server.port)) if origin is not None else None
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{server.port}/api/socket", origin=text, legacy=True)
    assert refused.value.response.status_code == 403
    assert refused.value.response.headers["Content-Security-Policy"]
    assert server.works()


@pytest.mark.parametrize("host", ["evil.example:{port}", "127.0.0.1", "localhost.evil.example:{port}"])
def test_sockets_under_other_names_are_refused(server: StudioProcess, host: str) -> None:
    name = host.replace("{port}", str(server.port))
    lines = [f"GET /api/socket HTTP/1.1\r\nHost: {name}\r\nOrigin: http://{name}\r\nUpgrade: websocket"]
    lines += [
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ]
    answer = server.raw("\r\n".join(lines).encode())
    assert answer.status == 403
    check(answer)
    assert server.works()


def test_sockets_lead_to_one_place(server: StudioProcess) -> None:
    for path in ("/", "/api/projects", "/api/socket/", "/api/socket/x", "/static/page/light.js"):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://127.0.0.1:{server.port}{path}", origin=server.origin, legacy=True)
        assert refused.value.response.status_code in (403, 404)
    assert server.works()


def test_too_many_pages_are_turned_away(server: StudioProcess) -> None:
    with contextlib.ExitStack() as stack:
        pages = [stack.enter_context(server.socket()) for _ in range(MOST_PAGES)]
        for page in pages:
            page.recv(timeout=20)
        with pytest.raises(InvalidStatus):
            server.socket(legacy=True)
        assert server.works()
    end = time.monotonic() + 20
    while True:
        try:
            with server.socket() as page:
                page.recv(timeout=20)
            return
        except InvalidStatus:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_compression_is_not_offered(server: StudioProcess) -> None:
    with server.socket(compression="deflate") as page:
        assert "Sec-WebSocket-Extensions" not in page.response.headers


# The token.


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioProcess]:
    """A studio that asks for its token."""
    with studio(tmp_path_factory.mktemp("locked"), "--token") as process:
        yield process


def test_without_the_token_nothing_is_told(locked: StudioProcess) -> None:
    token = locked.fragment.removeprefix("#token=")
    assert len(token) >= 32
    assert locked.ask("GET", "/api/projects", headers={"Cookie": ""}).status == 401
    for path in ("/api/about", "/api/projects/demo", "/api/jobs", f"/api/projects?token={token}", "/nothing"):
        answer = locked.ask("GET", path)
        assert answer.status == 401
        check(answer)
        assert token.encode() not in answer.body
    assert locked.ask("POST", "/api/projects/demo", b"").status == 401
    assert locked.ask("GET", "/static/page/light.js").status == 200
    with pytest.raises(InvalidStatus):
        locked.socket(legacy=True)
    with pytest.raises(InvalidStatus):
        connect(
            f"ws://127.0.0.1:{locked.port}/api/socket?token={token}",
            origin=locked.origin,
            legacy=True,
        )


@pytest.mark.parametrize(
    "cookie",
    [
        "beatomizer-{port}=",
        "beatomizer-{port}={token}",
        "beatomizer={token}",
        "token={token}",
        "beatomizer-1={token}",
        "beatomizer-{port}=\xff\xfe",
        "beatomizer-{port}=*",
        "; ; =",
        "a=1; " * 500,
    ],
)
def test_wrong_cookies_open_nothing(locked: StudioProcess, cookie: str) -> None:
    token = locked.fragment.removeprefix("#token=")
    text = cookie.replace("{port}", str(locked.port)).replace("{token}", token)
    assert locked.ask("GET", "/api/projects", headers={"Cookie": text}).status == 401


@pytest.mark.parametrize("name", ["Authorization", "X-Token", "Token", "X-Beatomizer"])
def test_the_token_counts_nowhere_else(locked: StudioProcess, name: str) -> None:
    token = locked.fragment.removeprefix("#token=")
    assert locked.ask("GET", "/api/projects", headers={name: f"Bearer {token}"}).status == 401


def test_wrong_tokens_are_answered_late_and_few_at_once(locked: StudioProcess) -> None:
    token = locked.fragment.removeprefix("#token=")
    found: list[int] = []

    def guess(word: str) -> None:
        found.append(locked.ask("POST", "/api/enter", {"token": word}).status)

    begin = time.monotonic()
    guessing = [threading.Thread(target=guess, args=(token[:-1] + letter,)) for letter in "abcdefghijk+"]
    for thread in guessing:
        thread.start()
    for thread in guessing:
        thread.join()
    assert time.monotonic() - begin > 0.4
    assert found.count(200) == (1 if token[-1] in "abcdefghijk" else 0)
    assert found.count(429) >= 1
    for body in ({}, {"token": None}, {"token": ""}, {"token": token + "x"}):
        assert locked.ask("POST", "/api/enter", body).status == 403
    assert locked.ask("POST", "/api/enter", {"token": [token]}).status == 400
    assert locked.ask("POST", "/api/enter", {"token": token}, {"Origin": "http://evil.example"}).status == 403


def test_the_token_opens_by_a_strict_cookie(locked: StudioProcess) -> None:
    token = locked.fragment.removeprefix("#token=")
    answer = locked.ask("POST", "/api/enter", {"token": token})
    assert answer.status == 200
    cookie = answer.headers["set-cookie"]
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "path=/",
        "samesite=strict",
    }
    assert token not in cookie
    locked.cookie = cookie.partition(";")[0]
    try:
        assert locked.ask("GET", "/api/projects").json == []
        with locked.socket() as page:
            assert json.loads(page.recv(timeout=20))["type"] == "hello"
    finally:
        locked.cookie = ""


def test_another_host_asks_for_a_token_and_takes_only_its_own_name(tmp_path: Path) -> None:
    with studio(tmp_path / "all", "--host", "0.0.0.0") as server:
        assert "#token=" in server.said
        assert "Warning" in server.said
        assert server.ask("GET", "/api/projects").status == 401
        assert server.ask("GET", "/", headers={"Host": f"127.0.0.1:{server.port}"}).status != 421
        for host in ("evil.example", "192.0.2.7", "0.0.0.0"):
            assert server.ask("GET", "/", headers={"Host": f"{host}:{server.port}"}).status == 421


# In this process: what cannot be seen from outside.


@pytest.fixture
def inner(tmp_path: Path) -> Iterator[tuple[Studio, Any, int]]:
    """A studio on real sockets in a thread of this process, its loop, its port."""
    made, port = bound(0, "", 0)
    inside = Studio(Settings(tmp_path / "inner", port))
    inside.projects.open()
    server = server_of(inside)
    ready = threading.Event()
    loops: list[Any] = []

    def begun() -> None:
        import asyncio

        loops.append(asyncio.get_running_loop())
        ready.set()

    server.on_ready = begun
    thread = threading.Thread(target=server.run, kwargs={"sockets": made})
    thread.start()
    assert ready.wait(60)
    yield inside, loops[0], port
    server.should_exit = True
    thread.join(30)
    assert not thread.is_alive()


def test_a_page_that_does_not_read_is_dropped_and_nobody_waits(inner: tuple[Studio, Any, int]) -> None:
    inside, loop, port = inner
    slow = sockets.socket()
    slow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", port))
    slow.sendall(
        f"GET /api/socket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    origin: Any = f"http://127.0.0.1:{port}"
    with connect(f"ws://127.0.0.1:{port}/api/socket", origin=origin, max_queue=None) as page, slow:
        page.recv(timeout=20)
        end = time.monotonic() + 20
        while inside.hub.pages < 2:
            assert time.monotonic() < end
            time.sleep(0.01)
        late: list[float] = []
        for number in range(2_500):
            asked = time.monotonic()
            event = {"type": "test", "number": number, "filler": "x" * 8_000}
            loop.call_soon_threadsafe(inside.hub.send, event)
            loop.call_soon_threadsafe(inside.hub.send_bytes, bytes(100))
            assert _test_event(page)["number"] == number
            late.append(time.monotonic() - asked)
        assert sorted(late)[len(late) // 2] < 0.1
        while inside.hub.pages > 1:
            assert time.monotonic() < end + 40
            time.sleep(0.05)


def _test_event(page: Any) -> Any:
    while True:
        message = page.recv(timeout=20)
        if isinstance(message, str) and json.loads(message)["type"] == "test":
            return json.loads(message)


def test_a_mistake_in_the_server_is_one_line(
    inner: tuple[Studio, Any, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, _, port = inner

    def broken() -> list[Project]:
        raise ZeroDivisionError("secret /home/person")

    told = io.StringIO()  # the server's thread may write elsewhere than where pytest listens
    monkeypatch.setattr("sys.stderr", told)
    monkeypatch.setattr(inside.projects, "all", broken)
    with sockets.create_connection(("127.0.0.1", port), timeout=20) as wire:
        wire.sendall(f"GET /api/projects HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        answer = read_answer(wire)
    assert answer.status == 500
    assert json.loads(answer.body) == {
        "error": "a mistake in beatomizer (ZeroDivisionError)",
        "hint": "please report it",
    }
    check(answer)
    assert "secret" in told.getvalue()  # for whoever runs it


@pytest.mark.parametrize(
    "result",
    [
        {"wave": "/etc/passwd"},
        {"wave": "../../lock"},
        {"cues": "x-../y", "light": {"file": "x-light.bin"}},
        {"light": {"file": "/proc/self/mem"}},
        {"light": {"file": "y-light.bin"}},
        {"heard": "x-heard.npz/../../y"},
        {"heard": 7},
    ],
)
def test_a_decoder_that_was_taken_over_names_no_other_file(result: dict[str, Any]) -> None:
    with pytest.raises(TaskError):
        named(result, "x")
    good = {"wave": "x-wave.bin", "cues": "x-cues.json", "light": {"file": "x-light.bin"}, "heard": ""}
    assert named(good, "x") == good


def test_links_in_the_pages_folder_are_not_served(tmp_path: Path) -> None:
    static = tmp_path / "static"
    (static / "sub").mkdir(parents=True)
    (tmp_path / "secret.js").write_text("secret")
    (static / "main.js").write_text("ours")
    (static / "sub" / "a.css").write_text("ours")
    (static / "code.py").write_text("not a page")
    (static / ".hidden.js").write_text("not listed either")
    (static / "link.js").symlink_to(tmp_path / "secret.js")
    (static / "folder").symlink_to(tmp_path)
    found = table(static)
    assert {name for name in found if "hidden" not in name} == {"/static/main.js", "/static/sub/a.css"}
    assert all(not path.is_symlink() for path in page_files().values())
    assert len(page_routes(found)) == 3


@pytest.mark.parametrize("text", ["", " \n", "\0\x1b[2J", "\ud800"])
def test_names_that_are_nothing_are_refused(text: str) -> None:
    from beatomizer.errors import UsageError

    try:
        assert name_of(text).isprintable()
    except UsageError:
        assert not text.strip("\0 \n")
