"""The SQL of people: what the caller's own row says beyond who he is."""

from dataclasses import dataclass

from sqlalchemy import text

from visio.adapters.database import Transaction

CONTACT = text("""
select email, time_zone from public.clients where auth_user_id = (select visio.caller())""")


@dataclass(frozen=True, slots=True)
class Contact:
    email: str = ""
    time_zone: str = "Europe/Paris"


def contact(tx: Transaction) -> Contact:
    """How the caller is reached, being a client; empty for anybody else."""
    return next((Contact(**row) for row in tx.read(CONTACT)), Contact())
