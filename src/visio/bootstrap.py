"""Which adapters there are, chosen once from the settings and made when first used."""

import os
import threading
from functools import cache, cached_property
from typing import TYPE_CHECKING
from uuid import UUID

import click

from visio.adapters.database import Bus, Database, First, Transaction
from visio.call import Call
from visio.settings import Settings, settings

if TYPE_CHECKING:
    from visio.adapters.calcom import BookingTokens, CalcomHealth
    from visio.adapters.calcom_api import CalcomApi
    from visio.adapters.links import PersonalLinks
    from visio.adapters.mailer import Mailer
    from visio.adapters.rates import Counted
    from visio.adapters.realtime import Broadcaster
    from visio.adapters.rooms import LiveKit, Rooms
    from visio.adapters.roomserver import RoomServer
    from visio.adapters.webpush import Pusher
    from visio.domain.lobby import Rules
    from visio.flows.calcom_webhook import Intake

_lock = threading.RLock()
_app: "App | None" = None


class App:
    """The process's adapters. One database, one bus, shared by its threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def acting_for(self, call: Call) -> Transaction:
        """As the call's own user, whose call it is counted as. Raises TooOften."""
        user_id = call.user.user_id
        return self.database.acting_as(user_id, call.function, self._counted(call, user_id))

    def reading_for(self, call: Call) -> Transaction:
        """The same, for a page that reads once and writes nothing."""
        user_id = call.user.user_id
        return self.database.reading_as(user_id, call.function, self._counted(call, user_id))

    def acting_as_system(self, call: Call, *, by: UUID | None = None) -> Transaction:
        """As the system; counted as somebody's call where a person's link led there."""
        return self.database.acting_as_system(call.function, self._counted(call, by))

    def reading_as_system(self, call: Call, *, by: str | None = None) -> Transaction:
        """The same for a page that reads once, counted by the fingerprint of a feed's secret."""
        return self.database.reading_as_system(call.function, self._counted(call, by))

    def _counted(self, call: Call, by: UUID | str | None) -> "Counted | None":
        from visio.adapters.rates import Counted
        from visio.domain.limits import LIMITS

        if by is None or call.again:
            return None
        limit = LIMITS[call.function].times(self.settings.rules.rate_limit_factor)
        return Counted(by, call.function, limit) if limit else None

    @property
    def database(self) -> Database:
        with _lock:  # cached_property alone may run twice under threads
            return self._database

    @cached_property
    def _database(self) -> Database:
        found = self.settings.database
        return Database(found.url, size=found.pool_size, bus=self.bus)

    @property
    def bus(self) -> Bus:
        with _lock:
            return self._bus

    @cached_property
    def _bus(self) -> Bus:
        from visio.adapters.pubsub import LocalBus, PubSub, Topics

        bus = self.settings.bus
        # Only LiveKit's server takes orders of ours.
        room_topic = bus.room_topic if self.settings.rooms.provider == "livekit" else ""
        topics = Topics(bus.topic, bus.mail_topic, room_topic, bus.push_topic)
        if bus.kind == "local":
            return LocalBus(bus.local_url, bus.local_token, topics)
        return PubSub(bus.project, topics, emulator=bus.emulator)

    @cached_property
    def broadcaster(self) -> "Broadcaster":
        from visio.adapters.realtime import Realtime

        return Realtime(self.settings.realtime.url, self.settings.realtime.service_key)

    @cached_property
    def booking_tokens(self) -> "BookingTokens":
        from visio.adapters.calcom import BookingTokens

        calcom = self.settings.calcom
        return BookingTokens(calcom.url, calcom.booking_token_secrets)

    @cached_property
    def calcom_health(self) -> "CalcomHealth":
        from visio.adapters.calcom import CalcomHealth, version_page

        calcom = self.settings.calcom
        return CalcomHealth(calcom.health_url or version_page(calcom.url))

    @cached_property
    def calcom_api(self) -> "CalcomApi":
        from visio.adapters.calcom_api import CalcomApi

        calcom = self.settings.calcom
        return CalcomApi(calcom.api_url, calcom.api_key, calcom.api_version)

    @property
    def intake(self) -> "Intake":
        from visio.flows.calcom_webhook import Intake

        token_only = self.settings.calcom.binding == "token"
        return Intake(self.booking_tokens, token_only, self.settings.rules.buffer)

    @cached_property
    def personal_links(self) -> "PersonalLinks":
        from visio.adapters.links import PersonalLinks

        links = self.settings.links
        return PersonalLinks(links.functions_url, links.app_url, links.secrets)

    @cached_property
    def mailer(self) -> "Mailer":
        mail = self.settings.mail
        if mail.provider == "ses":
            from visio.adapters.ses import Ses

            return Ses()
        from visio.adapters.smtp import Smtp

        return Smtp(mail.smtp_url)

    @cached_property
    def rooms(self) -> "Rooms":
        from visio.adapters.rooms import Jitsi, Link

        rooms = self.settings.rooms
        if rooms.provider == "jitsi":
            return Jitsi(rooms.url, rooms.api_key, rooms.api_secret, rooms.key_id, rooms.hidden)
        return Link(rooms.url, rooms.hidden) if rooms.provider == "link" else self.livekit

    @cached_property
    def livekit(self) -> "LiveKit":
        from visio.adapters.rooms import LiveKit

        rooms = self.settings.rooms
        return LiveKit(rooms.url, rooms.api_key, rooms.api_secret, rooms.hidden)

    @cached_property
    def room_server(self) -> "RoomServer":
        from visio.adapters.roomserver import LiveKitServer

        return LiveKitServer(self.settings.rooms.url, self.livekit)

    @cached_property
    def pusher(self) -> "Pusher":
        from visio.adapters.webpush import WebPush

        push = self.settings.web_push
        return WebPush(push.private_key, push.subject)

    @property
    def lobby_rules(self) -> "Rules":
        from visio.domain.lobby import Rules

        rules = self.settings.rules
        return Rules(opens=rules.lobby_opens, grace=rules.sweep_grace)


def app() -> App:
    """The process's own, made at the first call."""
    global _app
    with _lock:
        if _app is None:
            _app = App(settings())
        return _app


def opens_ahead(first: First = (), *, by_users: bool = False) -> None:
    """Let the first connection be open by the time that the first caller is heard, and the server
    know what that one asks first.

    Where functions-framework's own command loads the page, a server is loaded next: meanwhile it is
    opened here, and handed to the process that is forked to serve. One that gets none opens its own
    at once.
    """
    _hands_over()
    if click.get_current_context(silent=True) is not None:
        app().database.open_ahead(first, by_users=by_users)


@cache
def _hands_over() -> None:
    os.register_at_fork(
        before=lambda: app().database.settle(),
        after_in_parent=lambda: app().database.leave_to_child(),
        after_in_child=lambda: app().database.open_ahead(),
    )


def forget() -> None:
    """Close what is open; the next call of `app` reads the settings anew."""
    global _app
    with _lock:
        if _app is not None and "_database" in vars(_app):
            _app.database.close()
        _app = None
