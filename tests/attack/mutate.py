"""Bodies and headers that nobody in their right mind sends, made from good ones.

A mutation knows what it mutates: it drops, repeats, renames and swaps what is there, and puts the
worst of its kind in place of a time, an id, a number or a text. The same seed makes the same bytes.
Every text of ours holds CANARY, so that whoever repeats or logs it is found out.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from random import Random
from typing import Any

CANARY = "c4n4ry"


class Raw(str):
    """JSON as it is to be written: what no value of Python's stands for."""


class Pairs(list[tuple[str, Any]]):
    """An object whose names may stand twice."""


TEXTS: Sequence[Any] = (
    "",
    " ",
    CANARY,
    f"{CANARY}\ud800",
    f"\udfff{CANARY}",
    f"{CANARY}\0",
    f"{CANARY}'); drop table public.meetings; --",
    f"{CANARY}\" or 1=1 {{\\}} $1 %s :id :: ''",
    f"{CANARY}👩🏽‍🚀 🏳️‍🌈 Z̸̢͘a̷l̵g̶o̸",
    f"\u202e{CANARY}\u200f\u2066",
    f"{CANARY}\r\nSet-Cookie: a=b",
    f"{CANARY}\x1b[31m\x07\x7f\x85\u2028\ufeff",
    f"<script>{CANARY}</script>{{{{7*7}}}}${{jndi:x}}",
    CANARY * 20,
    CANARY * 700,
    CANARY * 12_000,
    "NULL",
    "null",
    "{}",
    '{NULL,"a\\"}',
)
NUMBERS: Sequence[Any] = (
    *(0, -1, 1, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1, 10**400),
    Raw("9" * 5000),
    *(Raw("-0"), -0.0, 0.1, 1e308, 5e-324, Raw("1e999"), Raw("-1e999"), Raw("1e-999")),
    *(
        Raw("NaN"),
        Raw("Infinity"),
        Raw("-Infinity"),
        Raw("1." + "0" * 3000),
        Raw("0x10"),
        Raw("01"),
    ),
)
INSTANTS: Sequence[Any] = (
    *("2026-02-30T10:00:00Z", "2027-02-29T10:00:00Z", "2026-12-01T25:61:00Z"),
    *("2026-12-01T24:00:00Z", "2026-12-31T23:59:60Z", "2016-12-31T23:59:60+00:00"),
    *("0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59"),
    *("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999-23:59", "10000-01-01T00:00:00Z"),
    *("+010000-01-01T00:00:00Z", "-0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    # Skipped and repeated when Europe/Paris changes its clocks.
    *("2027-03-28T02:30:00", "2027-03-28T02:30:00+01:00", "2026-10-25T02:30:00+02:00"),
    *("2026-12-01T10:00:00+99:99", "2026-12-01T10:00:00-99:99", "2026-12-01T10:00:00+24:00"),
    *("2026-12-01T10:00:00+15:59:59.999999", "2026-12-01T10:00:00+23:00", "2026-12-01T10:00Z"),
    *("2026-12-01", "20261201T100000Z", "2026-W49-2T10:00:00Z", "2026-12-01 10:00:00 Europe/Paris"),
    *(
        "now",
        "infinity",
        "-infinity",
        "epoch",
        "2026-12-01T10:00:00Z\0",
        "２０２６-12-01T10:00:00Z",
    ),
    *("2026-12-01T10:00:00.1234567890123Z", "2026-12-01T10:00:00,5Z", 1_796_119_200, 1e20),
)
IDS: Sequence[Any] = (
    *("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    # Other people's, as users and as rows.
    *("22222222-2222-4222-8222-222222222222", "b0000000-0000-4000-8000-00000000000b"),
    *("bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb", "cccccccc-cccc-4ccc-8ccc-cccccccccccc"),
    *("urn:uuid:AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA", "{aaaaaaaaaaaa4aaa8aaaaaaaaaaaaaaa}"),
    *(
        "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaa",
        f"' or id::text like '%' --{CANARY}",
        "../../etc/passwd",
    ),
    *("a" * 255, "é" * 255, "a" * 256, "uid/series/x", "\\", '"', "{", "}", ",", "NULL"),
)
# A token as PyJWT would take it apart, whose header is deeper than its reader can go.
DEEP_TOKEN = "W1tb" * 900 + ".e30.x"
STRUCTURES: Sequence[Any] = (
    None,
    True,
    False,
    [],
    Pairs(),
    [[]],
    [None],
    Pairs([("", CANARY)]),
    Pairs([("\0", CANARY)]),
    Pairs([("\ud800", CANARY)]),
    Pairs([("__proto__", CANARY), ("$ref", "#"), ("a.b", 1)]),
    Raw("[" * 100_000),
    Raw("[" * 190 + "]" * 190),
    Raw("[" * 600 + "]" * 600),
    Raw('{"a":' * 100_000),
    Raw("[" + "0," * 20_000 + "0]"),
    Raw("[" + '"x",' * 2_000 + '"x"]'),
    Raw("[" + "{}," * 5_000 + "{}]"),
    Raw(f'"{CANARY}\\u0000"'),
    Raw(f'"{CANARY}\\x"'),
    Raw(f'"{CANARY}\n"'),
    Raw("undefined"),
    Raw(""),
)
KINDS = (TEXTS, NUMBERS, INSTANTS, IDS, STRUCTURES)


def parsed(text: str | bytes) -> Any:
    """JSON whose objects keep their names as they were written."""
    return json.loads(text, object_pairs_hook=Pairs)


def written(value: Any) -> str:
    """The JSON of it, be it JSON or not."""
    match value:
        case Raw():
            return str(value)
        case Pairs():
            return "{" + ",".join(f"{json.dumps(k)}:{written(v)}" for k, v in value) + "}"
        case list() | tuple():
            return "[" + ",".join(map(written, value)) + "]"
        case dict():
            return written(Pairs(value.items()))
    return json.dumps(value)


class Mutator:
    """Makes bad bodies of good ones, the same ones for the same seed."""

    def __init__(self, seed: int, *, read: Collection[str] = ()) -> None:
        """`read` are the names of what is known to be read: every other blow lands there."""
        self.random = Random(seed)  # noqa: S311 -- nothing secret is drawn
        self._read = sorted(read)

    def body(self, good: Any) -> bytes:
        """One good body, changed at one to four places, and at times broken as bytes as well."""
        value = parsed(json.dumps(good))
        for _ in range(self.random.choice((1, 1, 1, 2, 4))):
            value = self._changed(value)
        raw = written(value).encode("utf-8", "surrogatepass")
        return self._broken(raw) if self.random.random() < 0.1 else raw

    def value(self, key: str = "") -> Any:
        """The worst there is for a field of that name."""
        named = key.lower()
        kind = self.random.choice(KINDS)
        if self.random.random() < 0.5:
            if named.endswith(("time", "at", "slot", "slots", "start", "end")):
                kind = INSTANTS
            elif named.endswith("ids") and self.random.random() < 0.3:
                return Raw("[" + "0," * 5_000 + "0]")
            elif named.endswith(("id", "ids", "uid")):
                kind = IDS
            elif named == "bookingtoken":
                return DEEP_TOKEN
        return self.random.choice(kind)

    def _changed(self, value: Any) -> Any:
        places = list(_places(value))
        if not places:
            return self.value()
        if self._read and self.random.random() < 0.5:
            return self._at_what_is_read(value, places)
        box, index = self.random.choice(places)
        named = isinstance(box, Pairs)
        key, old = box[index] if named else ("", box[index])
        new: Any = old
        match self.random.randrange(10):
            case 0:
                del box[index]
                return value
            case 1:  # twice; of two equal names the last one counts
                box.append((key, self.value(key)) if named else old)
                return value
            case 2 if named:
                key = self.random.choice((key.upper(), f"{key}\0", key[:-1], CANARY, "uid"))
            case 3:
                new = [old]
            case 4:
                new = str(old) if not isinstance(old, str) else Pairs([(CANARY, old)])
            case 5:
                other, there = self.random.choice(places)
                taken = other[there] if there < len(other) else None
                new = taken[1] if isinstance(other, Pairs) and taken else taken
            case _:
                new = self.value(key)
        # A copy: what was taken from elsewhere may hold the very place that it goes to.
        box[index] = (key, Raw(written(new))) if named else Raw(written(new))
        return value

    def _at_what_is_read(self, value: Any, places: list[tuple[Any, int]]) -> Any:
        """The worst in the place of something that is read, or beside the rest where it is not."""
        key = self.random.choice(self._read)
        there = [(box, i) for box, i in places if isinstance(box, Pairs) and box[i][0] == key]
        if there:
            box, index = self.random.choice(there)
            box[index] = (key, self.value(key))
        else:
            boxes = [box for box, _ in places if isinstance(box, Pairs)] or [Pairs()]
            self.random.choice(boxes).append((key, self.value(key)))
        return value

    def _broken(self, raw: bytes) -> bytes:
        cut = self.random.randrange(len(raw) + 1)
        match self.random.randrange(11):
            case 0:
                return raw[:cut]
            case 1:
                return raw + raw
            case 2:
                return raw[:cut] + raw[cut // 2 :]
            case 3:
                return b"\xef\xbb\xbf" + raw
            case 4:
                return raw.decode("utf-8", "replace").encode("utf-16")
            case 5:
                return raw[:cut] + self.random.randbytes(8) + raw[cut:]
            case 6:
                return self.random.randbytes(200)
            case 7:
                return raw + b" " * self.random.choice((10, 70_000, 300_000))
            case 8:
                return b"payload=" + raw
            case 9:
                return raw.replace(b'"', b"'")
        return b""


def _places(value: Any) -> Iterator[tuple[Any, int]]:
    """Every box with the index of everything in it, however deep."""
    if isinstance(value, list):
        for index, held in enumerate(value):
            yield value, index
            yield from _places(held[1] if isinstance(value, Pairs) else held)
