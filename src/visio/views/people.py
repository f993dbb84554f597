"""Who the caller is, and whom he knows."""

from typing import TYPE_CHECKING, Literal, Self
from uuid import UUID

from visio.views.base import Instant, View

if TYPE_CHECKING:
    from visio.adapters.people import Me


class OperatorView(View, frozen=True, kw_only=True):
    id: UUID
    name: str


class MeView(View, frozen=True, kw_only=True):
    """Who the caller is. `id` is the row's, by which inboxes are named; `operator` a client's."""

    role: Literal["operator", "client"]
    id: UUID
    name: str
    locale: Literal["fr", "en"]
    time_zone: str
    operator: OperatorView | None

    @classmethod
    def showing(cls, me: "Me") -> Self:
        same = set(cls.__struct_fields__) - {"operator"}
        of = me.operator_id and OperatorView(id=me.operator_id, name=me.operator_name or "")
        return cls(**{name: getattr(me, name) for name in same}, operator=of or None)


class ClientView(View, frozen=True, kw_only=True):
    id: UUID
    name: str
    email: str
    created_at: Instant
