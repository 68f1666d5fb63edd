"""The process that looks for lights: what strangers on the network answer is read here, and nowhere else.

``python -m beatomizer.studio.search_child SECONDS [HOST|PORT …]`` tells each light as it is found, one JSON object a
line, and how far it is. With 0 seconds only the hosts are asked.
"""

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed

from beatomizer.errors import one_line
from beatomizer.outputs.lights.find import Found, find_artnet, find_sacn, find_wled
from beatomizer.outputs.lights.url import LightUrl
from beatomizer.studio.addresses import is_near
from beatomizer.studio.lines_child import Told, telling

_MDNS_S = 3.0

Tell = Callable[[Told], None]


def found_as_told(found: Found) -> Told:
    """What a page needs of it; texts are cut."""
    told: Told = {"kind": found.kind, "name": one_line(found.name, 60), "detail": one_line(found.detail, 120)}
    if found.url:
        url = LightUrl.parse(found.url)
        options = {name: int(value) for name, value in url.options.items() if value.isdecimal()}
        told |= {"host": url.host, "port": url.port, "options": options}
    return told


def search(seconds: float, hosts: list[tuple[str, int]], tell: Tell) -> None:
    """Look everywhere at once, telling as it goes."""
    over = threading.Event()
    with ThreadPoolExecutor(max_workers=16) as pool:
        tasks = [pool.submit(find_wled, 0.0, (host,), port, "", is_near, False) for host, port in hosts]
        if seconds > 0:
            tasks.append(pool.submit(find_wled, min(seconds, _MDNS_S), (), 80, "", is_near))
            tasks.append(pool.submit(find_artnet, seconds))
            tasks.append(pool.submit(find_sacn, seconds))
            threading.Thread(target=_count, args=(seconds, over, tell), daemon=True).start()
        for task in as_completed(tasks):
            for one in task.result():
                tell({"found": found_as_told(one)})
    over.set()


def _count(seconds: float, over: threading.Event, tell: Tell) -> None:
    start_s = time.monotonic()
    while not over.wait(0.25):
        tell({"share": round(min(0.99, (time.monotonic() - start_s) / seconds), 3)})


def main(words: list[str]) -> int:
    """See the module."""
    hosts = []
    for word in words[1:]:
        host, _, port = word.rpartition("|")
        hosts.append((host, int(port)))
    search(float(words[0]), hosts, telling())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
