"""The studio as a page sees it: a real server, real sockets, real songs."""

import io
import json
import signal
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from beatomizer.arrays import U8
from beatomizer.cli import main
from beatomizer.cues.format import from_json
from beatomizer.line import render_cues
from tests.songs import beat_song, write_wav
from tests.studio_server import StudioProcess, events, gone, studio

NEEDS_PROC = pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="looks at processes in /proc")


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("song") / "Nice_song.wav", beat_song(12.0))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioProcess]:
    with studio(tmp_path_factory.mktemp("studio")) as process:
        yield process


@pytest.fixture(scope="module")
def first(server: StudioProcess, song: Path) -> dict[str, Any]:
    """A project, with the events of its making under ``events``."""
    with server.socket() as page:
        project = server.upload(song)
        heard = events(page, "job", kind="listen", state="done")
        return server.until(project["id"]) | {"events": heard, "answer": project}


@pytest.fixture
def project(server: StudioProcess, first: dict[str, Any]) -> dict[str, Any]:
    """The same as it is now."""
    return server.until(first["id"])


def light_of(server: StudioProcess, id: str) -> tuple[dict[str, Any], U8]:
    """The newest light as the page would unpack it: header, ``[T, Z, 3]``."""
    body = server.ask("GET", f"/api/projects/{id}/light").body
    length = struct.unpack("<I", body[:4])[0]
    header = json.loads(body[4 : 4 + length])
    rest = body[4 + length :]
    assert len(rest) == header["light_bytes"] + header["calm_bytes"]
    planes = np.frombuffer(zlib.decompress(rest[: header["light_bytes"]]), dtype=np.uint8)
    planes = planes.reshape(header["zones"] * 3, header["frames"])
    calm = zlib.decompress(rest[header["light_bytes"] :])
    assert len(calm) == header["zones"] * 3 * header["calm_points"]
    rgb8 = np.cumsum(planes, axis=1, dtype=np.uint8).reshape(header["zones"], 3, header["frames"])
    return header, rgb8.transpose(2, 0, 1)


def drawn(project: dict[str, Any]) -> U8:
    """The light that the line makes of a project's cue list."""
    return render_cues(from_json(json.dumps(project["cues"]))).show.rgb8


def put(server: StudioProcess, project: dict[str, Any], cues: object, kept: object = ()) -> Any:
    body = {"rev": project["rev"], "cues": cues, "kept": kept}
    return server.ask("PUT", f"/api/projects/{project['id']}/cues", body)


def test_a_song_becomes_a_show_first_coarse_then_better(first: dict[str, Any]) -> None:
    told = first["events"]
    shows = [event for event in told if event["type"] == "show"]
    assert [(show["show"], show["coarse"]) for show in shows] == [(1, True), (2, False)]
    assert shows[0]["rev"] < shows[1]["rev"] == first["rev"]
    assert first["answer"]["state"] == "listening"
    assert (first["state"], first["coarse"], first["has_sound"], first["has_wave"]) == (
        "ready",
        False,
        True,
        True,
    )
    assert (first["name"], first["title"]) == ("Nice song", "Nice song")
    assert first["duration_s"] == pytest.approx(12.0, abs=1e-6)
    shares = [event["share"] for event in told if event["type"] == "job" and event["kind"] == "listen"]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_light_is_that_of_the_cue_list(server: StudioProcess, project: dict[str, Any]) -> None:
    header, rgb8 = light_of(server, project["id"])
    assert (rgb8 == drawn(project)).all()
    assert (header["show"], header["rev"]) == (project["show"], project["rev"])
    assert header["report"] == project["report"]
    assert header["report"]["profile"] == "broadcast"


