"""A file sent whole or in part (RFC 9110, section 14): how players seek in what they have not read."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import BinaryIO

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

_PIECE = 256 << 10
_ONE_RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


def part_of(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one behind the last that a ``Range`` header asks for.

    Without a header, or with one that need not be understood (several ranges, other units), everything; ``None`` if
    there is nothing there.
    """
    match = _ONE_RANGE.fullmatch((header or "").strip())
    if match is None or match[1] == match[2] == "":
        return 0, size
    if match[1] == "":
        first, behind = max(0, size - int(match[2])), size
    else:
        first, behind = int(match[1]), min(size, int(match[2]) + 1) if match[2] else size
    return (first, behind) if first < behind else None


class OpenFileResponse(StreamingResponse):
    """An open file of ``size`` bytes as an answer; it is closed whatever becomes of the answer.

    Args:
        file: at any position.
        size: bytes.
        kind: media type.
        wanted: the request's ``Range`` header.
    """

    def __init__(self, file: BinaryIO, size: int, kind: str, wanted: str | None) -> None:
        self._file = file
        part = part_of(wanted, size)
        first, behind = part or (0, 0)
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Length": str(behind - first),
            "Cache-Control": "no-store",
        }
        whole = part == (0, size)
        if not whole:
            headers["Content-Range"] = f"bytes {first}-{behind - 1}/{size}" if part else f"bytes */{size}"
        status = 200 if whole else 206 if part else 416
        super().__init__(self._pieces(first, behind), status, headers, kind)

    async def _pieces(self, first: int, behind: int) -> AsyncIterator[bytes]:
        at = first
        while at < behind:
            piece = await asyncio.to_thread(self._read, at, min(_PIECE, behind - at))
            if not piece:
                return
            at += len(piece)
            yield piece

    def _read(self, at: int, count: int) -> bytes:
        self._file.seek(at)
        return self._file.read(count)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, then close the file."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._file.close()
