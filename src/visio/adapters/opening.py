"""Pages that may send elsewhere: urllib's `urlopen`, but for a timeout that counts for the whole
answer. It takes 3 ms to load, which nobody else is to wait for."""

import urllib.request
from typing import Any

from visio.adapters.patience import Http, Https


class _HttpHandler(urllib.request.HTTPHandler):
    def http_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(Http, request)


class _HttpsHandler(urllib.request.HTTPSHandler):
    def https_open(self, request: urllib.request.Request) -> Any:
        return self.do_open(Https, request)


urlopen = urllib.request.build_opener(_HttpHandler, _HttpsHandler).open
"""What is at an address; no answer raises UNANSWERED."""