def test_sound_and_waveform(server: StudioProcess, first: dict[str, Any]) -> None:
    path = f"/api/projects/{first['id']}/sound"
    whole = server.ask("GET", path)
    assert (whole.status, whole.headers["content-type"], whole.body[4:8]) == (200, "audio/mp4", b"ftyp")
    part = server.ask("GET", path, headers={"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, whole.body[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.body)}"
    wave = np.frombuffer(server.ask("GET", f"/api/projects/{first['id']}/wave").body, dtype=np.uint8).reshape(
        -1, 2
    )
    assert len(wave) == 1200
    assert (wave[:, 0] >= wave[:, 1]).all()
    assert wave[:, 0].max() > 100


def test_an_edit_is_saved_and_drawn(server: StudioProcess, project: dict[str, Any]) -> None:
    cues = project["cues"] | {"accents": []}
    cues["cues"] = [{"time_s": 0, "look": "hold", "colors": ["#00ff00"]}, {"time_s": 6, "look": "blackout"}]
    with server.socket() as page:
        answer = put(server, project, cues, [[0, 6]])
        assert (answer.status, answer.json) == (200, {"rev": project["rev"] + 1})
        saved = server.project(project["id"])  # before it is drawn
        assert saved["cues"]["cues"][1]["look"] == "blackout"
        assert saved["kept"] == [[0, 6]]
        show = events(page, "show", rev=answer.json["rev"])[-1]
    header, rgb8 = light_of(server, project["id"])
    assert (rgb8 == drawn(saved)).all()
    assert (rgb8[60, :, 1] > 100).all()
    assert not rgb8[60, :, (0, 2)].any()
    assert not rgb8[500:].any()
    assert (header["show"], header["rev"]) == (show["show"], answer.json["rev"])


def test_of_many_edits_the_last_one_is_drawn(server: StudioProcess, project: dict[str, Any]) -> None:
    with server.socket() as page:
        for number in range(12):
            cues = project["cues"] | {
                "cues": [{"time_s": 0, "look": "hold", "colors": [f"#0000{number + 16:02x}"]}]
            }
            answer = put(server, project, cues)
            assert answer.status == 200
            project["rev"] = answer.json["rev"]
        seen = events(page, "show", rev=project["rev"])
    now = server.project(project["id"])
    assert now["cues"]["cues"][0]["colors"] == ["#00001b"]
    assert (light_of(server, project["id"])[1] == drawn(now)).all()
    assert len([event for event in seen if event["type"] == "show"]) <= 12


def test_an_old_edit_is_refused(server: StudioProcess, project: dict[str, Any]) -> None:
    answer = put(server, project | {"rev": project["rev"] - 1}, project["cues"])
    assert (answer.status, answer.json["rev"]) == (409, project["rev"])
    assert server.project(project["id"])["rev"] == project["rev"]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"cues": [{"time_s": 0, "look": "puls", "colors": ["#fff"]}]}, "cues[0].look"),
        ({"cues": [{"time_s": -1, "look": "hold", "colors": ["#fff"]}]}, "cues[0].time_s"),
        ({"duration_s": 500.0}, "duration_s"),
        ({"safety": "none"}, "safety"),
        ({"zones": 65}, "zones"),
        ({"cues": [{"time_s": 0, "look": "hold", "colors": ["#fff"], "intensty": 1}]}, "intensty"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    server: StudioProcess, project: dict[str, Any], change: dict[str, Any], place: str
) -> None:
    answer = put(server, project, project["cues"] | change)
    assert answer.status == 400
    assert place in answer.json["error"]
    assert server.project(project["id"])["rev"] == project["rev"]


def test_wishes_design_again_and_keep_what_a_person_made(
    server: StudioProcess, project: dict[str, Any]
) -> None:
    cues = project["cues"] | {"cues": [{"time_s": 2.0, "look": "hold", "colors": ["#123456"]}]}
    project["rev"] = put(server, project, cues, [[2.0, 4.0]]).json["rev"]
    path = f"/api/projects/{project['id']}/wishes"
    with server.socket() as page:
        wishes = {"energy": 1.0, "seed": 5, "zones": 4}
        answer = server.ask("PUT", path, {"rev": project["rev"], "wishes": wishes, "keep": True})
        assert (answer.status, answer.json["rev"]) == (200, project["rev"] + 1)
        events(page, "show")
        now = server.until(project["id"])
        assert now["wishes"] | wishes == now["wishes"]
        assert now["cues"]["zones"] == light_of(server, project["id"])[0]["zones"] == 4
        kept = [cue for cue in now["cues"]["cues"] if 2.0 <= cue["time_s"] < 4.0]
        assert [(cue["time_s"], cue["colors"]) for cue in kept] == [(2.0, ["#123456"])]
        assert len(now["cues"]["cues"]) > 1
        answer = server.ask("PUT", path, {"rev": now["rev"], "wishes": {"zones": 8}, "keep": False})
        assert answer.status == 200
        events(page, "show")
    now = server.until(project["id"])
    assert now["kept"] == []
    assert not [cue for cue in now["cues"]["cues"] if "#123456" in cue["colors"]]
    assert now["wishes"]["energy"] == 1.0
    assert (light_of(server, project["id"])[1] == drawn(now)).all()


