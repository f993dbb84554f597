"""The database: one pool, and transactions that act as a caller or as the system.

A transaction of ours is two round trips at most: the first carries `begin`, the identity and the
one read with its lock; the second carries every write and `commit`. A reading transaction is one.
What counts a caller's call goes ahead of it, in its first round trip. That signals are published is
told to the database without waiting for its answer.
"""

import contextlib
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self
from uuid import UUID

from msgspec import Struct
from msgspec.json import encode
from msgspec.structs import asdict, replace

from visio.adapters.driver import pg8000
from visio.adapters.pipeline import PipelinedConnection, connector, field_of
from visio.adapters.pool import Pool
from visio.adapters.prepared import OUTDATED
from visio.adapters.rates import CAME_TOO_OFTEN, Counted, Turnstile
from visio.adapters.statements import Statement, text
from visio.domain.events import Notice, Said, Side, Signal, Step, instant
from visio.domain.refusals import (
    DatabaseFailed,
    NotAParty,
    NotYourRole,
    RaceLost,
    Refusal,
    StillLocked,
    TooOften,
    Unavailable,
)

log = logging.getLogger("visio.database")

# unique_violation, exclusion_violation, serialization_failure, deadlock_detected: somebody else
# was first. The page is run again and then sees what they wrote; or a migration was, and then the
# server reads the statement anew.
RACES = {"23505", "23P01", "40001", "40P01", *OUTDATED}
# What a later attempt may not meet again, by the class of its code: connections, which poolers end
# in words of their own; resources, a full disk among them; an operator's intervention; the machine.
PASSING_CLASSES = {"08", "53", "57", "58"}
# A server that only reads, as one does that another has taken the place of; a transaction that was
# ended because nobody went on with it.
READ_ONLY, PASSING = "25006", {"25006", "25P03"}

# With a plan for whatever values, made once in a session: docs/decisions/0025.
IDENTITY = """select set_config('role', $1, true), set_config('request.jwt.claims', $2, true),
  set_config('visio.function', $3, true),
  set_config('statement_timeout', '5000', true), set_config('lock_timeout', '2000', true),
  set_config('plan_cache_mode', 'force_generic_plan', true)"""
# What is planned for its values after all, and whatever comes behind it.
AS_IT_COMES = "set local plan_cache_mode to auto"
# Each `(select …)` is one value before any row is read. As a column of a subquery it would be asked
# for row by row, behind the policies: over all clients that an operator has.
WHO = """select current_user, o.id, o.name, c.id, c.operator_id, c.name, p.name
  from (select) u
  left join public.operators o on o.id = (select visio.caller())
  left join public.clients c on c.auth_user_id = (select visio.caller())
  left join public.operators p on p.id = c.operator_id"""

TELL = text("""
insert into public.notifications
       (id, recipient_type, recipient_id, type, title, body, link, meeting_id, created_at)
select id, recipient_type, recipient_id, type, title, body, link, meeting_id, created_at
  from jsonb_to_recordset(cast(:notices as jsonb))
    as n(id uuid, recipient_type text, recipient_id uuid, type text, title text, body text,
         link text, meeting_id uuid, created_at timestamptz)""")
RECORD = text("""
insert into public.transitions (subject, request_id, meeting_id, client_id, operator_id, actor,
       action, from_status, to_status, at, message, slots)
select subject, request_id, meeting_id, client_id, operator_id, actor, action, from_status,
       to_status, at, message, slots
  from jsonb_to_recordset(cast(:steps as jsonb))
    as t(subject text, request_id uuid, meeting_id uuid, client_id uuid, operator_id uuid,
         actor text, action text, from_status text, to_status text, at timestamptz, message text,
         slots jsonb)""")
MAIL = text("""
insert into visio.mail_outbox
       (id, recipient_type, recipient_id, type, facts, link, meeting_id, created_at)
select id, recipient_type, recipient_id, type, facts, link, meeting_id, created_at
  from jsonb_to_recordset(cast(:mails as jsonb))
    as m(id uuid, recipient_type text, recipient_id uuid, type text, facts jsonb, link text,
         meeting_id uuid, created_at timestamptz)""")
