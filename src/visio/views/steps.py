"""What happened before."""

from typing import Literal, Self

from visio.domain.events import Step
from visio.views.base import Instant, View


class StepView(View, frozen=True, kw_only=True):
    """One transition: who did what, when, through which function, and in which words."""

    subject: Literal["request", "meeting", "knock"]
    by: Literal["client", "operator", "calcom", "system"]
    action: str
    from_status: str | None
    to_status: str
    at: Instant
    message: str | None
    slots: tuple[Instant, ...]
    function: str | None

    @classmethod
    def taken(cls, step: Step) -> Self:
        told = {name: getattr(step, name) for name in cls.__struct_fields__ if name != "by"}
        return cls(by=step.actor, **told)
