"""What sends e-mails, whichever it is, and what may become of one."""

from email.message import EmailMessage
from enum import Enum
from typing import Protocol

# For one step, and for all of them: a claim on an e-mail lasts a minute, and whoever is still at it
# then would send it beside the next.
TIMEOUT, PATIENCE = 10.0, 25.0


class Delivery(Enum):
    """What became of an e-mail."""

    SENT = "sent"
    TRY_AGAIN = "try_again"
    NEVER = "never"


class Mailer(Protocol):
    """Where e-mails are handed over."""

    def send(self, message: EmailMessage) -> Delivery:
        """Say what became of it; raise nothing."""
