"""Which addresses belong to browsers' push services: nobody has us fetch any other."""

from collections.abc import Sequence
from urllib.parse import urlsplit


def allowed(endpoint: str, hosts: Sequence[str], *, local: bool) -> bool:
    """Whether that is an address of a push service; its port is https's own.

    Without TLS, and with a port, only in the local stack, and only where it is named so.
    """
    if not endpoint.isascii() or not endpoint.isprintable() or {" ", "\\"} & set(endpoint):
        return False
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if local and parts.netloc in hosts and parts.scheme == "http":
        return True
    if parts.scheme != "https" or parts.netloc.lower() != host or port is not None:
        return False
    return any(host.endswith(known) if known[0] == "." else host == known for known in hosts)
