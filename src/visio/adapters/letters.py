"""A notification as an e-mail: text and HTML, in its reader's language and time zone.

Imported by the function that sends e-mails alone: babel, Jinja and icalendar come with it.
"""

from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy, Policy
from email.utils import format_datetime as rfc_date
from email.utils import parseaddr
from pathlib import Path

from babel.dates import format_datetime, get_timezone_name
from jinja2 import Environment, StrictUndefined

from visio.adapters import ics
from visio.adapters.links import PersonalLinks
from visio.adapters.mails import Mail, Recipient
from visio.domain.events import zone
from visio.domain.words import REMINDERS, Locale, worded

PATTERNS: dict[Locale, tuple[str, str]] = {
    "fr": ("EEEE d MMMM y 'à' HH:mm", "le "),
    "en": ("EEEE d MMMM y 'at' HH:mm", "on "),
}
LABELS: dict[Locale, dict[str, str]] = {
    "fr": {
        "open": "Ouvrir dans Foxeo visio",
        "sign_in": "Le lien ouvre une page ; rien ne change avant que vous n’y cliquiez.",
        "stop": "Ne plus recevoir de rappels",
    },
    "en": {
        "open": "Open in Foxeo visio",
        "sign_in": "The link opens a page; nothing changes until you click there.",
        "stop": "Stop these reminders",
    },
}
_jinja = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
HTML = _jinja.from_string((Path(__file__).parent / "letter.html").read_text(encoding="utf-8"))

TEXT = Environment(undefined=StrictUndefined, trim_blocks=True).from_string(  # noqa: S701 -- plain text has nothing to escape
    """{{ sentence }}{{ end }}
{% if slots %}

{% for slot in slots %}
- {{ slot }}
{% endfor %}
{% endif %}
{% if quote %}

{% for line in quote.splitlines() %}
> {{ line }}
{% endfor %}
{% endif %}

{{ labels.open }}{{ colon }} {{ page }}
{{ labels.sign_in }}
{% if stop %}

{{ labels.stop }}{{ colon }} {{ stop }}
{% endif %}
"""
)


class _InOneLine(UnstructuredHeader, BaseHeader):
    """A header in ASCII, however long. An address of ours has no blank at which it could be folded,
    and in encoded words, which stand in for one, mailboxes find no address any more."""

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _InOneLine)
# No line of quoted-printable text is longer (RFC 2045, 6.7), nor one with encoded words.
POLICY = EmailPolicy(header_factory=_HEADERS, max_line_length=76)


def letter(
    mail: Mail, recipient: Recipient, links: PersonalLinks, sender: str, *, now: datetime
) -> EmailMessage:
    """The message, complete with its calendar file where it is about a meeting."""
    locale = recipient.locale
    words = worded(
        mail.type,
        mail.facts,
        locale,
        lambda at: PATTERNS[locale][1] + spoken(at, recipient.time_zone, locale),
    )
    slots = mail.facts.slots if mail.facts.slot is None else ()
    colon = " :" if locale == "fr" else ":"
    page = links.page(mail.link)
    stop = links.preferences(recipient.person, now=now) if mail.type in REMINDERS else None
    shown = {
        "locale": locale,
        "title": words.title,
        "sentence": words.sentence,
        "end": colon if slots or mail.facts.quote else ".",
        "colon": colon,
        "slots": [spoken(at, recipient.time_zone, locale) for at in slots],
        "quote": mail.facts.quote,
        "page": page,
        "stop": stop,
        "labels": LABELS[locale],
    }
    message = EmailMessage(policy=POLICY)
    name, address = parseaddr(sender)
    message["From"] = _address(name or "Foxeo visio", address)
    message["To"] = _address(recipient.name, recipient.email)
    message["Subject"] = words.title
    message["Date"] = rfc_date(now)
    # The same at every attempt: a mailbox that got it twice may show it once.
    message["Message-ID"] = f"<{mail.id}@{address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if stop is not None:
        message["List-Unsubscribe"] = f"<{stop}>"
    # In ASCII: not every server on the way says that it takes more.
    message.set_content(TEXT.render(shown), cte="quoted-printable")
    message.add_alternative(HTML.render(shown), subtype="html", cte="quoted-printable")
    # Who is told that somebody waits has had the invitation long since.
    if mail.event is not None and mail.type != "client_still_waiting":
        reader = recipient.person.side
        message.add_attachment(
            ics.invitation(mail.event, page, reader=reader, now=now),
            maintype="text",
            subtype="calendar",
            filename="rendez-vous.ics",
            params={"method": ics.method(mail.event.meeting, reader), "charset": "utf-8"},
        )
    return message


def spoken(at: datetime, time_zone: str, locale: Locale) -> str:
    """An instant as people say it, with its zone: in it an hour that comes twice is told apart."""
    local = at.astimezone(zone(time_zone))
    day = format_datetime(local, PATTERNS[locale][0], tzinfo=local.tzinfo, locale=locale)
    return f"{day} ({get_timezone_name(local, locale=locale)}, {local.tzinfo})"


def _address(name: str, address: str) -> Address:
    # A name is a person's to choose: what could end the header goes.
    printable = "".join(c if c.isprintable() else " " for c in name)
    return Address(" ".join(printable.split()), addr_spec=address)
