"""The account that a function has at Google, as the machine it runs on says."""

import os
import threading
import time

import msgspec
from msgspec import MsgspecError, Struct

from visio.adapters.patience import Kept

METADATA = "metadata.google.internal"
TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 -- where it is
TIMEOUT = 3.0
# The machine gives the same token until it has five minutes left, and then another.
EARLY = 240.0


class _Token(Struct):
    access_token: str
    expires_in: float


class GoogleAccount:
    """Access tokens, each kept until its last minutes. GCE_METADATA_HOST is asked, if set.

    Source: "About VM metadata", "Apps running on Compute Engine: access tokens".
    """

    def __init__(self) -> None:
        host = os.environ.get("GCE_METADATA_HOST") or METADATA
        self._metadata = Kept(f"http://{host}{TOKEN}", timeout=TIMEOUT)
        self._lock = threading.Lock()
        self._token, self._good_until = "", 0.0

    def headers(self) -> dict[str, str]:
        """What says who is asking. Raises UNANSWERED or ValueError where the machine does not."""
        with self._lock:
            if time.monotonic() >= self._good_until:
                told = self._asked()
                self._token = told.access_token
                self._good_until = time.monotonic() + told.expires_in - EARLY
            return {"Authorization": f"Bearer {self._token}"}

    def forget(self) -> None:
        """Ask anew: this one was refused."""
        with self._lock:
            self._good_until = 0.0

    def _asked(self) -> _Token:
        status, body = self._metadata.get({"Metadata-Flavor": "Google"})
        if status != 200:
            raise ValueError(f"metadata: {status}")
        try:
            return msgspec.json.decode(body, type=_Token)
        except (MsgspecError, RecursionError) as error:
            raise ValueError("metadata: no token") from error
