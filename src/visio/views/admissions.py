"""How those who waited were let in."""

from typing import Literal
from uuid import UUID

from visio.views.base import View


class AdmissionView(View, frozen=True, kw_only=True):
    """What became of one of several: `state` is the knock's now, whoever has changed it."""

    meeting_id: UUID
    outcome: Literal["admitted", "refused"]
    code: Literal["not_found", "meeting_over", "no_one_waiting"] | None
    state: Literal["waiting", "admitted", "denied", "left"] | None


class AdmissionsView(View, frozen=True, kw_only=True):
    items: tuple[AdmissionView, ...]
