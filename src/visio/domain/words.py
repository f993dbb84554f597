"""What people are told, in French and in English: one place for notifications and e-mails."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

Locale = Literal["fr", "en"]


class Words(Struct, frozen=True):
    """A title and a sentence without its full stop; names in braces are filled in."""

    title: str
    sentence: str


WORDS: Mapping[str, Mapping[Locale, Words]] = {
    "request_created": {
        "fr": Words("Nouvelle demande de rendez-vous", "{name} propose {count} créneau{x}"),
        "en": Words("New meeting request", "{name} proposes {count} time{s}"),
    },
    "request_accepted": {
        "fr": Words("Demande acceptée", "{name} vous attend {slot}"),
        "en": Words("Request accepted", "{name} will meet you {slot}"),
    },
    "request_rejected": {
        "fr": Words("Demande refusée", "{name} ne peut pas vous recevoir"),
        "en": Words("Request declined", "{name} cannot meet you"),
    },
    "request_countered": {
        "fr": Words("Autres créneaux proposés", "{name} vous propose {count} autre{s} créneau{x}"),
        "en": Words("Other times offered", "{name} offers you {count} other time{s}"),
    },
    "request_expired": {
        "fr": Words(
            "Demande expirée", "Tous les créneaux proposés sont passés. Proposez-en de nouveaux"
        ),
        "en": Words("Request expired", "Every proposed time has passed. Please propose new ones"),
    },
    "request_reminder": {
        "fr": Words(
            "Demande sans réponse", "{name} attend votre réponse ; le premier créneau est {slot}"
        ),
        "en": Words(
            "Request without an answer", "{name} awaits your answer; the first time is {slot}"
        ),
    },
    "request_withdrawn": {
        "fr": Words("Demande retirée", "{name} retire sa demande de rendez-vous"),
        "en": Words("Request withdrawn", "{name} withdraws the meeting request"),
    },
    "proposal_accepted": {
        "fr": Words("Proposition acceptée", "{name} accepte le rendez-vous {slot}"),
        "en": Words("Offer accepted", "{name} accepts the meeting {slot}"),
    },
    "proposal_taken": {
        "fr": Words("Rendez-vous confirmé", "Vous acceptez le rendez-vous avec {name} {slot}"),
        "en": Words("Meeting confirmed", "You accept the meeting with {name} {slot}"),
    },
    "proposal_declined": {
        "fr": Words("Proposition déclinée", "{name} ne retient aucun de vos créneaux"),
        "en": Words("Offer declined", "{name} takes none of your times"),
    },
    "meeting_booked": {
        "fr": Words("Rendez-vous confirmé", "{name} vous attend {slot}"),
        "en": Words("Meeting confirmed", "{name} will meet you {slot}"),
    },
    "meeting_cancelled": {
        "fr": Words("Rendez-vous annulé", "{name} annule le rendez-vous {slot}"),
        "en": Words("Meeting cancelled", "{name} cancels the meeting {slot}"),
    },
    "meeting_called_off": {
        "fr": Words("Rendez-vous annulé", "Vous annulez le rendez-vous avec {name} {slot}"),
        "en": Words("Meeting cancelled", "You cancel the meeting with {name} {slot}"),
    },
    "meeting_reminder_day": {
        "fr": Words("Rendez-vous dans 24 heures", "Vous avez rendez-vous avec {name} {slot}"),
        "en": Words("Meeting in 24 hours", "You are meeting {name} {slot}"),
    },
    "meeting_reminder_quarter": {
        "fr": Words("Rendez-vous dans 15 minutes", "Vous avez rendez-vous avec {name} {slot}"),
        "en": Words("Meeting in 15 minutes", "You are meeting {name} {slot}"),
    },
    "booking_cancelled": {
        "fr": Words("Rendez-vous annulé", "Votre rendez-vous avec {name} {slot} est annulé"),
        "en": Words("Meeting cancelled", "Your meeting with {name} {slot} is cancelled"),
    },
    "booking_moved": {
        "fr": Words("Rendez-vous déplacé", "Votre rendez-vous avec {name} aura lieu {slot}"),
        "en": Words("Meeting moved", "Your meeting with {name} will take place {slot}"),
    },
    "booking_quarantined": {
        "fr": Words(
            "Réservation à attribuer", "Une réservation Cal.com {slot} n’est liée à aucun client"
        ),
        "en": Words("Booking to assign", "A Cal.com booking {slot} is bound to no client"),
    },
    "booking_conflict": {
        "fr": Words(
            "Réservation en conflit",
            "Une réservation Cal.com {slot} chevauche un autre rendez-vous",
        ),
        "en": Words("Booking in conflict", "A Cal.com booking {slot} overlaps another meeting"),
    },
    "client_waiting": {
        "fr": Words("Client en attente", "{name} attend dans la salle d’attente"),
        "en": Words("Client waiting", "{name} is in the waiting room"),
    },
    "client_still_waiting": {
        "fr": Words("Un client attend toujours", "{name} attend depuis plus d’une minute"),
        "en": Words("A client is still waiting", "{name} has been waiting for over a minute"),
    },
    "intruder_removed": {
        "fr": Words(
            "Entrée sans admission",
            "Quelqu’un est entré dans la salle de {name} sans y être admis, et en est écarté",
        ),
        "en": Words(
            "Entry without admission",
            "Somebody entered the room of {name} without admission, and is being put out",
        ),
    },
    "removal_failed": {
        "fr": Words(
            "Sortie impossible",
            "La salle ne répond pas : {name} y est peut-être encore. Fermez-la vous-même",
        ),
        "en": Words(
            "Could not be put out",
            "The room does not answer: {name} may still be there. Please close it yourself",
        ),
    },
    "mail_failed": {
        "fr": Words("E-mail non remis", "Un e-mail à {name} n’a pas pu être remis"),
        "en": Words("E-mail not delivered", "An e-mail to {name} could not be delivered"),
    },
}
# Told on the page alone: at that moment an e-mail would come too late, or could not come at all.
NOT_MAILED = frozenset({"client_waiting", "mail_failed", "intruder_removed", "removal_failed"})
# Told elsewhere alone: on the page it has been said already.
NOT_LISTED = frozenset({"client_still_waiting", "proposal_taken", "meeting_called_off"})
REMINDERS = frozenset({"request_reminder", "meeting_reminder_day", "meeting_reminder_quarter"})
# True as long as the meeting takes place at the time they speak of.
OF_A_TIME = frozenset(
    {
        *("request_accepted", "proposal_accepted", "proposal_taken", "meeting_booked"),
        *("booking_moved", "meeting_reminder_day", "meeting_reminder_quarter"),
    }
)

# What a locked screen shows, which anybody may look at: no name.
PUSHED: Mapping[Locale, Words] = {
    "fr": Words("Foxeo visio", "Un client attend dans votre salle d’attente"),
    "en": Words("Foxeo visio", "A client is in your waiting room"),
}

# What the two say to each other at the lobby with one press of a button.
CANNED: Mapping[str, Mapping[Locale, str]] = {
    "five_minutes_late": {
        "fr": "J’aurai cinq minutes de retard.",
        "en": "I will be five minutes late.",
    },
    "one_moment": {"fr": "Un instant, j’arrive.", "en": "One moment, I am on my way."},
    "still_in_a_meeting": {
        "fr": "Je termine un autre rendez-vous.",
        "en": "I am finishing another meeting.",
    },
    "take_your_time": {"fr": "Prenez votre temps.", "en": "Take your time."},
    "device_trouble": {
        "fr": "J’ai un souci de caméra ou de micro.",
        "en": "I have trouble with my camera or microphone.",
    },
    "thank_you": {"fr": "Merci !", "en": "Thank you!"},
}


class Facts(Struct, frozen=True, kw_only=True):
    """What the words speak of: the other person, an agreed or first time, times on offer, and
    what the other person wrote, word for word."""

    name: str = ""
    slot: datetime | None = None
    slots: tuple[datetime, ...] = ()
    quote: str | None = None


def worded(type: str, facts: Facts, locale: Locale, written: Callable[[datetime], str]) -> Words:
    """The words for some facts; `written` writes an instant as its reader says it."""
    words = WORDS[type][locale]
    several = len(facts.slots) > 1
    filled: dict[str, Any] = {
        "name": facts.name,
        "slot": written(facts.slot) if facts.slot else "",
        "count": len(facts.slots),
        "x": "x" if several else "",
        "s": "s" if several else "",
    }
    return Words(words.title, words.sentence.format_map(filled))