def test_wishes_that_come_while_it_listens_are_kept(server: StudioProcess, song: Path) -> None:
    id = server.upload(song)["id"]
    answer = server.ask(
        "PUT", f"/api/projects/{id}/wishes", {"rev": 1, "wishes": {"zones": 3, "seed": 9}, "keep": True}
    )
    assert answer.status in (200, 409)  # 409: the coarse show was quicker
    if answer.status == 409:
        rev = server.project(id)["rev"]
        body = {"rev": rev, "wishes": {"zones": 3, "seed": 9}, "keep": True}
        answer = server.ask("PUT", f"/api/projects/{id}/wishes", body)
        assert answer.status == 200
    now = server.until(id)
    while now["cues"]["zones"] != 3:  # between two jobs
        time.sleep(0.05)
        now = server.until(id)
    assert (now["cues"]["zones"], now["cues"]["seed"], now["wishes"]["zones"]) == (3, 9, 3)
    assert server.ask("DELETE", f"/api/projects/{id}").status == 200


@pytest.mark.parametrize(
    "wishes",
    [
        {"energy": 2},
        {"zones": 0},
        {"zones": 100},
        {"safety": "off"},
        {"palette": "mud"},
        {"model": "x.onnx"},
        {"seed": -1},
    ],
)
def test_impossible_wishes_are_refused(
    server: StudioProcess, project: dict[str, Any], wishes: dict[str, Any]
) -> None:
    body = {"rev": project["rev"], "wishes": wishes, "keep": True}
    answer = server.ask("PUT", f"/api/projects/{project['id']}/wishes", body)
    assert answer.status == 400
    assert answer.json["error"]
    assert server.project(project["id"])["rev"] == project["rev"]


def test_renaming_and_lamps(server: StudioProcess, project: dict[str, Any]) -> None:
    path = f"/api/projects/{project['id']}"
    with server.socket() as page:
        assert server.ask("PATCH", path, {"name": " <b>Été\n "}).json["name"] == "<b>Été"
        assert events(page, "project", why="renamed")[-1]["name"] == "<b>Été"
    assert server.ask("PATCH", path, {"stage": {"lamps": [[0.1, 0.2], [0.9, 1]]}}).status == 200
    now = server.project(project["id"])
    assert (now["name"], now["stage"], now["rev"]) == (
        "<b>Été",
        {"lamps": [[0.1, 0.2], [0.9, 1.0]]},
        project["rev"],
    )
    for bad in ({}, {"name": "\n"}, {"name": 3}, {"stage": {"lamps": [[0, 2]]}}, {"stage": {"lamps": [[0]]}}):
        assert server.ask("PATCH", path, bad).status == 400
    server.ask("PATCH", path, {"name": "Nice song", "stage": {"lamps": None}})


def test_every_file_can_be_taken_away(server: StudioProcess, project: dict[str, Any]) -> None:
    suffixes = [format["suffix"] for format in server.ask("GET", "/api/about").json["formats"]]
    body = {"suffixes": suffixes, "size": [96, 64], "fseq_step_ms": 50}
    with server.socket() as page:
        answer = server.ask("POST", f"/api/projects/{project['id']}/exports", body)
        assert answer.status == 202
        job = answer.json["job"]
        told = events(page, "job", id=job, state="done")
    assert told[-1]["ready"] == suffixes
    assert len({event["stage"] for event in told if event.get("id") == job}) >= len(suffixes)
    files = {suffix: server.ask("GET", f"/api/exports/{job}/{suffix}") for suffix in suffixes}
    for suffix, got in files.items():
        assert got.status == 200
        assert got.headers["content-disposition"] == f'attachment; filename="nice-song-lights{suffix}"'
    begins = {".png": b"\x89PNG", ".html": b"<!doctype html>", ".fseq": b"PSEQ", ".csv": b"time_s,zone"}
    assert all(files[suffix].body.lower().startswith(begin.lower()) for suffix, begin in begins.items())
    assert files[".mp4"].body[4:8] == b"ftyp"
    assert json.loads(files[".json"].body) == project["cues"]
    with zipfile.ZipFile(io.BytesIO(files[".npz"].body)) as archive:
        rgb8 = np.load(io.BytesIO(archive.read("rgb.npy")))
    assert (rgb8 == light_of(server, project["id"])[1]).all()


