"""Cal.com as it speaks: the bodies of one booking's life, shaped as the recorded ones are."""

import copy
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.world import PAYLOADS

FILES = {
    "BOOKING_CREATED": "01_booking_created.json",
    "BOOKING_REQUESTED": "04_booking_requested.json",
    "BOOKING_REJECTED": "07_booking_rejected.json",
    "BOOKING_RESCHEDULED": "09_booking_rescheduled.json",
    "BOOKING_CANCELLED": "10_booking_cancelled_offset_tz.json",
    "BOOKING_PAID": "16_booking_paid.json",
    "BOOKING_NO_SHOW_UPDATED": "18_booking_no_show_updated.json",
    "MEETING_STARTED": "19_meeting_started_flat.json",
}
SHAPES = {trigger: json.loads((PAYLOADS / name).read_bytes()) for trigger, name in FILES.items()}
CONFIRMED = json.loads((PAYLOADS / "06_booking_created_after_confirmation.json").read_bytes())
Body = dict[str, Any]


def now(minutes: float = 0) -> str:
    """When Cal.com says that it made an event."""
    at = datetime.now(UTC) + timedelta(minutes=minutes)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Booking:
    """One booking in Cal.com, and every event of its life that Cal.com may send.

    What the booking link carried (`metadata`) is only in the bodies in which Cal.com repeats it.
    """

    email: str = "alice@client.example"
    days: float = 3
    minutes: int = 30
    metadata: dict[str, str] = field(default_factory=dict)
    uid: str = field(default_factory=lambda: uuid4().hex[:22])
    ical: str = ""
    sequence: int = 0
    before: "Booking | None" = None

    def __post_init__(self) -> None:
        self.ical = self.ical or f"{self.uid}@Cal.com"
        day = (datetime.now(UTC) + timedelta(days=self.days)).replace(second=0, microsecond=0)
        self.start = day.replace(minute=0)
        self.end = self.start + timedelta(minutes=self.minutes)

    def moved(self, days: float, **changes: Any) -> "Booking":
        """What this booking becomes when it is moved: a new uid, the calendar's name kept."""
        return Booking(
            email=self.email,
            days=days,
            minutes=self.minutes,
            ical=self.ical,
            sequence=self.sequence + 1,
            before=self,
            **changes,
        )

    def created(self, **more: Any) -> Body:
        return self._event("BOOKING_CREATED", {"metadata": dict(self.metadata), **more})

    def confirmed(self, **more: Any) -> Body:
        """After the host's confirmation or a payment: what the link carried is lost."""
        body = copy.deepcopy(CONFIRMED)
        body["createdAt"] = now()
        body["payload"].update(self._common(".000Z"), **more)
        return body

    def requested(self, **more: Any) -> Body:
        return self._event("BOOKING_REQUESTED", {"metadata": dict(self.metadata), **more}, ".000Z")

    def asked_to_move(self, **more: Any) -> Body:
        """A move that the host has to confirm: only the calendar's name ties it to before."""
        return self._event("BOOKING_REQUESTED", {"metadata": {}, **more}, ".000Z")

    def payment_initiated(self, **more: Any) -> Body:
        body = self.created(paymentId=77, **more)
        return {**body, "triggerEvent": "BOOKING_PAYMENT_INITIATED"}

    def paid(self, **more: Any) -> Body:
        return self._event("BOOKING_PAID", more, ".000Z")

    def rejected(self, reason: str | None = "Créneau déjà pris, désolé.", **more: Any) -> Body:
        body = self._event("BOOKING_REJECTED", {"rejectionReason": reason, **more}, ".000Z")
        if reason is None:
            del body["payload"]["rejectionReason"]
        return body

    def rescheduled(self, **more: Any) -> Body:
        assert self.before is not None
        old = {"rescheduleUid": self.before.uid, "rescheduleStartTime": _z(self.before.start)}
        return self._event(
            "BOOKING_RESCHEDULED",
            {**old, "rescheduledBy": self.email, "metadata": {}, **more},
        )

    def cancelled(self, reason: str | None = "Un empêchement", **more: Any) -> Body:
        """Times in the server's zone, and a calendar's name of its own."""
        body = self._event(
            "BOOKING_CANCELLED",
            {
                "iCalUID": f"{self.uid}@Cal.com",
                "iCalSequence": self.sequence + 1,
                "cancellationReason": reason,
                "cancelledBy": self.email,
                **more,
            },
            "+00:00",
        )
        if reason is None:
            del body["payload"]["cancellationReason"]
        return body

    def sent_back(self, **more: Any) -> Body:
        """The host asks for another time: it arrives as a cancellation."""
        return self.cancelled("Merci de choisir un autre créneau", requestReschedule=True, **more)

    def no_show(self, mark: bool = True, minutes: float = 0, email: str | None = None) -> Body:
        body = copy.deepcopy(SHAPES["BOOKING_NO_SHOW_UPDATED"])
        body["createdAt"] = now(minutes)
        marks = [{"email": email or self.email, "noShow": mark}]
        body["payload"].update(bookingUid=self.uid, attendees=marks)
        return body

    def passed(self, trigger: str = "MEETING_STARTED", *, enveloped: bool = False) -> Body:
        """The scheduled time has come or gone: flat, or in an envelope as of late."""
        body = copy.deepcopy(SHAPES["MEETING_STARTED"])
        body.update(
            triggerEvent=trigger,
            uid=self.uid,
            startTime=_z(self.start, ".000Z"),
            endTime=_z(self.end, ".000Z"),
            metadata=dict(self.metadata),
            iCalUID=self.ical,
        )
        if enveloped:
            del body["triggerEvent"]
            return {"triggerEvent": trigger, "createdAt": now(), "payload": body}
        return body

    def _event(self, trigger: str, more: dict[str, Any], suffix: str = "Z") -> Body:
        body = copy.deepcopy(SHAPES[trigger])
        body["createdAt"] = now()
        body["payload"].update(self._common(suffix))
        body["payload"].update(iCalUID=self.ical, iCalSequence=self.sequence)
        body["payload"].update(more)
        return body

    def _common(self, suffix: str) -> dict[str, Any]:
        attendee = {"email": self.email, "name": "Éléonore Çelik", "timeZone": "Europe/Paris"}
        return {
            "uid": self.uid,
            "startTime": _z(self.start, suffix),
            "endTime": _z(self.end, suffix),
            "attendees": [attendee],
        }


def _z(at: datetime, suffix: str = "Z") -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S") + suffix


def again(body: Body, minutes: float = 1) -> Body:
    """The same event from another subscription of Cal.com's: told at another instant."""
    return {**body, "createdAt": now(minutes)} if "createdAt" in body else body


def z(at: datetime) -> str:
    """An instant as we answer it."""
    return at.isoformat().replace("+00:00", "Z")
