"""What commands have in common: parsed at the door, frozen, strict, camelCase outside.

Each stands with the flow that obeys it, so that a function loads its own and no other.
"""

from datetime import UTC, datetime
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

Item = TypeVar("Item")


def _text_only(value: object) -> object:
    """An instant is a text with an offset; a number could mean seconds or milliseconds."""
    if not isinstance(value, str):
        raise ValueError("must be an ISO 8601 text with an offset")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be a date of this era") from error


Instant = Annotated[AwareDatetime, BeforeValidator(_text_only), AfterValidator(_in_utc)]


Reason = Annotated[str, Field(min_length=1, max_length=1000)]


Message = Annotated[str, Field(max_length=2000)]


def distinct(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """The items. Raises ValueError where one stands twice."""
    if len(set(items)) < len(items):
        raise ValueError("must be distinct")
    return items


Slots = Annotated[tuple[Instant, ...], Field(min_length=1, max_length=3), AfterValidator(distinct)]


class Command(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        defer_build=True,  # a function uses one or two of these: the others cost it nothing
    )


class OfMeeting(Command):
    meeting_id: UUID


class Listing(Command):
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str, Field(max_length=200)] | None = None
