"""What views have in common: structs, written by msgspec, camelCase outside."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Generic, Self, TypeVar

from msgspec import Meta, Struct, convert
from msgspec.json import encode

from visio.adapters.paging import Item, Page

Instant = Annotated[datetime, Meta(tz=True, description="UTC")]


class View(Struct, frozen=True, kw_only=True, rename="camel"):
    @classmethod
    def of(cls, value: object) -> Self:
        """The view of a domain value with attributes of the same names."""
        return convert(value, cls, from_attributes=True)

    def written(self) -> bytes:
        """As JSON."""
        return encode(self)


Shown = TypeVar("Shown", bound=View)


class PageView(View, Generic[Shown], frozen=True, kw_only=True):
    items: tuple[Shown, ...]
    next_cursor: str | None

    @classmethod
    def showing(cls, page: Page[Item], view: Callable[[Item], Any]) -> Self:
        """A page with each item seen through its view."""
        return cls(items=tuple(map(view, page.items)), next_cursor=page.next_cursor)
