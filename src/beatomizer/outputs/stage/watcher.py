"""Decode what the encoder gives while it still works: the film is judged when it ends, and nobody waits twice.

What is decoded are the very packets that go into the file, by a decoder that knows nothing of the pictures they were
made from.
"""

import queue
import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import av

from beatomizer.arrays import U8
from beatomizer.outputs.stage.seen import seen_in_pictures

_WAITING_PACKETS = 64
"""More wait only if the decoder is much slower than the encoder; then the encoder waits."""

_LOOK_S = 0.1
"""How often who waits looks whether it still makes sense."""


class Watcher:
    """Decodes H.264 packets in a thread of its own and remembers what is seen.

    Use it in a ``with`` block: however the block ends, the thread has ended when it is left.
    """

    def __init__(self) -> None:
        self._packets: queue.Queue[tuple[bytes, bytes] | None] = queue.Queue(_WAITING_PACKETS)
        self._unwanted = threading.Event()
        self._seen: U8 | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._watch, name="beatomizer-watcher", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unwanted.set()
        self._thread.join()

    def look(self, packet: Any, header: bytes) -> None:
        """Take a copy of an encoded ``packet``, in the order of decoding; ``header`` is the encoder's."""
        self._hand_over((bytes(packet), header))

    def seen(self) -> U8:
        """After the last packet: what is seen, uint8 sRGB ``[T, R, 3]`` as by ``seen_in_pictures``."""
        self._hand_over(None)
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._seen is not None
        return self._seen

    def _hand_over(self, item: tuple[bytes, bytes] | None) -> None:
        while self._thread.is_alive():
            try:
                self._packets.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue
            return

    def _watch(self) -> None:
        try:
            self._seen = seen_in_pictures(self._pictures())
        except BaseException as error:  # raised again by ``seen``
            self._error = error

    def _pictures(self) -> Iterator[av.VideoFrame]:
        decoder: Any = av.CodecContext.create("h264", "r")
        for packet, header in self._received():
            if not decoder.is_open:
                decoder.extradata = header
            yield from decoder.decode(av.Packet(packet))
        if decoder.is_open:
            yield from decoder.decode(None)

    def _received(self) -> Iterator[tuple[bytes, bytes]]:
        while not self._unwanted.is_set():
            try:
                item = self._packets.get(timeout=_LOOK_S)
            except queue.Empty:
                continue
            if item is None:
                return
            yield item
