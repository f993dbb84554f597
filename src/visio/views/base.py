"""What views have in common."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer
from pydantic.alias_generators import to_camel

from visio.adapters.paging import Item, Page
from visio.domain.events import instant

Instant = Annotated[
    datetime, PlainSerializer(instant, return_type=str, when_used="json"), Field(description="UTC")
]


class View(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        from_attributes=True,
        frozen=True,
        defer_build=True,  # a function shows one or two of these: the others cost it nothing
    )

    @classmethod
    def of(cls, value: object) -> Self:
        """The view of a domain value with attributes of the same names."""
        return cls.model_validate(value)

    def written(self) -> bytes:
        """As JSON."""
        return self.model_dump_json(by_alias=True).encode()


Shown = TypeVar("Shown", bound=View)


class PageView(View, Generic[Shown]):
    items: tuple[Shown, ...]
    next_cursor: str | None

    @classmethod
    def showing(cls, page: Page[Item], view: Callable[[Item], Any]) -> Self:
        """A page with each item seen through its view."""
        return cls(items=tuple(map(view, page.items)), next_cursor=page.next_cursor)
