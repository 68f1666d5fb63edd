"""A real studio in a process of its own, and what a page would say to it."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

START_S = 60.0
WORK_S = 90.0
"""Long, for busy machines; nothing waits longer than it has to."""


class Answer:
    """Status, headers (lower case) and body of one answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class StudioProcess:
    """``beatomizer studio`` on a port of its own."""

    def __init__(self, folder: Path, *words: str) -> None:
        command = [sys.executable, "-m", "beatomizer", "studio", "--no-browser", "--folder", str(folder)]
        command += words if "--port" in words else (*words, "--port", "0")
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        assert self.process.stdout is not None
        self.said = ""
        while "Ctrl-C ends it" not in self.said:
            line = self.process.stdout.readline()
            assert line, f"the studio did not start: {self.said}"
            self.said += line
        found = re.search(r"http://127\.0\.0\.1:(\d+)/(#\S+)?", self.said)
        assert found is not None
        self.port, self.fragment = int(found[1]), found[2] or ""
        self.origin = f"http://127.0.0.1:{self.port}"
        self.cookie = ""

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: dict[str, str] | None = None,
        *,
        port: int | None = None,
    ) -> Answer:
        """One request as the page would send it; a body that is not bytes is sent as JSON."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"Origin": self.origin, "X-Beatomizer": "1"} if method not in ("GET", "HEAD") else {}
        sent |= {"Cookie": self.cookie} if self.cookie else {}
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=WORK_S)
        with contextlib.closing(connection):
            connection.request(method, path, data, sent | (headers or {}))
            response = connection.getresponse()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    def raw(self, data: bytes, *, timeout_s: float = 20.0) -> Answer:
        """Bytes as they are, until the server has answered and hung up or fallen silent."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s) as wire:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                wire.sendall(data)
            return read_answer(wire)

    def socket(self, **wishes: Any) -> ClientConnection:
        """A page's connection."""
        headers = {"Cookie": self.cookie} if self.cookie else {}
        given = {"origin": self.origin, "max_size": None, "max_queue": None, "additional_headers": headers}
        page: ClientConnection = connect(f"ws://127.0.0.1:{self.port}/api/socket", **{**given, **wishes})
        return page

    def upload(self, song: Path, name: str | None = None) -> dict[str, Any]:
        """A project of a song."""
        sent = self.ask("POST", "/api/projects", song.read_bytes(), {"X-Name": name or song.name})
        assert sent.status == 201, sent.body
        project: dict[str, Any] = sent.json
        return project

    def project(self, id: str) -> dict[str, Any]:
        """Everything of one."""
        got = self.ask("GET", f"/api/projects/{id}")
        assert got.status == 200, got.body
        project: dict[str, Any] = got.json
        return project

    def until(self, id: str) -> dict[str, Any]:
        """Wait until nothing is left to do for a project, or it has failed."""
        end = time.monotonic() + WORK_S
        while time.monotonic() < end:
            busy = bool(self.running(id))  # asked before, so that what it did is in the project
            project = self.project(id)
            if project["state"] == "failed":
                return project
            drawn = project["state"] == "ready" and not project["coarse"] and project["show"]
            if drawn and project["has_sound"] and not busy:
                return project
            time.sleep(0.05)
        raise AssertionError(f"not ready in {WORK_S} s: {self.project(id) | {'cues': None}}")

    def running(self, id: str) -> list[dict[str, Any]]:
        """Jobs of a project that are not over."""
        jobs = self.ask("GET", "/api/jobs").json
        return [job for job in jobs if job["project"] == id and job["state"] == "running"]

    def works(self) -> bool:
        """Whether it still answers as it should."""
        got = self.ask("GET", "/api/about")
        return got.status == 200 and "palettes" in got.json and self.process.poll() is None

    def children(self) -> list[int]:
        """Every process that it has started, and theirs."""
        return descendants(self.process.pid)

    def end(self, number: int = signal.SIGINT) -> int:
        """End it; the exit code."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)
        try:
            rest, _ = self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            rest, _ = self.process.communicate()
            raise AssertionError(f"did not end: {self.said}{rest}") from None
        self.said += rest
        return self.process.returncode


def read_answer(wire: socket.socket) -> Answer:
    """The first answer that comes on a socket; status 0 for none."""
    data = b""
    with contextlib.suppress(TimeoutError, ConnectionResetError):
        while (missing := _missing(data)) and (more := wire.recv(min(65536, missing))):
            data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0].startswith("HTTP/1."):
        return Answer(0, {}, data)
    pairs = (line.partition(":") for line in lines[1:])
    return Answer(
        int(lines[0].split()[1]), {name.strip().lower(): value.strip() for name, _, value in pairs}, body
    )


def _missing(data: bytes) -> int:
    """Bytes of the first answer that have not come; at least 1 while its head is not whole."""
    head, end, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return 1 if not end else max(0, int(length[1]) - len(body)) if length else 65536


def descendants(pid: int) -> list[int]:
    """Processes below ``pid`` (Linux)."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                facts = (entry / "stat").read_text().rpartition(")")[2].split()
                if facts[0] != "Z":
                    parents.setdefault(int(facts[1]), []).append(int(entry.name))
    found, left = [], [pid]
    while left:
        below = parents.get(left.pop(), [])
        found += below
        left += below
    return found


def gone(pids: list[int], within_s: float = 10.0) -> bool:
    """Whether all of these have ended, or do soon."""
    end = time.monotonic() + within_s
    while any(_lives(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def studio(folder: Path, *words: str) -> Iterator[StudioProcess]:
    """A studio that is ended afterwards, with everything that it started."""
    server = StudioProcess(folder, *words)
    below: list[int] = []
    try:
        yield server
        below = server.children()
    finally:
        server.end(signal.SIGINT if server.process.poll() is None else signal.SIGKILL)
        assert gone(below)


def events(
    socket: ClientConnection, until: str, timeout_s: float = WORK_S, **fields: object
) -> list[dict[str, Any]]:
    """Events up to the first of type ``until`` with these fields."""
    found: list[dict[str, Any]] = []
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        message = socket.recv(timeout=max(0.01, end - time.monotonic()))
        if isinstance(message, str):
            found.append(json.loads(message))
            last = found[-1]
            if last["type"] == until and all(last.get(name) == value for name, value in fields.items()):
                return found
    raise AssertionError(
        f"no {until} {fields} among {[(event['type'], event.get('state')) for event in found]}"
    )