ORDER = text("""
insert into visio.room_orders (id, meeting_id, identity, created_at, next_attempt_at)
select id, meeting_id, identity, cast(:now as timestamptz),
       cast(:now as timestamptz) + interval '20 seconds'
  from jsonb_to_recordset(cast(:orders as jsonb)) as o(id uuid, meeting_id uuid, identity text)""")
SIGNAL = text("""
insert into visio.signal_outbox (event_id, channel, event, payload)
select event_id, channel, event, payload
  from jsonb_to_recordset(cast(:signals as jsonb))
    as s(event_id uuid, channel text, event text, payload jsonb)""")
# What is said of nothing is no row.
SAID = (RECORD, TELL, MAIL, SIGNAL)
# What the sweep holds it marks itself: nobody is to find this connection waiting for a lock.
PUBLISHED = text("""
update visio.signal_outbox set published_at = now()
 where event_id in (select event_id from visio.signal_outbox
                     where event_id = any (cast(:ids as uuid[])) for update skip locked)""")
# For what may be lost in a crash of the server: it is done again then.
UNSYNCED = text("""
select set_config('synchronous_commit', 'off', true)""")


class Bus(Protocol):
    """Where signals go once their transaction has been committed."""

    mails: bool
    """Whether e-mails are sent here at all; without it none is written down."""
    rooms: bool
    """Whether the room's server takes orders here; without it none is written down."""
    pushes: bool
    """Whether browsers are told while no page is open; without it nothing is written down."""

    def publish(
        self,
        signals: Sequence[Signal],
        mails: Sequence[UUID] = (),
        *,
        orders: Sequence[UUID] = (),
        pushes: Sequence[UUID] = (),
    ) -> list[UUID]:
        """Hand all over; never raise for one that was not accepted.

        Returns the event ids of the signals that were. Whatever else was not stays due.
        """


class Operator(Struct, frozen=True):
    """The caller, being an operator."""

    id: UUID
    name: str


class Client(Struct, frozen=True):
    """The caller, being a client of one operator. `id` is the row's, not the user's."""

    id: UUID
    name: str
    operator_id: UUID
    operator_name: str


class Identity(Struct, frozen=True):
    """As whom a transaction runs, and for which function: row policies and defaults read it."""

    role: str
    claims: str
    function: str

    @property
    def values(self) -> tuple[str, str, str]:
        return self.role, self.claims, self.function


NOBODY = UUID(int=0)
SYSTEM = Identity("visio_system", '{"role": "visio_system"}', "")


class Passing(Struct, frozen=True):
    """A call that is to be counted, and who remembers that it came too often."""

    call: Counted
    turnstile: Turnstile


class Later:
    """The rows of a statement that left together with the next read: there once that has run."""

    def __init__(self, answered: Any) -> None:
        self._answered = answered

    @property
    def answered(self) -> bool:
        """Whether it has run: what fails ahead of it leaves it undone."""
        return self._answered.columns is not None

    @property
    def rows(self) -> list[Mapping[str, Any]]:
        if not self.answered:
            raise RuntimeError("there are no rows, or the next read has not run yet")
        return _rows(self._answered)


First = Sequence[Statement]
"""What a page asks first, by statements that do nothing where their values are null."""


