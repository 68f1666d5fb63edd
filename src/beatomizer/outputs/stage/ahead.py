"""Work that runs ahead in a thread of its own, a bounded number of steps before whoever uses it."""

import queue
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")

_LOOK_S = 0.1
"""How often a producer that waits for room looks whether it is still wanted."""


class _End:
    """The last thing a producer hands over: nothing more comes, or an error did."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class Ahead(Generic[T]):
    """Iterate over ``items`` while another thread already makes the next ones.

    Use it in a ``with`` block: however the block ends (an error, Ctrl-C), the thread has ended when it is left. An
    error in ``items`` is raised where the item would have come.

    Args:
        items: drawn from in the other thread.
        depth: the most finished items that wait.
    """

    def __init__(self, items: Iterable[T], depth: int = 8) -> None:
        self._items = items
        self._ready: queue.Queue[T | _End] = queue.Queue(depth)
        self._unwanted = threading.Event()
        self._thread = threading.Thread(target=self._make, name="beatomizer-ahead", daemon=True)

    def __enter__(self) -> Iterator[T]:
        self._thread.start()
        return self._take()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._unwanted.set()
        self._thread.join()

    def _take(self) -> Iterator[T]:
        while not isinstance(item := self._ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error

    def _make(self) -> None:
        try:
            for item in self._items:
                if not self._hand_over(item):
                    return
            self._hand_over(_End())
        except BaseException as error:  # raised again where the item was expected
            self._hand_over(_End(error))

    def _hand_over(self, item: T | _End) -> bool:
        while not self._unwanted.is_set():
            try:
                self._ready.put(item, timeout=_LOOK_S)
            except queue.Full:
                continue
            return True
        return False
