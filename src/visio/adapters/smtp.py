"""E-mails through any provider's SMTP server."""

import contextlib
import io
import logging
import smtplib
import ssl
import time
from email.message import EmailMessage
from typing import Any
from urllib.parse import unquote, urlsplit

from visio.adapters.mailer import PATIENCE, TIMEOUT, Delivery
from visio.adapters.patience import WholeAnswer

log = logging.getLogger("visio.mail")


TOO_LARGE = 552


class _Patient(smtplib.SMTP):
    """A conversation that is over after a while, however slowly the other side speaks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._until = time.monotonic() + PATIENCE
        super().__init__(*args, **kwargs)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            left = self._until - time.monotonic()
            self.file = io.BufferedReader(WholeAnswer(self.sock, within=left))
        return super().getreply()


class _PatientSsl(_Patient, smtplib.SMTP_SSL):
    """The same over TLS from the start."""


class Smtp:
    """`smtps://user:password@host:465` is TLS from the start, `smtp://…:587` after STARTTLS.

    Without TLS only to this machine: a password and people's times do not travel in the clear.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._secure = parts.hostname or "localhost", parts.scheme == "smtps"
        self._port = parts.port or (465 if self._secure else 587)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._near = self._host in ("localhost", "127.0.0.1", "::1")

    def send(self, message: EmailMessage) -> Delivery:
        """Hand one e-mail over. A 5xx of the server is final, everything else may pass."""
        try:
            with contextlib.closing(self._open()) as server:
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(message)
                # It is theirs by now, whatever they say to our leaving: no reason to send another.
                with contextlib.suppress(smtplib.SMTPException, OSError):
                    server.quit()
            return Delivery.SENT
        except UnicodeError:
            return Delivery.NEVER  # an address outside ASCII, and a server that takes none such
        except smtplib.SMTPRecipientsRefused as refused:
            code = max((code for code, _ in refused.recipients.values()), default=0)
            return _failed(code)
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused) as refused:
            if refused.smtp_code == TOO_LARGE:
                return _failed(TOO_LARGE)
            # Ours to mend, and then the e-mail can go: it is not the e-mail's fault.
            log.error("mail.misconfigured", extra={"smtp": refused.smtp_code})
            return Delivery.TRY_AGAIN
        except (smtplib.SMTPConnectError, smtplib.SMTPHeloError) as refused:
            # Nobody has heard of the e-mail yet: whatever this is about, it is not the e-mail.
            log.error("mail.turned_away", extra={"smtp": refused.smtp_code})
            return Delivery.TRY_AGAIN
        except smtplib.SMTPResponseException as refused:
            return _failed(refused.smtp_code)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mail.unreachable", extra={"cause": type(error).__name__})
            return Delivery.TRY_AGAIN

    def _open(self) -> smtplib.SMTP:
        if self._secure:
            context = ssl.create_default_context()
            return _PatientSsl(self._host, self._port, timeout=TIMEOUT, context=context)
        server = _Patient(self._host, self._port, timeout=TIMEOUT)
        try:
            server.ehlo()
            if server.has_extn("starttls") or not self._near:
                server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
        return server


def _failed(code: int) -> Delivery:
    log.warning("mail.refused", extra={"smtp": code})
    return Delivery.NEVER if 500 <= code < 600 else Delivery.TRY_AGAIN
