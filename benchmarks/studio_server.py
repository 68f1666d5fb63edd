"""The studio's server: how soon a song is seen and heard, what the server weighs, and what kill -9 costs.

    python benchmarks/studio_server.py [--song FILE] [--rounds N] [--songs N] [--kills N] [--only preview|memory|kills]

* preview: a song of four minutes is uploaded; seconds until the first light is fetched, until the sound can be fetched,
  until the better show is fetched, and until an edit is drawn. Median and worst of five rounds.
* memory: twenty songs are uploaded and made; resident memory of the server and of its nursery after each fifth.
* kills: a page edits a project as fast as it can; the server is killed with -9 at a random moment and started again,
  thirty times. Lost is what was answered and is not there afterwards; damaged what is not a whole project.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from beatomizer.composer.compose import compose
from beatomizer.composer.song_file import write_song
from tests.studio_server import StudioProcess, events

FOUR_MINUTES_S = 240


def four_minutes(folder: Path) -> Path:
    """A composed song, repeated to four minutes, as AAC."""
    from dataclasses import replace

    song = compose(5)
    length = FOUR_MINUTES_S * song.sample_rate
    samples = np.tile(song.samples, (-(-length // len(song.samples)), 1))[:length]
    path = folder / "four minutes.m4a"
    write_song(replace(song, samples=samples), path)
    return path


def preview(folder: Path, song: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds from the first byte of the upload, for each round."""
    found: dict[str, list[float]] = {"first light": [], "sound": [], "better light": [], "edit drawn": []}
    server = StudioProcess(folder / "preview")
    time.sleep(1.5)  # a person has to choose a song, too
    for _ in range(rounds):
        with server.socket() as page:
            begin = time.perf_counter()
            id = server.upload(song)["id"]
            due = {"first light", "sound", "better light"}
            while due:
                event = json.loads(page.recv(timeout=120))
                if event.get("project") != id:
                    continue
                what = event["type"]
                if what == "show":
                    what = "first light" if event["coarse"] else "better light"
                    server.ask("GET", f"/api/projects/{id}/light")
                elif what == "sound":
                    server.ask("GET", f"/api/projects/{id}/sound", headers={"Range": "bytes=0-65535"})
                if what in due:
                    due.remove(what)
                    found[what].append(time.perf_counter() - begin)
            project = server.until(id)
            project["cues"]["cues"][0]["colors"] = ["#00ff00"]
            begin = time.perf_counter()
            body = {"rev": project["rev"], "cues": project["cues"], "kept": []}
            rev = server.ask("PUT", f"/api/projects/{id}/cues", body).json["rev"]
            events(page, "show", project=id, rev=rev)
            server.ask("GET", f"/api/projects/{id}/light")
            found["edit drawn"].append(time.perf_counter() - begin)
    server.end()
    return found


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MiB (Linux)."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def memory(folder: Path, songs: int) -> list[tuple[int, float, float]]:
    """Songs made so far, MiB of the server, MiB of the nursery."""
    server = StudioProcess(folder / "memory")
    server.ask("GET", "/api/about")
    time.sleep(1.5)
    rows = []

    def note(count: int) -> None:
        nursery = max(map(resident_mb, server.children()), default=0.0)
        rows.append((count, resident_mb(server.process.pid), nursery))

    note(0)
    for number in range(songs):
        path = folder / f"song {number}.m4a"
        write_song(compose(100 + number), path)
        with server.socket():
            id = server.upload(path)["id"]
            server.until(id)
            server.ask("GET", f"/api/projects/{id}/light")
            server.ask("GET", f"/api/projects/{id}/sound")
        path.unlink()
        if (number + 1) % 5 == 0:
            note(number + 1)
    server.end()
    return rows


class Editor(threading.Thread):
    """A page that edits as fast as it can, until nobody answers."""

    def __init__(self, port: int, id: str, project: dict[str, Any]) -> None:
        super().__init__()
        self.answered, self.number = project["rev"], 0
        self._port, self._id, self._cues = port, id, project["cues"]

    def run(self) -> None:
        wire = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        headers = {"Origin": f"http://127.0.0.1:{self._port}", "X-Beatomizer": "1"}
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            while True:
                cues = self._cues | {"title": f"edit {self.number + 1}"}
                body = json.dumps({"rev": self.answered, "cues": cues, "kept": []})
                wire.request("PUT", f"/api/projects/{self._id}/cues", body, headers)
                said = json.loads(wire.getresponse().read())
                self.answered, self.number = said["rev"], self.number + 1


def kills(folder: Path, song: Path, count: int, seed: int = 1) -> tuple[int, int, int, int]:
    """Kills, edits that were answered, edits lost, projects damaged."""
    home = folder / "kills"
    server = StudioProcess(home)
    id = server.until(server.upload(song)["id"])["id"]
    server.end()
    chance = random.Random(seed)
    answered = lost = damaged = 0
    for _ in range(count):
        server = StudioProcess(home)
        before = server.project(id)
        editor = Editor(server.port, id, before)
        editor.start()
        time.sleep(chance.uniform(0.05, 0.6))
        os.kill(server.process.pid, signal.SIGKILL)
        editor.join()
        with contextlib.suppress(AssertionError):
            server.end(signal.SIGKILL)
        answered += editor.number
        again = StudioProcess(home)
        try:
            now = again.until(id)
            number = int(now["cues"]["title"].partition(" ")[2] or 0) if editor.number else 0
            lost += now["rev"] not in (editor.answered, editor.answered + 1) or number < editor.number
            damaged += now["state"] != "ready" or any(path.name.startswith(".") for path in _files(home, id))
        except AssertionError:
            damaged += 1
        again.end()
    return count, answered, lost, damaged


def _files(home: Path, id: str) -> list[Path]:
    return list((home / "projects" / id).iterdir())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--song", type=Path, help="a song of about four minutes; composed if none is given")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--songs", type=int, default=20)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--only", choices=("preview", "memory", "kills"))
    wishes = parser.parse_args()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{os.cpu_count()} cores, load {load:.1f} before")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        song = wishes.song or four_minutes(folder)
        if wishes.only in (None, "preview"):
            for what, seconds in preview(folder, song, wishes.rounds).items():
                print(f"{what:>13}: median {statistics.median(seconds):.2f} s, worst {max(seconds):.2f} s")
        if wishes.only in (None, "memory"):
            for count, server_mb, nursery_mb in memory(folder, wishes.songs):
                print(f"after {count:2d} songs: server {server_mb:.0f} MiB, nursery {nursery_mb:.0f} MiB")
        if wishes.only in (None, "kills"):
            done, answered, lost, damaged = kills(folder, song, wishes.kills)
            print(f"{done} kills, {answered} edits answered, {lost} lost, {damaged} damaged")


if __name__ == "__main__":
    main()
