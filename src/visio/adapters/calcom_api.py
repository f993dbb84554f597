"""Cal.com's own list of bookings, told as its webhooks would have told them; and telling it ours.

Cal.com never sends a webhook twice, so this list is the only guarantee that nothing is lost.
Sources: Cal.com API v2 (`cal-api-version: 2024-08-13`), "Get all bookings", "Confirm a booking",
"Decline a booking", "Cancel a booking"; API v1, "Find all bookings", which is what older
self-hosted instances have.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from msgspec import Struct

from visio.adapters.patience import UNANSWERED, Kept
from visio.domain.booking import instant_of
from visio.domain.events import instant
from visio.domain.refusals import Unavailable

log = logging.getLogger("visio.calcom")

TIMEOUT = 10.0
TAKE = 100
# A booking that changes while pages are read moves to the end, and all behind it one place forward.
STEP = TAKE - 20
MOST_PAGES = 100
API_VERSION = "2024-08-13"
STATUSES = "upcoming,recurring,past,cancelled,unconfirmed"


class Listed(Struct, frozen=True):
    """One booking as it stands in Cal.com, in the form of webhooks; none where it says nothing."""

    events: tuple[dict[str, Any], ...]
    made_at: datetime | None
    changed_at: datetime | None


class Taken(Enum):
    """What Cal.com made of a decision of ours."""

    DONE = "done"
    TRY_AGAIN = "try_again"
    NEVER = "never"


class CalcomApi:
    """`url` ends in the version: `https://api.cal.com/v2`, `https://agenda.example/api/v1`."""

    def __init__(self, url: str, key: str, version: Literal["v1", "v2"]) -> None:
        self._bookings = f"{urlsplit(url).path.rstrip('/')}/bookings"
        self._server, self._key, self._version = Kept(url, timeout=TIMEOUT), key, version

    def changed(self, since: datetime) -> Iterator[list[Listed]]:
        """Pages of what changed since an instant. Raises Unavailable where Cal.com is not well."""
        return self._pages_v2(since) if self._version == "v2" else self._pages_v1(since)

    @property
    def oldest_first(self) -> bool:
        """Whether a page that has been read need not be read again."""
        return self._version == "v2"

    @property
    def listens(self) -> bool:
        """Whether it can be told of decisions by a booking's uid."""
        return self._version == "v2"

    def tell(self, uid: str, verb: str, reason: str | None) -> Taken:
        """Say what was decided here: `confirm`, `decline` or `cancel`. Raises nothing."""
        key = {"decline": "reason", "cancel": "cancellationReason"}.get(verb)
        body = {key: reason} if key and reason else {}
        try:
            status, _ = self._server.post(
                f"{self._bookings}/{quote(uid, safe='')}/{verb}",
                json.dumps(body).encode(),
                {**self._headers(), "Content-Type": "application/json"},
                whole=False,
            )
        except UNANSWERED:
            return Taken.TRY_AGAIN
        if status < 300:
            return Taken.DONE
        log.warning("calcom.refused", extra={"status": status})
        return Taken.NEVER if status in (400, 404, 409, 422) else Taken.TRY_AGAIN

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._key}", "cal-api-version": API_VERSION}

    def _pages_v2(self, since: datetime) -> Iterator[list[Listed]]:
        for page in range(MOST_PAGES):
            query = {
                "status": STATUSES,
                "afterUpdatedAt": instant(since),
                "sortUpdatedAt": "asc",
                "take": TAKE,
                "skip": page * STEP,
            }
            found = _objects(self._get(query, self._headers()).get("data"))
            yield [_listed(booking, _as_v2(booking)) for booking in found]
            if len(found) < TAKE:
                return
        raise Unavailable  # what is behind has not been read

    def _pages_v1(self, since: datetime) -> Iterator[list[Listed]]:
        for page in range(1, MOST_PAGES + 1):
            query = {
                "apiKey": self._key,
                "sortBy": "updatedAt",
                "order": "desc",
                "take": TAKE,
                "page": page,
            }
            found = _objects(self._get(query, {}).get("bookings"))
            listed = [_listed(booking, _as_v1(booking)) for booking in found]
            yield [one for one in listed if one.changed_at is None or one.changed_at >= since]
            past = any(one.changed_at is not None and one.changed_at < since for one in listed)
            if len(found) < TAKE or past:
                return
        raise Unavailable

    def _get(self, query: Mapping[str, object], headers: Mapping[str, str]) -> Mapping[str, Any]:
        try:
            status, said = self._server.ask(f"{self._bookings}?{urlencode(query)}", headers)
            found = json.loads(said) if status == 200 else None
        except (*UNANSWERED, ValueError, RecursionError) as error:
            raise Unavailable from error
        if not isinstance(found, dict):
            raise Unavailable
        return found


