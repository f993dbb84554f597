"""An SMTP server that delivers to nobody, and the page that shows what it took.

Keeps the last 200 e-mails in memory. What is shown of one was written by others: its HTML runs in
a sandbox, without scripts and without loading anything.
"""

import asyncio
import socket
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import count
from pathlib import Path
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP
from jinja2 import Environment, FileSystemLoader

MOST = 200
_templates = Environment(autoescape=True, loader=FileSystemLoader(Path(__file__).parent))
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; frame-src 'self'; base-uri 'none'"
)
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One e-mail as it came."""

    number: int
    message: EmailMessage
    to: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        # Its links open beside the page, not inside the frame.
        return self._body("html").replace("<head>", '<head><base target="_blank">', 1)

    @property
    def attachments(self) -> list[tuple[str, str, bytes]]:
        return [
            (
                part.get_filename() or "-",
                str(part["Content-Type"]),
                content if isinstance(content := part.get_payload(decode=True), bytes) else b"",
            )
            for part in self.message.iter_attachments()
            if isinstance(part, EmailMessage)
        ]

    def _body(self, kind: str) -> str:
        found = self.message.get_body((kind,))
        return str(found.get_content()) if isinstance(found, EmailMessage) else ""


class Mailbox:
    """Everybody's."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque(maxlen=MOST)
        self._numbers = count(1)
        self._server: asyncio.Server | None = None

    async def listen(self) -> str:
        """Take e-mails on a free port of this machine; its address."""
        listening = socket.create_server(("127.0.0.1", 0))
        self._server = await asyncio.get_running_loop().create_server(
            lambda: SMTP(self, enable_SMTPUTF8=True, hostname="localhost"), sock=listening
        )
        return f"smtp://127.0.0.1:{listening.getsockname()[1]}"

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:
        """aiosmtpd's hook: one e-mail has come."""
        message = message_from_bytes(envelope.content, policy=policy.default)
        to = ", ".join(envelope.rcpt_tos)
        self._letters.appendleft(Letter(next(self._numbers), message, to))
        return "250 OK"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/mail", self._moved),
            web.get("/mail/", self._list),
            web.get("/mail/list.json", self._told),
            web.get("/mail/{number:[0-9]+}", self._show),
            web.get("/mail/{number:[0-9]+}/letter", self._letter),
            web.get("/mail/{number:[0-9]+}/{index:[0-9]+}", self._attachment),
        ]

    async def _moved(self, _: web.Request) -> web.Response:
        raise web.HTTPFound("/mail/")

    async def _list(self, _: web.Request) -> web.Response:
        return _page("mail.html", letters=list(self._letters), shown=None)

    async def _told(self, _: web.Request) -> web.Response:
        letters = [
            {"number": one.number, "to": one.to, "subject": one.message["Subject"]}
            for one in self._letters
        ]
        return web.json_response(letters, headers=HEADERS)

    async def _show(self, request: web.Request) -> web.Response:
        return _page("mail.html", letters=list(self._letters), shown=self._found(request))

    async def _letter(self, request: web.Request) -> web.Response:
        headers = {**HEADERS, "Content-Security-Policy": LETTER_POLICY}
        html = self._found(request).html
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def _attachment(self, request: web.Request) -> web.Response:
        attached, index = self._found(request).attachments, int(request.match_info["index"])
        if index >= len(attached):
            raise web.HTTPNotFound
        name, kind, content = attached[index]
        disposition = f'attachment; filename="{name}"'
        headers = {**HEADERS, "Content-Disposition": disposition, "Content-Type": kind}
        return web.Response(body=content, headers=headers)

    def _found(self, request: web.Request) -> Letter:
        number = int(request.match_info["number"])
        for letter in self._letters:
            if letter.number == number:
                return letter
        raise web.HTTPNotFound


def _page(template: str, **shown: object) -> web.Response:
    headers = {**HEADERS, "Content-Security-Policy": PAGE_POLICY}
    text = _templates.get_template(template).render(**shown)
    return web.Response(text=text, content_type="text/html", headers=headers)
