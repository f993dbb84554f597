"""The settings, read once from the environment. A secret that is missing refuses to start."""

import os
import re
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, Self, cast
from urllib.parse import urlsplit

from msgspec import Struct

SHORTEST_SECRET = 16
DAY = 24 * 60
PROVIDERS = ("livekit", "jitsi", "link")
GOOGLE_CERTS = "https://www.googleapis.com/oauth2/v3/certs"
# As a browser writes it: whatever is written otherwise is no page's. Compiled where there is one.
ORIGIN = r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?"
# Of what RFC 8292 allows, that which py_vapid signs; it raises at the first message otherwise.
SUBJECT = r"(?a)(mailto:[^\s@]+@|https://)(localhost|[\w-]+(\.[\w-]+)+)"


class SettingsMissing(Exception):
    """The environment lacks what this function needs; names variables, never values."""


class Secret(str):
    """A text whose `repr` shows nothing of it, whatever is printed around it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'" if self else "''"


class DatabaseSettings(Struct, frozen=True):
    url: Secret
    pool_size: int


class UserSettings(Struct, frozen=True):
    jwt_secrets: tuple[Secret, ...]
    jwks_url: str


class BusSettings(Struct, frozen=True):
    kind: Literal["local", "pubsub"]
    local_url: str
    local_token: Secret
    emulator: str
    project: str
    topic: str
    mail_topic: str
    room_topic: str
    push_topic: str


class RealtimeSettings(Struct, frozen=True):
    url: str
    service_key: Secret


class GoogleCaller(Struct, frozen=True):
    """Whose OIDC tokens a private function takes, and for which audience."""

    audience: str
    service_account: str
    subscription: str = ""


class CalcomSettings(Struct, frozen=True):
    webhook_secrets: tuple[Secret, ...]
    binding: Literal["any", "token"]
    url: str
    booking_token_secrets: tuple[Secret, ...]
    health_url: str
    api_url: str
    api_key: Secret
    api_version: Literal["v1", "v2"]


class RoomSettings(Struct, frozen=True):
    """`key_id` is there for JaaS alone. `pairs` are LiveKit's keys with their secrets, newest
    first: the first signs, and each is believed. `hidden` names the rooms, LiveKit's if it is set.
    """

    provider: Literal["livekit", "jitsi", "link"]
    url: str
    api_key: str
    api_secret: Secret
    pairs: tuple[tuple[str, Secret], ...]
    key_id: str
    hidden: Secret
    subscription: str


class WebPushSettings(Struct, frozen=True):
    """`hosts` are the push services that a browser may name; one that begins with a dot stands for
    every host below it."""

    private_key: Secret
    public_key: str
    subject: str
    hosts: tuple[str, ...]
    subscription: str


class LinkSettings(Struct, frozen=True):
    """Where people's own links lead to, and what those that need no sign-in are signed with."""

    app_url: str
    functions_url: str
    secrets: tuple[Secret, ...]


class MailSettings(Struct, frozen=True):
    provider: Literal["smtp", "ses"]
    sender: str
    smtp_url: Secret
    subscription: str


class Rules(Struct, frozen=True):
    lobby_opens: timedelta | None
    sweep_grace: timedelta
    rate_limit_factor: int
    max_open_requests: int
    buffer: timedelta
    minimum_notice: timedelta