@pytest.mark.parametrize(
    "body",
    [
        {"suffixes": []},
        {"suffixes": [".exe"]},
        {"suffixes": [".mp4"], "size": [1281, 720]},
        {"suffixes": [".mp4"], "size": [99999, 720]},
        {"suffixes": [".mp4"], "size": [640]},
        {"suffixes": [".fseq"], "fseq_step_ms": 3},
        {"suffixes": ["../x.png"]},
        {"suffixes": [[".png"]]},
    ],
)
def test_impossible_exports_are_refused(server: StudioProcess, first: dict[str, Any], body: object) -> None:
    answer = server.ask("POST", f"/api/projects/{first['id']}/exports", body)
    assert answer.status == 400


def test_an_export_can_be_stopped(server: StudioProcess, first: dict[str, Any]) -> None:
    with server.socket() as page:
        body = {"suffixes": [".mp4"], "size": [3840, 2160]}
        job = server.ask("POST", f"/api/projects/{first['id']}/exports", body).json["job"]
        events(page, "job", id=job, stage=".mp4")
        answer = server.ask("POST", f"/api/jobs/{job}/stop")
        assert (answer.status, answer.json["state"]) == (200, "stopped")
    assert server.ask("GET", f"/api/exports/{job}/.mp4").status == 404