def _listed(booking: Mapping[str, Any], told: list[dict[str, Any]]) -> Listed:
    made = instant_of(booking.get("createdAt"))
    return Listed(tuple(told), made, instant_of(booking.get("updatedAt")) or made)


def _as_v2(booking: Mapping[str, Any]) -> list[dict[str, Any]]:
    moved_on = booking.get("rescheduledToUid") is not None
    hosts = _objects(booking.get("hosts"))
    attendees = _objects(booking.get("attendees"))
    payload = {
        "uid": booking.get("uid"),
        "title": booking.get("title"),
        "startTime": booking.get("start"),
        "endTime": booking.get("end"),
        "eventTypeId": booking.get("eventTypeId"),
        "organizer": hosts[0] if hosts else None,
        "attendees": attendees,
        "metadata": booking.get("metadata"),
        "iCalUID": booking.get("icsUid"),
        "rescheduleUid": booking.get("rescheduledFromUid"),
        "rescheduledBy": booking.get("rescheduledByEmail"),
        "cancelledBy": booking.get("cancelledByEmail"),
        "cancellationReason": booking.get("cancellationReason"),
        "rejectionReason": booking.get("cancellationReason"),
        "seatsPerTimeSlot": len(attendees) if any("seatUid" in a for a in attendees) else None,
    }
    marks = [{"email": a.get("email"), "noShow": a.get("absent")} for a in attendees]
    return _told(booking, str(booking.get("status")), payload, marks, moved_on=moved_on)


def _as_v1(booking: Mapping[str, Any]) -> list[dict[str, Any]]:
    attendees = _objects(booking.get("attendees"))
    payload = {
        **{key: booking.get(key) for key in ("uid", "title", "startTime", "endTime", "metadata")},
        **{key: booking.get(key) for key in ("cancellationReason", "rejectionReason")},
        "eventTypeId": booking.get("eventTypeId"),
        "organizer": booking.get("user"),
        "attendees": [{k: a.get(k) for k in ("email", "name", "timeZone")} for a in attendees],
        "iCalUID": booking.get("iCalUID"),
        "rescheduleUid": booking.get("fromReschedule"),
    }
    marks = [{"email": a.get("email"), "noShow": a.get("noShow")} for a in attendees]
    moved_on = booking.get("rescheduled") is True
    return _told(booking, str(booking.get("status")), payload, marks, moved_on=moved_on)


def _told(
    booking: Mapping[str, Any],
    status: str,
    payload: dict[str, Any],
    marks: list[dict[str, Any]],
    *,
    moved_on: bool,
) -> list[dict[str, Any]]:
    """The events of which a booking in this state is the outcome.

    One that was moved is cancelled there as well; what it became tells of the move.
    """
    triggers = {
        "accepted": "BOOKING_RESCHEDULED" if payload["rescheduleUid"] else "BOOKING_CREATED",
        "pending": "BOOKING_REQUESTED",
        "rejected": "BOOKING_REJECTED",
        "cancelled": "BOOKING_CANCELLED",
    }
    trigger = triggers.get(status.lower())
    if trigger is None or (trigger == "BOOKING_CANCELLED" and moved_on):
        return []
    changed = booking.get("updatedAt") or booking.get("createdAt")
    kept = {key: value for key, value in payload.items() if value is not None}
    told = [{"triggerEvent": trigger, "createdAt": changed, "payload": kept}]
    if any(mark["noShow"] is True for mark in marks):
        absent = {"bookingUid": payload["uid"], "attendees": marks}
        told.append(
            {
                "triggerEvent": "BOOKING_NO_SHOW_UPDATED",
                "createdAt": changed,
                "payload": absent,
            }
        )
    return told


def _objects(found: object) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
