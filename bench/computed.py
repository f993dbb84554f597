"""The parts of a page that are computed: between two marks, and compared by a test."""

import textwrap

BEGIN, END = "<!-- computed{}: begin -->", "<!-- computed{}: end -->"


def prose(said: str, width: int = 106) -> str:
    """A paragraph in lines of the pages' width; no word is cut."""
    return textwrap.fill(said, width, break_long_words=False, break_on_hyphens=False)


def filled(text: str, computed: str, name: str = "") -> str:
    """The page with the part of that name as it is now."""
    label = name and f" {name}"
    begin, end = BEGIN.format(label), END.format(label)
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    assert found, f"the page has no part{label}"
    assert ended, f"the page's part{label} has no end"
    return f"{before}{begin}\n\n{computed.strip()}\n\n{end}{after}"
