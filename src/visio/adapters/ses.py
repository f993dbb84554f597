"""E-mails through Amazon SES, API version 2. Region and credentials are the environment's.

Source: Amazon SES API v2 reference, "SendEmail", "Errors".
"""

import logging
import threading
from email.message import EmailMessage
from typing import Any

from visio.adapters.mailer import TIMEOUT, Delivery

log = logging.getLogger("visio.mail")

# The e-mail itself is refused; whatever else fails may pass, or is ours to mend.
FINAL = {"MessageRejected", "BadRequestException"}


class Ses:
    """Imports boto3 with its first e-mail: it takes 220 ms."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: Any = None

    def send(self, message: EmailMessage) -> Delivery:
        """Hand one e-mail over as it is."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._ses().send_email(Content={"Raw": {"Data": message.as_bytes()}})
            return Delivery.SENT
        except ClientError as refused:
            code = refused.response.get("Error", {}).get("Code", "")
            log.warning("mail.refused", extra={"ses": code})
            return Delivery.NEVER if code in FINAL else Delivery.TRY_AGAIN
        except BotoCoreError as error:
            log.warning("mail.unreachable", extra={"cause": type(error).__name__})
            return Delivery.TRY_AGAIN

    def _ses(self) -> Any:
        with self._lock:
            if self._client is None:
                import boto3
                from botocore.config import Config

                config = Config(
                    connect_timeout=TIMEOUT, read_timeout=TIMEOUT, retries={"total_max_attempts": 1}
                )
                self._client = boto3.client("sesv2", config=config)
            return self._client
