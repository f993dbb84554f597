"""People's own links: to the pages, to their calendar feed, and to say no to reminders."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast, get_args
from urllib.parse import urlencode
from uuid import UUID

from msgspec import Struct

from visio.adapters.signing import Signer
from visio.domain.events import Side

LIFE = timedelta(days=365)
SIDES = get_args(Side)


class Person(Struct, frozen=True):
    """Somebody on one side of the table; `id` is the row's."""

    side: Side
    id: UUID


class PersonalLinks:
    """`app` is where the pages are, `functions` where the functions are."""

    def __init__(self, functions: str, app: str, keys: Sequence[str]) -> None:
        self._functions, self._app = functions, app
        self._signer = Signer(keys, issuer=app, audience="mail-preferences")

    def page(self, link: str) -> str:
        """The address of one of our pages, from a notification's link."""
        return self._app + link

    def feed(self, token: str) -> str:
        """The address that a calendar program subscribes to: whoever has it reads the calendar."""
        return f"{self._functions}/calendar-feed?{urlencode({'token': token})}"

    def preferences(self, person: Person, *, now: datetime) -> str:
        """The page on which somebody says no to reminders, without signing in."""
        token = self._signer.sign({"sub": f"{person.side}:{person.id}"}, expires_at=now + LIFE)
        # Behind the hash it reaches no server and no log on its way.
        return f"{self._app}/reminders/#{token}"

    def person(self, token: str, *, now: datetime) -> Person | None:
        """Whose preferences a token opens; None if it is not one of ours, or no longer."""
        claims = self._signer.claims(token, now=now)
        side, _, id = str(claims["sub"]).partition(":") if claims else ("", "", "")
        if side not in SIDES:
            return None
        try:
            return Person(cast("Side", side), UUID(id))
        except ValueError:
            return None


def new_token() -> str:
    """A secret that nobody guesses: 256 bits."""
    return secrets.token_urlsafe(32)


def fingerprint(token: str) -> str:
    """What is kept of a secret, so that a reader of the table cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()
