"""E-mails through any provider's SMTP server."""

import logging
import smtplib
import ssl
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from visio.adapters.mailer import TIMEOUT, Delivery

log = logging.getLogger("visio.mail")


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
            with self._open() as server:
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(message)
            return Delivery.SENT
        except UnicodeError:
            return Delivery.NEVER  # an address outside ASCII, and a server that takes none such
        except smtplib.SMTPRecipientsRefused as refused:
            code = max((code for code, _ in refused.recipients.values()), default=0)
            return _failed(code)
        except smtplib.SMTPAuthenticationError:
            # Ours to mend, and then the e-mail can go: it is not the e-mail's fault.
            log.error("mail.misconfigured")
            return Delivery.TRY_AGAIN
        except smtplib.SMTPResponseException as refused:
            return _failed(refused.smtp_code)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mail.unreachable", extra={"cause": type(error).__name__})
            return Delivery.TRY_AGAIN

    def _open(self) -> smtplib.SMTP:
        if self._secure:
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
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