# What a door or a function needs: the variables of which each, or one of several, must be there.
NEEDS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "database": (("DATABASE_URL",),),
    "users": (("SUPABASE_JWT_SECRET", "SUPABASE_JWKS_URL"),),
    "calcom": (("CALCOM_WEBHOOK_SECRETS",),),
    "bus": (("PUBSUB_PROJECT", "LOCAL_BUS_URL"),),
    "booking": (("CALCOM_URL",), ("BOOKING_TOKEN_SECRETS",)),
    "calcom_api": (("CALCOM_API_URL",), ("CALCOM_API_KEY",)),
    "push": (("PUSH_AUDIENCE",), ("PUSH_SERVICE_ACCOUNT",), ("PUSH_SUBSCRIPTION",)),
    "scheduler": (("SCHEDULER_AUDIENCE",), ("SCHEDULER_SERVICE_ACCOUNT",)),
    "realtime": (("REALTIME_URL",), ("REALTIME_SERVICE_KEY",)),
    "app": (("APP_URL",),),
    "links": (("APP_URL",), ("FUNCTIONS_URL",), ("LINK_SECRETS",)),
    "mail": (("MAIL_FROM",), ("MAIL_PUSH_SUBSCRIPTION",)),
    "livekit": (("LIVEKIT_URL",), ("LIVEKIT_API_KEY",), ("LIVEKIT_API_SECRET",)),
    "jitsi": (
        ("JITSI_URL",),
        ("JITSI_APP_ID",),
        ("JITSI_APP_SECRET", "JAAS_PRIVATE_KEY"),
        ("ROOM_NAME_SECRET",),
    ),
    "link": (("ROOM_LINK",), ("ROOM_LINK_HOSTS",), ("ROOM_NAME_SECRET",)),
    "room orders": (("ROOM_PUSH_SUBSCRIPTION",),),
    "web push": (("VAPID_PUBLIC_KEY",),),
    "web push sender": (
        ("VAPID_PRIVATE_KEY",),
        ("VAPID_SUBJECT",),
        ("WEB_PUSH_SUBSCRIPTION",),
    ),
}
SECRETS = (
    "SUPABASE_JWT_SECRET",
    "CALCOM_WEBHOOK_SECRETS",
    "BOOKING_TOKEN_SECRETS",
    "CALCOM_API_KEY",
    "LINK_SECRETS",
    "LIVEKIT_API_SECRET",
    "JITSI_APP_SECRET",
    "JAAS_PRIVATE_KEY",
    "ROOM_NAME_SECRET",
    "VAPID_PRIVATE_KEY",
)
# The push services of Chrome and Edge, Firefox, Safari, and Edge on Windows.
PUSH_HOSTS = (
    "fcm.googleapis.com,updates.push.services.mozilla.com,.push.apple.com,.notify.windows.com"
)