class Database:
    """Connections to one PostgreSQL, opened when first needed and shared by threads.

    Where a call is `counted`, it may raise TooOften: at once, or from the first read on.
    """

    def __init__(self, url: str, *, size: int, bus: Bus) -> None:
        self._pool = Pool(connector(url), size=size)
        self._bus = bus
        self._turnstile = Turnstile()

    def open_ahead(self, first: First = (), *, by_users: bool = False) -> None:
        """Open a connection now, beside whatever else there is to do; unless one is there.

        What a page asks `first` is asked on it as nobody, without values, and nobody waits for
        that: a new session reads its catalogues and plans for several times as long as it then
        runs a statement, and the first caller finds that done.
        """
        identity = Identity("visio_app", _claims(NOBODY), "") if by_users else SYSTEM

        def rehearse(wire: PipelinedConnection) -> None:
            wire.defer(IDENTITY, identity.values)
            if by_users:
                wire.defer(WHO)
            for statement in first:
                wire.defer(statement.sql, [None] * len(statement.names))
            wire.post()

        self._pool.open_ahead(rehearse if first or by_users else None)

    def settle(self) -> None:
        """Be still: this process is about to fork."""
        self._pool.settle()

    def leave_to_child(self) -> None:
        """Leave what is open to the process that was forked, and say nothing on it any more."""
        self._pool.leave_to_child()

    def acting_as(
        self, user_id: UUID, function: str, counted: Counted | None = None
    ) -> "Transaction":
        """A transaction under the row policies of one verified user, opened for a function."""
        return self._open(Identity("visio_app", _claims(user_id), function), counted)

    def reading_as(
        self, user_id: UUID, function: str, counted: Counted | None = None
    ) -> "Transaction":
        """The same for a request that reads once and writes nothing."""
        identity = Identity("visio_app", _claims(user_id), function)
        return self._open(identity, counted, reads_only=True)

    def acting_as_system(self, function: str, counted: Counted | None = None) -> "Transaction":
        """A transaction of the webhook, the relay or the sweep, on just their tables."""
        return self._open(replace(SYSTEM, function=function), counted)

    def reading_as_system(self, function: str, counted: Counted | None = None) -> "Transaction":
        """The same for a request that reads once and writes nothing."""
        return self._open(replace(SYSTEM, function=function), counted, reads_only=True)

    def at_once_as_system(self, function: str) -> "Transaction":
        """The same for a single statement that writes, and is committed in the same round trip."""
        return Transaction(self._pool, replace(SYSTEM, function=function), self._bus, at_once=True)

    def unheard_as_system(self, function: str) -> "Transaction":
        """The same for writes that leave at its end, and whose success nobody waits for.

        For what does no harm if it is lost, since it is then done again.
        """
        return Transaction(self._pool, replace(SYSTEM, function=function), self._bus, unheard=True)

    def _open(
        self, identity: Identity, counted: Counted | None, *, reads_only: bool = False
    ) -> "Transaction":
        if counted is None:
            return Transaction(self._pool, identity, self._bus, reads_only=reads_only)
        self._turnstile.check(counted)
        passing = Passing(counted, self._turnstile)
        return Transaction(self._pool, identity, self._bus, reads_only=reads_only, passing=passing)

    def close(self) -> None:
        self._pool.discard()


