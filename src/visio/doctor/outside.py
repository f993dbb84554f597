"""From outside: whatever a browser, or anybody, can see of a deployment."""

import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from visio.doctor.report import Finding, fail, ok, warn

TIMEOUT = 10.0
NEAR = ("127.0.0.1", "localhost", "::1")
STRANGER = "https://stranger.invalid"
# The functions of Google's services are private: the platform refuses before ours is asked.
BY_THE_PLATFORM = (401, 403, 404)
# A token is believed 30 s beside its time; a difference of 5 is worth a look.
CLOCK_WORRIES, CLOCK_BREAKS = 5, 30
TLS_WORRIES, TLS_BREAKS = 21, 7


class Answer(Struct, frozen=True):
    """What came back; status 0 where nothing did."""

    status: int
    headers: Message
    body: bytes = b""

    @property
    def code(self) -> str | None:
        """The code of an error in our envelope."""
        try:
            told: Any = json.loads(self.body)["error"]["code"]
        except (ValueError, KeyError, TypeError):
            return None
        return told if isinstance(told, str) else None


def probe(
    base: str, *, public: Sequence[str], private: Sequence[str], origins: Sequence[str]
) -> Iterator[Finding]:
    """Every check that needs no secret. `public` and `private` are names as addresses have them."""
    base = base.rstrip("/")
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(lambda name: _ask(f"{base}/{name}", "DELETE"), (*public, *private)))
    if not any(answer.status for answer in asked):
        yield fail("functions", f"nothing answers at {_host(base)}", "docs/deploy.md: the address")
        return
    answers = dict(zip((*public, *private), asked, strict=True))
    yield _functions(answers, private)
    yield _sign_in(_ask(f"{base}/list-requests", "GET"))
    yield from _cors(f"{base}/list-requests", origins)
    yield _clock(next(answer for answer in asked if answer.status))
    yield _tls(base)


def _functions(answers: Mapping[str, Answer], private: Sequence[str]) -> Finding:
    wrong = [
        f"{name} {answer.status or 'silent'}"
        for name, answer in answers.items()
        if not (answer.status == 405 and answer.code == "method_not_allowed")
        and not (name in private and answer.status in BY_THE_PLATFORM)
    ]
    if wrong:
        return fail(
            "functions",
            f"not as they should: {', '.join(wrong)}",
            "its log says why it does not start; docs/runbooks/roll-back-a-function.md",
        )
    return ok("functions", f"{len(answers)} answer, the private ones to nobody")


def _sign_in(answer: Answer) -> Finding:
    if (answer.status, answer.code) == (401, "unauthenticated"):
        return ok("sign-in", "asked for, in our envelope")
    return fail(
        "sign-in",
        f"list-requests without a token answers {answer.status or 'nothing'}",
        "is it the right deployment? docs/runbooks/roll-back-a-function.md",
    )


def _cors(address: str, origins: Sequence[str]) -> Iterator[Finding]:
    for origin in (*origins, STRANGER):
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
        allowed = _ask(address, "OPTIONS", asked).headers.get("Access-Control-Allow-Origin")
        name = f"CORS {urlsplit(origin).hostname}"
        if origin == STRANGER:
            if allowed is not None:
                yield fail(name, "a stranger's page may read answers", "ALLOWED_ORIGINS: exact")
        elif allowed == origin:
            yield ok(name, "its pages may read answers")
        else:
            yield fail(
                name, "a browser refuses our answers to its pages", "ALLOWED_ORIGINS lacks it"
            )


def _clock(answer: Answer) -> Finding:
    try:
        theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return warn("clock", "no Date in the answer", "is a proxy in between?")
    apart = abs((theirs - datetime.now(UTC)).total_seconds())
    said = f"{apart:.0f} s apart from this machine's"
    if apart > CLOCK_BREAKS:
        return fail("clock", said, "set this machine's clock; tokens are refused if it is theirs")
    if apart > CLOCK_WORRIES:
        return warn("clock", said, "set this machine's clock, then look again")
    return ok("clock", said)


def _tls(base: str) -> Finding:
    parts = urlsplit(base)
    host = parts.hostname or ""
    if parts.scheme != "https":
        if host in NEAR:
            return ok("TLS", "none: this machine only")
        return fail("TLS", "none: tokens go over the line readable", "use the https address")
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, parts.port or 443), TIMEOUT) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            certificate: Mapping[str, Any] = secured.getpeercert() or {}
    except OSError as error:
        return fail("TLS", f"not to be verified: {type(error).__name__}", "renew the certificate")
    ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
    return certificate_left((ends - datetime.now(UTC).timestamp()) / 86400)


def certificate_left(days: float) -> Finding:
    """What it means that a certificate has so many days left."""
    said = f"the certificate has {days:.0f} days left"
    if days < TLS_BREAKS:
        return fail("TLS", said, "renew it now: nothing renews it by itself any more")
    return (
        warn("TLS", said, "see why it was not renewed") if days < TLS_WORRIES else ok("TLS", said)
    )


def _ask(address: str, method: str, headers: Mapping[str, str] | None = None) -> Answer:
    request = urllib.request.Request(address, method=method, headers=dict(headers or {}))  # noqa: S310 -- the address that was given
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 -- as above
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as refused:
        with refused:
            return Answer(refused.code, refused.headers, refused.read())
    except (OSError, ValueError):
        return Answer(0, Message())


def _host(base: str) -> str:
    return urlsplit(base).hostname or base