def test_what_is_no_song_fails_in_one_line_and_can_be_tried_again(
    server: StudioProcess, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.mp3"
    bad.write_bytes(b"\x00\x01" * 5000)
    project = server.upload(bad)
    failed = server.until(project["id"])
    assert (failed["state"], failed["show"], failed["cues"]) == ("failed", 0, None)
    assert "\n" not in failed["error"]
    assert "sound" in failed["error"]
    with server.socket() as page:
        assert server.ask("POST", f"/api/projects/{project['id']}/listen").status == 202
        assert events(page, "job", kind="listen", state="failed")[-1]["error"]
    assert server.ask("DELETE", f"/api/projects/{project['id']}").status == 200
    assert server.ask("GET", f"/api/projects/{project['id']}").status == 404


def test_a_deleted_project_is_gone_while_it_is_being_made(server: StudioProcess, tmp_path: Path) -> None:
    song = write_wav(tmp_path / "long.wav", np.tile(beat_song(8.0, rate=8000), 20), 8000)
    project = server.upload(song)
    with server.socket() as page:
        assert server.ask("DELETE", f"/api/projects/{project['id']}").status == 200
        events(page, "project", why="deleted")
    listed = server.ask("GET", "/api/projects").json
    assert project["id"] not in [line["id"] for line in listed]
    assert not server.running(project["id"])


def test_about_says_what_there_is(server: StudioProcess) -> None:
    about = server.ask("GET", "/api/about").json
    assert {
        "version",
        "palettes",
        "looks",
        "zone_groups",
        "energies",
        "profiles",
        "formats",
        "models",
    } <= set(about)
    assert "pulse" in about["looks"]
    assert {profile["name"]: profile["for_files"] for profile in about["profiles"]}["venue"] is False
    assert about["limits"]["upload_bytes"] == 200_000_000
    assert all(row["text"] for name in ("profiles", "formats", "models") for row in about[name])


def test_the_socket_greets_and_answers(server: StudioProcess, first: dict[str, Any]) -> None:
    with server.socket() as page:
        hello = json.loads(page.recv(timeout=10))
        assert hello["type"] == "hello"
        assert first["id"] in [line["id"] for line in hello["projects"]]
        page.send(json.dumps({"type": "ping", "t": 12.5}))
        pong = events(page, "pong")[-1]
    assert pong["t"] == 12.5
    assert abs(pong["now_ms"] / 1000 - time.time()) < 60


@NEEDS_PROC
def test_the_server_itself_decodes_nothing(server: StudioProcess, first: dict[str, Any]) -> None:
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "numpy" in maps  # else this looks in the wrong place
    for library in ("onnxruntime", "/av/", "libavcodec", "soxr", "PIL"):
        assert library not in maps


@NEEDS_PROC
def test_the_nursery_has_one_thread_and_forks_cleanly(server: StudioProcess, first: dict[str, Any]) -> None:
    (nursery,) = server.children()
    assert len(list(Path(f"/proc/{nursery}/task").iterdir())) == 1


def test_the_demo_is_composed(server: StudioProcess) -> None:
    with server.socket() as page:
        answer = server.ask("POST", "/api/projects/demo", {"seed": 3})
        assert answer.status == 201
        id = answer.json["id"]
        told = events(page, "show", project=id, coarse=True)
        assert [event for event in told if event.get("stage") == "composing"]
        server.ask("DELETE", f"/api/projects/{id}")


@NEEDS_PROC
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_the_server_ends_its_children(tmp_path: Path, number: int) -> None:
    song = write_wav(tmp_path / "song.wav", np.tile(beat_song(8.0, rate=8000), 12), 8000)
    server = StudioProcess(tmp_path / "studio")
    with server.socket() as page:
        project = server.upload(song)
        events(page, "job", kind="listen", stage="audio")
        children = server.children()
    assert len(children) >= 2
    code = server.end(number)
    assert code == (-number if number == signal.SIGKILL else 0), server.said
    assert gone(children)
    if number != signal.SIGKILL:
        assert "everything is saved" in server.said
        assert "Traceback" not in server.said
    home = tmp_path / "studio" / "projects" / project["id"]
    assert json.loads((home / "project.json").read_text())["state"] == "listening"
    if number != signal.SIGKILL:
        return
    with studio(tmp_path / "studio") as again:  # it goes on by itself
        ready = again.until(project["id"])
        assert ready["state"] == "ready"
        named = {path.name for path in home.iterdir()}
        assert len(named) <= 7
        assert not [name for name in named if name.startswith(".")]
        cues = ready["cues"] | {"title": "edited"}
        body = {"rev": ready["rev"], "cues": cues, "kept": [[0, 2]]}
        rev = again.ask("PUT", f"/api/projects/{project['id']}/cues", body).json["rev"]
        body = {"rev": rev, "wishes": {"zones": 2}, "keep": True}
        assert again.ask("PUT", f"/api/projects/{project['id']}/wishes", body).status == 200
        again.process.kill()  # before it is designed
    with studio(tmp_path / "studio") as third:
        third.project(project["id"])  # which a page does first, and which wakes it
        ready = third.until(project["id"])
        assert (ready["cues"]["title"], ready["kept"]) == ("edited", [[0, 2]])
        assert ready["wishes"]["zones"] == ready["cues"]["zones"] == 2


def test_songs_of_the_command_line_and_one_studio_a_folder(
    tmp_path: Path, song: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "studio"
    with studio(folder, str(song)) as server:
        id = server.fragment.removeprefix("#project=")
        assert server.project(id)["name"] == "Nice song"
        assert main(["studio", "--no-browser", "--folder", str(folder), "--port", "0"]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert f":{server.port}/" in said
        assert (
            main(["studio", "--no-browser", "--folder", str(tmp_path / "b"), "--port", str(server.port)]) == 2
        )
        assert "taken" in capsys.readouterr().err
    with studio(folder, str(song)) as server:
        assert server.fragment == f"#project={id}"  # known by its bytes
        assert len(server.ask("GET", "/api/projects").json) == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--port", "70000"], 2),
        (["nowhere.mp3"], 3),
        (["--folder", "/dev/null/x"], 2),
        (["--host", "192.0.2.1", "--port", "0"], 6),
    ],
)
def test_mistakes_at_the_command_line_are_one_line(
    words: list[str],
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert main(["studio", "--no-browser", *words]) == code
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Studio.Local", "studio.local"),
        ("FE80:0:0:0::1", "fe80::1"),
        ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("192.168.1.4", "192.168.1.4"),
        ("", ""),
    ],
)
def test_a_host_is_allowed_as_browsers_write_it(given: str, said: str) -> None:
    from beatomizer.studio.app import allowed_hosts
    from beatomizer.studio.server import host_as_browsers_say

    assert host_as_browsers_say(given) == said
    header = f"[{said}]:1" if ":" in said else f"{said}:1"
    assert not said or header in allowed_hosts(1, host_as_browsers_say(given))


def test_the_next_port_is_taken_if_none_was_asked_for() -> None:
    from beatomizer.studio.server import bound

    one, port = bound(0, "", 0)
    two, next_port = bound(None, "", port)
    assert next_port != port
    assert {made.getsockname()[0] for made in one} >= {"127.0.0.1"}
    assert {made.getsockname()[1] for made in one} == {port}
    for made in (*one, *two):
        made.close()


def test_importing_the_server_is_light() -> None:
    heavy = ("av", "onnxruntime", "soxr", "PIL")
    code = f"import sys, beatomizer.studio.server; print([name for name in {heavy} if name in sys.modules])"
    words = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