class Transaction:
    """One transaction. Leaving it well commits, publishes what was said, and marks it published."""

    def __init__(
        self,
        pool: Pool,
        identity: Identity,
        bus: Bus,
        *,
        reads_only: bool = False,
        at_once: bool = False,
        unheard: bool = False,
        passing: Passing | None = None,
    ) -> None:
        self._pool, self._identity, self._bus = pool, identity, bus
        self._reads_only, self._at_once = reads_only, at_once or reads_only
        self._unheard, self._passing = unheard, passing
        self._failed_already = False
        self._signals: list[Signal] = []
        self._mails: list[UUID] = []
        self._orders: list[UUID] = []
        self._wire: PipelinedConnection

    def __enter__(self) -> Self:
        try:
            self._wire = self._pool.take()
        except (pg8000.Error, OSError) as error:
            raise _as_ours(error) from error
        if self._passing is not None:
            self._count(self._passing.call)
        self._open()
        return self

    def _count(self, call: Counted) -> None:
        self._wire.defer("begin")
        self._wire.defer(IDENTITY, self._identity.values)
        self._wire.defer(call.statement, call.values)
        self._wire.defer("commit")

    def _open(self) -> None:
        identity = self._identity
        self._ended = False
        if self._unheard:  # a transaction by itself, from one Sync to the next
            self._wire.defer(IDENTITY, identity.values)
            self.write(UNSYNCED)
            return
        self._wire.defer("begin read only" if self._reads_only else "begin")
        self._wire.defer(IDENTITY, identity.values)
        self._who = self._wire.defer(WHO) if identity.role == "visio_app" else None
        self._wire.followed_by = "commit" if self._at_once else None

    def read(self, statement: Statement, **values: object) -> list[Mapping[str, Any]]:
        """Run one statement now, with all that waits, and return its rows."""
        if self._ended:
            self._open()
        bound = statement.values(values)
        try:
            if statement.anew:
                self._wire.defer(AS_IT_COMES)
            answered = self._wire.run(statement.sql, bound, anew=statement.anew)
        except Exception as error:
            raise self._failed(error) from error
        self._ended = self._at_once
        return _rows(answered)

    def also(self, statement: Statement, **values: object) -> Later:
        """Let a statement leave together with the next read, and have its rows once that has run.

        Statements run in the order in which they were given, each on a snapshot of its own.
        """
        if self._ended:
            self._open()
        bound = statement.values(values)
        try:
            if statement.anew:
                self._wire.defer(AS_IT_COMES)
            return Later(self._wire.defer(statement.sql, bound, anew=statement.anew))
        except Exception as error:  # it was never sent: a value that cannot be encoded
            raise self._failed(error) from error

    def lock(self, statement: Statement, **values: object) -> None:
        """Let a locking statement leave just before the read.

        A statement of its own, since the next one then has a snapshot taken after the wait: one
        statement that locks a row and joins others would see those as they were before it.
        """
        self.also(statement, **values)

    def write(self, statement: Statement, **values: object) -> None:
        """Let a statement leave together with the commit.

        The rows that it changes must be held by a lock taken in `read`, or be new: nobody looks
        at how many there were.
        """
        self.also(statement, **values)

    def say(self, *said: Said) -> None:
        """Write what happened: for people (notices, e-mails), browsers (signals), the record, and
        the room's server."""
        steps = [step for one in said for step in one.steps]
        notices = [notice for one in said for notice in one.notices]
        mails = [notice for notice in notices if notice.mailed] if self._bus.mails else []
        listed = [notice for notice in notices if notice.listed]
        orders = [order for one in said for order in one.orders] if self._bus.rooms else []
        signals = [signal for one in said for signal in one.signals]
        if steps:
            self.write(RECORD, steps=_json(map(_step, steps)))
        if listed:
            self.write(TELL, notices=_json(map(_notice, listed)))
        if mails:
            self.write(MAIL, mails=_json(map(_mail, mails)))
            self._mails += [mail.id for mail in mails]
        if orders:
            self.write(ORDER, orders=_json(map(asdict, orders)), now=said[0].at)
            self._orders += [order.id for order in orders]
        if signals:
            self.write(SIGNAL, signals=_json(map(_signal, signals)))
            self._signals += signals

    @property
    def party(self) -> Operator | Client:
        """Who the caller is in our tables, known from the first read on; else NotAParty."""
        if self._who is None or not self._who.rows:
            raise RuntimeError("the caller is known from the first read on")
        role, operator_id, operator, client_id, of_operator, client, of = self._who.rows[0]
        if role != self._identity.role:
            raise RuntimeError("the transaction does not run as the role it asked for")
        if operator_id is not None:
            return Operator(operator_id, operator)
        if client_id is not None:
            return Client(client_id, client, of_operator, of)
        raise NotAParty

    @property
    def side(self) -> Side:
        """On which side of the table the caller is, else NotAParty."""
        return "client" if isinstance(self.party, Client) else "operator"

    def go_on_as_system(self) -> None:
        """Act with the system's rights from here on, where the caller's own have been looked at.

        What the caller decided then has the same effects, through the same rows, as if it had come
        from the service behind it. All of it leaves in the caller's round trip, so that what is
        read then must follow from a row that the caller's own rights have shown, in SQL; and
        `party` must be asked for before anything of it is used.
        """
        self._wire.defer(IDENTITY, (SYSTEM.role, SYSTEM.claims, self._identity.function))

    @property
    def operator(self) -> Operator:
        """The caller as an operator, else NotYourRole."""
        if isinstance(self.party, Operator):
            return self.party
        raise NotYourRole

    @property
    def client(self) -> Client:
        """The caller as a client, else NotYourRole."""
        if isinstance(self.party, Client):
            return self.party
        raise NotYourRole

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        kept = error is None or (isinstance(error, Refusal) and error.keeps)
        try:
            if kept:
                self._commit()
            elif not self._failed_already and self._wire.in_step:  # else it is nobody's next
                self._wire.forget()
                self._wire.rollback()
        except Exception as failure:
            raise self._failed(failure) from failure
        finally:
            self._wire.followed_by = None
            self._pool.give_back(self._wire)
        if (self._signals or self._mails or self._orders) and kept:
            self._publish()

    def _commit(self) -> None:
        if self._unheard:
            self._wire.post()
        elif not self._ended:
            self._wire.defer("commit")
            self._wire.flush()

    def _publish(self) -> None:
        """Say what was committed. What cannot be said now, the sweep says later."""
        try:
            published = self._bus.publish(self._signals, self._mails, orders=self._orders)
            if published:
                identity = self._identity
                with Transaction(self._pool, identity, self._bus, unheard=True) as marking:
                    marking.mark_published(published)
        except Exception as error:  # noqa: BLE001 -- it is committed: no failure to tell it undoes it
            log.warning("outbox.unmarked", extra={"cause": type(error).__name__})

    def mark_published(self, ids: Iterable[UUID]) -> None:
        self.write(PUBLISHED, ids=list(map(str, ids)))

    def _failed(self, error: Exception) -> Exception:
        """Leave the connection clean for the next caller, and name what happened."""
        self._failed_already = True
        self._wire.forget()
        with contextlib.suppress(Exception):  # the pool closes what is not in order after this
            self._wire.rollback()
        # No answer of the server: it was lost, and its other connections with it. A session that
        # only reads keeps what was so when it began, and so do its neighbours: new ones may write
        # as soon as anybody may.
        if not self._wire.in_step or sqlstate(error) == READ_ONLY:
            self._pool.discard()
        ours = _as_ours(error)
        if isinstance(ours, TooOften) and self._passing is not None:
            self._passing.turnstile.close(self._passing.call, ours.seconds)
        return ours


