"""How a device's own web interface is asked: directly, and nobody else in its place."""

import urllib.request
from typing import Any


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirection is an error: a device has no business to send this program elsewhere, keys included."""

    def redirect_request(self, *_: Any) -> None:
        """Never."""


def direct_opener(*handlers: urllib.request.BaseHandler) -> urllib.request.OpenerDirector:
    """Without proxies, which lead out of the house, and without redirections."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay(), *handlers)