class Settings(Struct, frozen=True):
    """All of it; `require` says whether a function's part is there."""

    local: bool
    google_project: str
    database: DatabaseSettings
    users: UserSettings
    allowed_origins: tuple[str, ...]
    bus: BusSettings
    realtime: RealtimeSettings
    google_certs_url: str
    push: GoogleCaller
    scheduler: GoogleCaller
    calcom: CalcomSettings
    rooms: RoomSettings
    links: LinkSettings
    mail: MailSettings
    web_push: WebPushSettings
    rules: Rules

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Parse the environment. Raises SettingsMissing for a value that cannot be meant."""
        one = {name: value.strip() for name, value in environ.items()}
        local = one.get("VISIO_ENV", "cloud") == "local"
        if not local:
            _refuse_weak(one)
        most_open = _limit(one, "MAX_OPEN_REQUESTS", 20, local=local)
        factor = _limit(one, "RATE_LIMIT_FACTOR", 1, local=local)
        if one.get("PUBSUB_EMULATOR_HOST") and not local:
            raise SettingsMissing("PUBSUB_EMULATOR_HOST: for the local stack only")
        bus = cast("Literal['local', 'pubsub']", _choice(one, "MESSAGE_BUS", "pubsub", "local"))
        if bus == "local" and not one.get("LOCAL_BUS_URL"):
            raise SettingsMissing("set in the environment: LOCAL_BUS_URL, or MESSAGE_BUS=pubsub")
        origins, subject = _list(one, "ALLOWED_ORIGINS"), one.get("VAPID_SUBJECT", "")
        if not all(re.fullmatch(ORIGIN, origin) for origin in origins):
            raise SettingsMissing("ALLOWED_ORIGINS: each scheme://host or scheme://host:port")
        if subject and not re.fullmatch(SUBJECT, subject):
            raise SettingsMissing("VAPID_SUBJECT: mailto:somebody@host or https://host")
        provider = cast("Literal['smtp', 'ses']", _choice(one, "MAIL_PROVIDER", "smtp", "ses"))
        if provider == "smtp" and one.get("MAIL_FROM") and not one.get("SMTP_URL"):
            raise SettingsMissing("set in the environment: SMTP_URL, or MAIL_PROVIDER=ses")
        return cls(
            local=local,
            google_project=one.get("GOOGLE_CLOUD_PROJECT", "") or one.get("PUBSUB_PROJECT", ""),
            database=DatabaseSettings(
                url=Secret(one.get("DATABASE_URL", "")),
                pool_size=max(1, _number(one, "THREADS", 8)),
            ),
            users=UserSettings(
                jwt_secrets=_secrets(one, "SUPABASE_JWT_SECRET"),
                jwks_url=one.get("SUPABASE_JWKS_URL", ""),
            ),
            allowed_origins=origins,
            bus=BusSettings(
                kind=bus,
                local_url=one.get("LOCAL_BUS_URL", ""),
                local_token=Secret(one.get("LOCAL_BUS_TOKEN", "")),
                emulator=one.get("PUBSUB_EMULATOR_HOST", ""),
                project=one.get("PUBSUB_PROJECT", ""),
                topic=one.get("PUBSUB_TOPIC", "") or "lobby-signals",
                mail_topic=one.get("MAIL_TOPIC", ""),
                room_topic=one.get("ROOM_TOPIC", ""),
                push_topic=one.get("WEB_PUSH_TOPIC", ""),
            ),
            realtime=RealtimeSettings(
                url=one.get("REALTIME_URL", ""),
                service_key=Secret(one.get("REALTIME_SERVICE_KEY", "")),
            ),
            google_certs_url=one.get("GOOGLE_CERTS_URL", "") or GOOGLE_CERTS,
            push=GoogleCaller(
                audience=one.get("PUSH_AUDIENCE", ""),
                service_account=one.get("PUSH_SERVICE_ACCOUNT", ""),
                subscription=one.get("PUSH_SUBSCRIPTION", ""),
            ),
            scheduler=GoogleCaller(
                audience=one.get("SCHEDULER_AUDIENCE", ""),
                service_account=one.get("SCHEDULER_SERVICE_ACCOUNT", ""),
            ),
            calcom=CalcomSettings(
                webhook_secrets=_secrets(one, "CALCOM_WEBHOOK_SECRETS"),
                binding=cast(
                    "Literal['any', 'token']", _choice(one, "CALCOM_BINDING", "any", "token")
                ),
                url=one.get("CALCOM_URL", ""),
                booking_token_secrets=_secrets(one, "BOOKING_TOKEN_SECRETS"),
                health_url=one.get("CALCOM_HEALTH_URL", ""),
                api_url=one.get("CALCOM_API_URL", ""),
                api_key=Secret(one.get("CALCOM_API_KEY", "")),
                api_version=cast(
                    "Literal['v1', 'v2']", _choice(one, "CALCOM_API_VERSION", "v2", "v1")
                ),
            ),
            rooms=_rooms(one),
            links=LinkSettings(
                app_url=one.get("APP_URL", "").rstrip("/"),
                functions_url=one.get("FUNCTIONS_URL", "").rstrip("/"),
                secrets=_secrets(one, "LINK_SECRETS"),
            ),
            mail=MailSettings(
                provider=provider,
                sender=one.get("MAIL_FROM", ""),
                smtp_url=Secret(one.get("SMTP_URL", "")),
                subscription=one.get("MAIL_PUSH_SUBSCRIPTION", ""),
            ),
            web_push=WebPushSettings(
                private_key=Secret(one.get("VAPID_PRIVATE_KEY", "")),
                public_key=one.get("VAPID_PUBLIC_KEY", ""),
                subject=subject,
                hosts=_list({"hosts": one.get("WEB_PUSH_HOSTS", "") or PUSH_HOSTS}, "hosts"),
                subscription=one.get("WEB_PUSH_SUBSCRIPTION", ""),
            ),
            rules=Rules(
                lobby_opens=(
                    _minutes(one, "LOBBY_OPENS_MINUTES") if one.get("LOBBY_OPENS_MINUTES") else None
                ),
                sweep_grace=_minutes(one, "SWEEP_GRACE_MINUTES", 15),
                rate_limit_factor=factor,
                max_open_requests=most_open,
                buffer=_minutes(one, "BUFFER_MINUTES"),
                minimum_notice=_minutes(one, "MINIMUM_NOTICE_MINUTES"),
            ),
        )


def require(environ: Mapping[str, str], *groups: str) -> None:
    """Raise SettingsMissing unless everything that these groups need is set.

    What "rooms" needs is what ROOM_PROVIDER says.
    """
    provider = _choice(environ, "ROOM_PROVIDER", *PROVIDERS)
    missing = [
        " or ".join(names)
        for group in (provider if group == "rooms" else group for group in groups)
        for names in NEEDS[group]
        if not any(_list(environ, name) for name in names)
    ]
    if missing:
        raise SettingsMissing(f"set in the environment: {', '.join(missing)}")


def _rooms(one: Mapping[str, str]) -> RoomSettings:
    provider = _choice(one, "ROOM_PROVIDER", *PROVIDERS)
    prefix = {"livekit": "LIVEKIT_URL", "jitsi": "JITSI_URL", "link": "ROOM_LINK"}[provider]
    keys, secrets = _list(one, "LIVEKIT_API_KEY"), _secrets(one, "LIVEKIT_API_SECRET")
    if keys and secrets and len(keys) != len(secrets):
        raise SettingsMissing("LIVEKIT_API_KEY and LIVEKIT_API_SECRET: one secret for each key")
    url, key_id, pairs = one.get(prefix, ""), "", tuple(zip(keys, secrets, strict=False))
    api_key, secret = pairs[0] if pairs else ("", Secret())
    if provider == "jitsi":
        api_key, key_id = one.get("JITSI_APP_ID", ""), one.get("JAAS_KEY_ID", "")
        # A PEM in an environment has its lines joined by a written \n.
        private = one.get("JAAS_PRIVATE_KEY", "").replace("\\n", "\n")
        secret = Secret(private if key_id else one.get("JITSI_APP_SECRET", ""))
        if url and not secret:
            wanted = "JAAS_PRIVATE_KEY" if key_id else "JITSI_APP_SECRET, or JAAS_KEY_ID"
            raise SettingsMissing(f"set in the environment: {wanted}")
    if provider == "link" and url:
        parts = urlsplit(url)
        allowed = parts.scheme == "https" and parts.hostname in _list(one, "ROOM_LINK_HOSTS")
        if not allowed or url.count("{room}") != 1 or "{room}" in parts.netloc:
            raise SettingsMissing("ROOM_LINK: https, a host of ROOM_LINK_HOSTS, one {room} behind")
    return RoomSettings(
        provider=cast("Literal['livekit', 'jitsi', 'link']", provider),
        url=url,
        api_key=api_key,
        api_secret=secret,
        pairs=pairs,
        key_id=key_id,
        hidden=Secret(one.get("ROOM_NAME_SECRET", "")),
        subscription=one.get("ROOM_PUSH_SUBSCRIPTION", ""),
    )


def _refuse_weak(one: Mapping[str, str]) -> None:
    weak = [name for name in SECRETS if any(len(s) < SHORTEST_SECRET for s in _list(one, name))]
    if weak:
        raise SettingsMissing(f"{', '.join(weak)}: under {SHORTEST_SECRET} characters")


def _list(one: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in one.get(name, "").split(",") if part.strip())


def _secrets(one: Mapping[str, str], name: str) -> tuple[Secret, ...]:
    return tuple(map(Secret, _list(one, name)))


def _number(one: Mapping[str, str], name: str, default: int) -> int:
    value = one.get(name, "") or str(default)
    try:
        return int(value)
    except ValueError as error:
        raise SettingsMissing(f"{name}: not a whole number") from error


def _limit(one: Mapping[str, str], name: str, default: int, *, local: bool) -> int:
    limit = _number(one, name, default)
    if limit < (0 if local else 1):
        raise SettingsMissing(f"{name}: 1 or more; 0, no limit, is for the local stack only")
    return limit


def _minutes(one: Mapping[str, str], name: str, default: int = 0) -> timedelta:
    minutes = _number(one, name, default)
    if not 0 <= minutes <= DAY:
        raise SettingsMissing(f"{name}: from 0 to {DAY} minutes")
    return timedelta(minutes=minutes)


def _choice(one: Mapping[str, str], name: str, *choices: str) -> str:
    value = one.get(name, "").strip() or choices[0]
    if value not in choices:
        raise SettingsMissing(f"{name}: one of {', '.join(choices)}")
    return value


_lock = threading.Lock()
_settings: Settings | None = None


def settings() -> Settings:
    """The process's settings, read at the first call."""
    global _settings
    with _lock:
        if _settings is None:
            _settings = Settings.read(os.environ)
        return _settings


def forget() -> None:
    """Read the environment anew at the next call."""
    global _settings
    with _lock:
        _settings = None
