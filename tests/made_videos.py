"""Small real films for tests, and a web server that serves them well and badly."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from time import sleep
from typing import Any

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

FPS, RATE = 10, 24_000


def made_film(
    path: Path, seconds: float = 16.0, *, pictures: bool = True, sound: bool = True, seed: int = 0
) -> Path:
    """A film of one flat colour a picture and noise that pulses, 64 × 48; the header comes first, as on the web."""
    rng = np.random.default_rng(seed)
    options = {"movflags": "+faststart"} if path.suffix in (".mp4", ".m4a") else {}
    with av.open(str(path), "w", options=options) as file:
        video = audio = None
        if pictures:
            video = file.add_stream("mpeg4", rate=FPS)
            video.width, video.height, video.pix_fmt, video.bit_rate = 64, 48, "yuv420p", 100_000
        if sound:
            audio = file.add_stream("aac", rate=RATE, layout="mono")
            audio.bit_rate = 64_000
        if video is not None:
            for index in range(round(seconds * FPS)):
                image = np.zeros((48, 64, 3), np.uint8) + rng.integers(0, 256, 3, dtype=np.uint8)
                picture = VideoFrame.from_ndarray(image, format="rgb24")
                picture.pts, picture.time_base = index, Fraction(1, FPS)
                file.mux(video.encode(picture))
            file.mux(video.encode(None))
        if audio is not None:
            loud = np.repeat(rng.uniform(0, 0.5, round(seconds * 4)), RATE // 4).astype(np.float32)
            samples = (loud * rng.standard_normal(len(loud))).astype(np.float32)
            for begin in range(0, len(samples) - 1023, 1024):
                frame = AudioFrame.from_ndarray(samples[None, begin : begin + 1024], "fltp", "mono")
                frame.sample_rate, frame.pts, frame.time_base = RATE, begin, Fraction(1, RATE)
                file.mux(audio.encode(frame))
            file.mux(audio.encode(None))
    return path


class Server:
    """What is served, and what was asked for.

    Attributes:
        bodies: path → bytes of a video.
        manners: path → how it is served badly: ``drip``, ``break once``, ``page``, a status, or an address to go to.
        asked: every request as ``(path, Range header or "")``.
    """

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.manners: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.drip_bytes, self.drip_s = 8192, 0.1
        self.address = ""

    def times_asked(self, path: str) -> int:
        """Requests for ``path`` so far."""
        return sum(asked == path for asked, _ in self.asked)


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: Any) -> None:
        """Nothing: clients that are killed hang up in the middle of a word."""


@contextmanager
def served() -> Iterator[Server]:
    """A web server on the loopback interface while the block runs."""
    server = Server()

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def log_message(self, *_: Any) -> None:
            pass

        def _answer(self, *, body: bool) -> None:
            wanted = self.headers.get("Range", "")
            manner = server.manners.get(self.path, "")
            server.asked.append((self.path, wanted))
            if manner.startswith("/"):
                return self._head(302, 0, Location=manner)
            if manner.isdigit():
                return self._head(int(manner), 0)
            data = server.bodies.get(self.path)
            if data is None:
                return self._head(404, 0)
            kind = "text/html" if manner == "page" else "video/mp4"
            begin = int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted.startswith("bytes=") else 0
            if begin >= len(data):
                return self._head(416, 0)
            part = {"Content-Range": f"bytes {begin}-{len(data) - 1}/{len(data)}"} if wanted else {}
            self._head(206 if wanted else 200, len(data) - begin, **{"Content-Type": kind, **part})
            if body:
                self._send(data, begin, manner)

        def _head(self, status: int, length: int, **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Accept-Ranges", "bytes")
            self.end_headers()

        def _send(self, data: bytes, begin: int, manner: str) -> None:
            try:
                if manner == "break once" and begin == 0:
                    self.wfile.write(data[: len(data) // 2])
                    self.wfile.flush()
                    self.close_connection = True
                    self.connection.shutdown(2)
                    return
                step = server.drip_bytes if manner == "drip" else len(data)
                for at in range(begin, len(data), step):
                    self.wfile.write(data[at : at + step])
                    if manner == "drip":
                        sleep(server.drip_s)
            except OSError:  # the other side has gone
                self.close_connection = True

    web = _QuietServer(("127.0.0.1", 0), Answer)
    server.address = f"http://127.0.0.1:{web.server_address[1]}"
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        web.shutdown()
        web.server_close()
        thread.join()
