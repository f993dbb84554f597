"""Each secret that others sign with can be changed while both the old one and the new are believed.

Those of Cal.com's webhooks and of booking links are in test_calcom, of personal links in test_mail.
"""

import jwt
import pytest

from tests.functions.test_rooms import event, signed
from tests.world import ALICE, JWT_SECRET, LIVEKIT_KEY, LIVEKIT_SECRET, MIKL
from visio import bootstrap, settings

NEW_JWT = "the-newest-secret-of-supabase-0123456789"
NEW_KEY, NEW_SECRET = "newkey", "the-newest-secret-of-livekit-0123456789"


@pytest.fixture
def set_to(environment):
    def set_to(**values):
        for name, value in values.items():
            environment.setenv(name, value)
        settings.forget()
        bootstrap.forget()

    return set_to


def as_alice(secret):
    claims = {"aud": "authenticated", "role": "authenticated", "sub": ALICE.user}
    signed_in = jwt.encode({**claims, "exp": 4102444800}, secret, "HS256")
    return {"Authorization": f"Bearer {signed_in}"}


@pytest.mark.parametrize(
    ("listed", "old", "new"),
    [(JWT_SECRET, 200, 401), (f"{NEW_JWT},{JWT_SECRET}", 200, 200), (NEW_JWT, 401, 200)],
)
def test_users_stay_signed_in_while_both_secrets_are_listed(call, set_to, listed, old, new):
    set_to(SUPABASE_JWT_SECRET=listed)

    assert call("list-meetings", {}, headers=as_alice(JWT_SECRET)).status_code == old
    assert call("list-meetings", {}, headers=as_alice(NEW_JWT)).status_code == new


def test_livekit_is_believed_under_both_keys_and_tickets_bear_the_new_one(
    call, accepted, signal, set_to
):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)
    before = call("join-meeting", {"meetingId": meeting}, ALICE).json["data"]
    set_to(
        LIVEKIT_API_KEY=f"{NEW_KEY},{LIVEKIT_KEY}",
        LIVEKIT_API_SECRET=f"{NEW_SECRET},{LIVEKIT_SECRET}",
        ROOM_NAME_SECRET=LIVEKIT_SECRET,
    )

    after = call("join-meeting", {"meetingId": meeting}, ALICE).json["data"]
    body = event("participant_joined", meeting, f"operator:{MIKL.row}")
    told = [
        call("livekit-webhook", raw=body, headers={"Authorization": signed(body, **by)})
        for by in ({}, {"key": NEW_KEY, "secret": NEW_SECRET}, {"key": NEW_KEY})
    ]

    claims = jwt.decode(after["token"], NEW_SECRET, ["HS256"])
    room = jwt.decode(before["token"], LIVEKIT_SECRET, ["HS256"])["video"]["room"]
    assert (claims["iss"], claims["video"]["room"]) == (NEW_KEY, room)
    assert [answer.status_code for answer in told] == [200, 200, 401]


def test_a_key_without_its_secret_refuses_to_start(set_to):
    set_to(LIVEKIT_API_KEY=f"{NEW_KEY},{LIVEKIT_KEY}")

    with pytest.raises(settings.SettingsMissing, match="one secret for each key"):
        settings.settings()
