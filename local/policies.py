"""What the policies on realtime.messages say, asked as Supabase Realtime asks them."""

import contextlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pg8000.native

from local import postgres

ROLES = ("anon", "authenticated", "service_role")
BECOME = """select set_config('role', :role, true), set_config('realtime.topic', :topic, true),
  set_config('request.jwt.claims', :claims, true), set_config('request.jwt.claim.sub', :sub, true),
  set_config('request.jwt.claim.role', :role, true), set_config('request.headers', '{}', true)"""
PROBE = "insert into realtime.messages (id, topic, extension) values (:id, :topic, 'broadcast')"
FORBIDDEN = "42501"


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether the bearer of a token may listen on a topic, and send to it."""

    read: bool
    write: bool


class Policies:
    """One connection as the database's owner, which becomes the asker for each question.

    Source: supabase/realtime, authorization: a probe row is inserted, looked for and inserted
    again under the asker's role and claims, and nothing of it stays.
    """

    def __init__(self, admin_url: str) -> None:
        self._url = admin_url
        self._lock = threading.Lock()
        self._db: pg8000.native.Connection | None = None

    def ask(self, topic: str, claims: Mapping[str, Any]) -> Permission:
        """Raises OSError or pg8000's errors where the database does not answer."""
        role = claims.get("role")
        if role not in ROLES:
            return Permission(read=False, write=False)
        with self._lock:
            try:
                return self._ask(topic, claims, str(role))
            except Exception:
                self._drop()
                raise

    def answers(self) -> bool:
        """Whether the database is there."""
        with self._lock:
            try:
                self._connection().run("select 1")
            except (OSError, pg8000.native.Error):
                self._drop()
                return False
            return True

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _connection(self) -> pg8000.native.Connection:
        if self._db is None:
            self._db = postgres.connect(self._url)
        return self._db

    def _drop(self) -> None:
        if self._db is not None:
            with contextlib.suppress(OSError, pg8000.native.Error):
                self._db.close()
            self._db = None

    def _ask(self, topic: str, claims: Mapping[str, Any], role: str) -> Permission:
        db, probe = self._connection(), uuid4()
        db.run("begin")
        db.run(PROBE, id=probe, topic=topic)
        sub = str(claims.get("sub") or "")
        db.run(BECOME, role=role, topic=topic, claims=json.dumps(claims), sub=sub)
        [[read]] = db.run("select exists (select from realtime.messages where id = :id)", id=probe)
        try:
            db.run(PROBE, id=uuid4(), topic=topic)
            write = True
        except pg8000.native.DatabaseError as error:
            if error.args[0].get("C") != FORBIDDEN:
                raise
            write = False
        db.run("rollback")
        return Permission(bool(read), write)