def sqlstate(error: BaseException | None) -> str | None:
    """The server's code; None if it is not a server's reply."""
    return field_of(error, "C")


def _as_ours(error: Exception) -> Exception:
    code = sqlstate(error)
    if code == CAME_TOO_OFTEN:
        return TooOften(max(1, math.ceil(float(field_of(error, "D") or 1))))
    if code in RACES:
        return RaceLost(code)
    if code == "55P03":  # lock_not_available
        return StillLocked()
    if code is None:
        lost = isinstance(error, OSError | pg8000.InterfaceError)
        return Unavailable() if lost else error
    if code in PASSING or code[:2] in PASSING_CLASSES:
        return Unavailable()
    # The constraint's name, never the message or its detail: these carry the values.
    return DatabaseFailed(code, field_of(error, "n"))


def _rows(answered: Any) -> list[Mapping[str, Any]]:
    names = [column["name"] for column in answered.columns or ()]
    return [dict(zip(names, row, strict=True)) for row in answered.rows or ()]


def _claims(user_id: UUID) -> str:
    return encode({"sub": user_id, "role": "authenticated"}).decode()


def _json(items: Iterable[dict[str, object]]) -> str:
    return encode(list(items)).decode()


def _notice(notice: Notice) -> dict[str, object]:
    return {
        "id": notice.id,
        "recipient_type": notice.recipient_type,
        "recipient_id": notice.recipient_id,
        "type": notice.type,
        "title": notice.title,
        "body": notice.body,
        "link": notice.link,
        "meeting_id": notice.meeting_id,
        "created_at": notice.created_at.isoformat(),
    }


def _mail(notice: Notice) -> dict[str, object]:
    facts = notice.facts
    return {
        "id": notice.id,
        "recipient_type": notice.recipient_type,
        "recipient_id": notice.recipient_id,
        "type": notice.type,
        "facts": {
            "name": facts.name,
            "slot": facts.slot and instant(facts.slot),
            "slots": [instant(slot) for slot in facts.slots],
            "quote": facts.quote,
        },
        "link": notice.link,
        "meeting_id": notice.meeting_id,
        "created_at": notice.created_at.isoformat(),
    }


def _step(step: Step) -> dict[str, object]:
    return {
        "subject": step.subject,
        "request_id": step.request_id,
        "meeting_id": step.meeting_id,
        "client_id": step.client_id,
        "operator_id": step.operator_id,
        "actor": step.actor,
        "action": step.action,
        "from_status": step.from_status,
        "to_status": step.to_status,
        "at": step.at.isoformat(),
        "message": step.message,
        "slots": [instant(slot) for slot in step.slots] or None,
    }


def _signal(signal: Signal) -> dict[str, object]:
    return {
        "event_id": signal.event_id,
        "channel": signal.channel,
        "event": signal.event,
        "payload": signal.payload,
    }


__all__ = ["Bus", "Client", "Database", "Operator", "Transaction", "sqlstate"]
