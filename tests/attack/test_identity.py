"""Nobody comes in with what somebody made up: every known forgery, and the genuine thing beside it.

What is refused is refused in one way, whatever was wrong: a forger learns nothing from the answer.
"""

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.attack.forge import (
    der,
    digest,
    ec_jwk,
    es,
    forged,
    hs,
    nothing,
    ps,
    rs,
    rsa_jwk,
    text,
)
from tests.calcom import Booking
from tests.conftest import ON_ONE_SERVER
from tests.world import (
    ALICE,
    BOOKING_SECRET,
    BRUNO,
    CALCOM_SECRET,
    CHLOE,
    JWT_SECRET,
    LINK_SECRET,
    LIVEKIT_KEY,
    LIVEKIT_SECRET,
    MIKL,
    NORA,
    OLD_CALCOM_SECRET,
    PUSH,
    SCHEDULER,
    pushed,
    signed,
    token,
)
from visio import bootstrap, settings
from visio.adapters.links import Person

pytestmark = ON_ONE_SERVER

NAN, ENDLESS = float("nan"), float("inf")
DEEP = b"[" * 5000
EC, OTHER_EC = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
P384, K1 = ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP256K1())
RSA, OTHER_RSA = rsa.generate_private_key(65537, 2048), rsa.generate_private_key(65537, 2048)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SPKI = PublicFormat.SubjectPublicKeyInfo


@dataclass
class Published:
    """Key sets on HTTP, and who asked for what."""

    url: str = ""
    sets: dict[str, list[dict]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def published():
    """The keys that users' and Google's tokens are checked with here, and a forger's own."""
    made = Published(
        sets={
            "/users": [
                ec_jwk(EC, kid="ec"),
                ec_jwk(P384, kid="p384"),
                rsa_jwk(RSA, kid="rsa"),
                {"kty": "oct", "k": text(b"a symmetric key, published by mistake"), "kid": "oct"},
            ],
            "/google": [rsa_jwk(RSA, kid="rsa"), ec_jwk(EC, kid="ec")],
            "/forgers": [ec_jwk(OTHER_EC, kid="ec"), rsa_jwk(OTHER_RSA, kid="rsa")],
        }
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            made.asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"keys": made.sets[self.path]}).encode())

        def log_message(self, *_):
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def guarded(environment, published):
    """The functions, with the keys above for users and for Google."""
    environment.setenv("SUPABASE_JWKS_URL", f"{published.url}/users")
    environment.setenv("GOOGLE_CERTS_URL", f"{published.url}/google")
    settings.forget()
    bootstrap.forget()


def told(answer):
    """Everything of an answer that a forger sees, but what names this one request."""
    body = answer.get_json(silent=True) or {}
    if body.get("error"):
        body = {**body, "error": {**body["error"], "requestId": "…"}}
    headers = {
        name: v for name, v in answer.headers.items() if name not in ("Date", "X-Request-Id")
    }
    headers.pop("Content-Length", None)
    return answer.status_code, json.dumps(body, sort_keys=True), json.dumps(headers, sort_keys=True)


def judged(genuine, forgeries, tell, *, let_in):
    """The forgeries that came in, the genuine ones that did not, and the refusals that differ.

    Before and after them all the genuine ones are told, so that a door that is shut to everybody,
    or that a forgery broke, is not taken for a good one.
    """
    found = {
        f"refused: {name}": answer.status_code
        for name, what in [*genuine.items(), *genuine.items()]
        if (answer := tell(what)).status_code not in let_in
    }
    refusals = {name: told(tell(what)) for name, what in forgeries.items()}
    usual = told(tell(None))
    found |= {name: answer[0] for name, answer in refusals.items() if answer != usual}
    found |= {
        f"refused afterwards: {name}": answer.status_code
        for name, what in genuine.items()
        if (answer := tell(what)).status_code not in let_in
    }
    return found, usual[0]


# A user's token.


def claims(**changes):
    told = {"aud": "authenticated", "role": "authenticated", "sub": ALICE.user}
    told |= {"exp": int(time.time()) + 600, **changes}
    return {name: value for name, value in told.items() if value is not ...}


def by_secret(**changes):
    return forged({"alg": "HS256"}, claims(**changes), hs(JWT_SECRET))


def by_key(header=None, **changes):
    return forged({"alg": "ES256", "kid": "ec", **(header or {})}, claims(**changes), es(EC))


def without_a_signature():
    """`none`, however it is spelt, with no signature and with some."""
    spellings = [
        "none",
        "None",
        "NONE",
        "nOnE",
        "none ",
        "",
        None,
        ["none"],
        ["HS256"],
        0,
        True,
        {},
    ]
    made = {f"alg {alg!r}": forged({"alg": alg}, claims(), nothing) for alg in spellings}
    made |= {
        f"alg {alg!r}, signed": forged({"alg": alg}, claims(), hs(JWT_SECRET)) for alg in spellings
    }
    made["no alg"] = forged({}, claims(), nothing)
    made["no alg, signed"] = forged({"typ": "JWT"}, claims(), hs(JWT_SECRET))
    made["alg twice"] = forged(b'{"alg":"HS256","alg":"none"}', claims(), nothing)
    made["alg twice, turned"] = forged(b'{"alg":"none","alg":"HS256"}', claims(), nothing)
    return made


def with_a_public_key_as_the_secret():
    """What everybody may know, taken for a secret."""
    secrets = {}
    for name, key, jwk in (("EC", EC, ec_jwk(EC)), ("RSA", RSA, rsa_jwk(RSA))):
        public = key.public_key()
        pem = public.public_bytes(Encoding.PEM, SPKI)
        secrets |= {
            f"{name} as PEM": pem,
            f"{name} as PEM without its end": pem.strip(),
            f"{name} as PEM with its lines joined": pem.replace(b"\n", b""),
            f"{name} as DER": public.public_bytes(Encoding.DER, SPKI),
            f"{name} as JWK": json.dumps(jwk).encode(),
            f"{name} as JWK, tight": json.dumps(
                jwk, separators=(",", ":"), sort_keys=True
            ).encode(),
        }
    secrets["RSA as PKCS1"] = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1)
    point = EC.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secrets |= {
        "a point": point,
        "its x": point[1:33],
        "the published one": b"a symmetric key, published by mistake",
    }
    secrets |= {"nothing": b"", "null": b"null", "the kid": b"ec", "zeros": bytes(32)}
    secrets |= {"Cal.com's": CALCOM_SECRET.encode(), "the links'": LINK_SECRET.encode()}
    secrets |= {"the bookings'": BOOKING_SECRET.encode(), "the room's": LIVEKIT_SECRET.encode()}
    return {
        f"HS256 with {name}, kid {kid}": forged({"alg": "HS256", "kid": kid}, claims(), hs(secret))
        for name, secret in secrets.items()
        for kid in ("ec", "rsa", "oct")
    }


def with_keys_confused():
    """A key for one algorithm, used for another."""
    right = claims()
    return {
        f"alg {alg}, kid {kid}, {name}": forged({"alg": alg, "kid": kid}, right, signing)
        for alg, kid, name, signing in [
            ("ES256", "rsa", "by RSA", rs(RSA)),
            ("RS256", "ec", "by EC", es(EC)),
            ("RS256", "ec", "by RSA", rs(RSA)),
            ("ES256", "rsa", "by EC", es(EC)),
            ("ES256", "ec", "by a secret", hs(JWT_SECRET)),
            ("RS256", "rsa", "by a secret", hs(JWT_SECRET)),
            ("HS256", "ec", "by EC", es(EC)),
            ("HS256", "rsa", "by RSA", rs(RSA)),
            (
                "ES256",
                "oct",
                "by the published secret",
                hs("a symmetric key, published by mistake"),
            ),
            ("PS256", "rsa", "by RSA", ps(RSA)),
            ("RS256", "rsa", "with the other padding", ps(RSA)),
            ("RS512", "rsa", "by RSA", rs(RSA, hashes.SHA512())),
            ("RS256", "rsa", "over SHA-1", rs(RSA, hashes.SHA1())),  # noqa: S303 -- a forger may
            ("HS384", "", "by the secret", hs(JWT_SECRET, "sha384")),
            ("HS512", "", "by the secret", hs(JWT_SECRET, "sha512")),
            ("HS256", "", "over SHA-1", hs(JWT_SECRET, "sha1")),
            ("hs256", "", "by the secret", hs(JWT_SECRET)),
            ("HS256 ", "", "by the secret", hs(JWT_SECRET)),
            ("es256", "ec", "by EC", es(EC)),
            ("ES256", "p384", "by another curve", es(P384, 48)),
            ("ES384", "p384", "by another curve", es(P384, 48, hashes.SHA384())),
            ("ES256", "ec", "by a curve of the same size", es(K1)),
            ("ES256K", "ec", "by a curve of the same size", es(K1)),
            ("EdDSA", "ec", "by EC", es(EC)),
            ("ES256", "ec", "by another's key", es(OTHER_EC)),
            ("RS256", "rsa", "by another's key", rs(OTHER_RSA)),
            ("HS256", "", "by another's secret", hs(JWT_SECRET + "0")),
        ]
    }


def with_a_key_of_ones_own(url):
    """Headers that say where the key is, or bring it along."""
    mine, certificate = ec_jwk(OTHER_EC, kid="ec"), text(b"a certificate")
    headers = {
        "jwk": {"jwk": mine},
        "jku": {"jku": f"{url}/forgers"},
        "x5u": {"x5u": f"{url}/forgers"},
        "x5c": {"x5c": [certificate]},
        "x5t": {"x5t": certificate, "x5t#S256": certificate},
        "all": {"jwk": mine, "jku": f"{url}/forgers", "x5u": f"{url}/forgers"},
        "iss": {"iss": url},
    }
    kids = [
        *(
            "../../../../dev/null",
            "/dev/null",
            "file:///dev/null",
            "' or 1=1 --",
            "ec' union select",
        ),
        *("", " ", "EC", "ec ", "ec\x00", "ec\n", "*", "%", "p384/../ec", f"{url}/forgers"),
        *(None, 0, 1, True, ["ec"], {"ec": 1}, "e" * 3000, "\ud800"),
    ]
    made = {
        name: forged({"alg": "ES256", "kid": "ec", **header}, claims(), es(OTHER_EC))
        for name, header in headers.items()
    }
    made |= {f"kid {kid!r:.20}": by_key({"kid": kid}) for kid in kids}
    made["no kid"] = forged({"alg": "ES256"}, claims(), es(EC))
    for kid in ("../../../../dev/null", "' union select '' --"):
        made[f"the empty secret of {kid}"] = forged({"alg": "HS256", "kid": kid}, claims(), hs(b""))
    return made


def with_words_that_must_be_understood():
    """Extensions that change what is signed; whoever does not know one has to refuse it."""
    critical = {"crit": ["b64"], "b64": False}
    message = f"{text(json.dumps({'alg': 'HS256', **critical}).encode())}."
    plain = json.dumps(claims())
    return {
        "crit": by_key({"crit": ["exp"]}),
        "crit of nothing": by_key({"crit": []}),
        "crit null": by_key({"crit": None}),
        "crit of a word of ours": by_key({"crit": ["role"], "role": "authenticated"}),
        "b64": forged({"alg": "HS256", **critical}, claims(), hs(JWT_SECRET)),
        "b64 without crit": forged({"alg": "HS256", "b64": False}, claims(), hs(JWT_SECRET)),
        "b64, plain": f"{message}{plain}.{text(hs(JWT_SECRET)((message + plain).encode()))}",
        "b64, detached": f"{message}.{text(hs(JWT_SECRET)((message + plain).encode()))}",
        "detached": by_secret().split(".")[0] + ".." + by_secret().split(".")[2],
        "zip": forged({"alg": "none", "zip": "DEF"}, claims(), hs(JWT_SECRET)),
    }


def with_claims_that_name_nobody():
    """Signed as it should be, and not a user's, or not now."""
    now = int(time.time())
    wrong = {
        "exp": [
            *(
                ...,
                None,
                "",
                str(now + 600),
                "never",
                -1,
                0,
                now - 31,
                now - 31.5,
                True,
                False,
            ),
            *(
                NAN,
                ENDLESS,
                -ENDLESS,
                [now + 600],
                {"at": now + 600},
            ),
        ],
        "nbf": [now + 3600, str(now), "", None, NAN, ENDLESS, True, [now]],
        "iat": [now + 3600, str(now), "", None, NAN, ENDLESS, True, [now]],
        "aud": [
            *(
                ...,
                None,
                "",
                "anon",
                "AUTHENTICATED",
                "authenticated ",
                " authenticated",
                0,
                True,
            ),
            *(
                [],
                ["anon"],
                ["anon", 1],
                [["authenticated"]],
                {"authenticated": 1},
            ),
        ],
        "role": [
            *(
                ...,
                None,
                "",
                "anon",
                "service_role",
                "supabase_admin",
                "postgres",
                "visio_system",
            ),
            *(
                "AUTHENTICATED",
                "authenticated ",
                True,
                1,
                ["authenticated"],
                {"authenticated": 1},
            ),
        ],
        "sub": [
            *(
                ...,
                None,
                "",
                " ",
                "alice",
                "alice@client.example",
                0,
                1,
                True,
                [],
                {},
                "null",
            ),
            *(
                [ALICE.user],
                {"id": ALICE.user},
                int(ALICE.user.replace("-", ""), 16),
            ),
            *(
                ALICE.user + "\x00",
                ALICE.user + "\n",
                " " + ALICE.user,
                ALICE.user + "x",
                "x",
            ),
            *(
                ALICE.user[:-1],
                ALICE.user + ",",
                f"{ALICE.user}' or true --",
                "-" * 36,
                "\ud800",
            ),
            # What Python's UUID takes for one and nobody else does.
            *(
                ALICE.user.replace("-", ""),
                f"{{{ALICE.user}}}",
                f"urn:uuid:{ALICE.user}",
            ),
            *(
                "a0000000-0000-4000-8000-0000_000000a",
                "٠" * 32,
                "a-0" * 16,
            ),
        ],
    }
    made = {
        f"{name} {value!r:.50}": by_secret(**{name: value})
        for name, values in wrong.items()
        for value in values
    }
    bodies = [b"[]", b"1", b'"x"', b"null", b"", b"{", b"\xff\xfe", b"\xef\xbb\xbf{}", DEEP, b"{}"]
    made |= {
        f"claims {body!r:.12}": forged({"alg": "HS256"}, body, hs(JWT_SECRET)) for body in bodies
    }
    twice = json.dumps(claims())[:-1].encode()
    for last in (b'"role":"anon"', b'"sub":null', b'"exp":1', b'"aud":"anon"'):
        made[f"twice, at last {last!r}"] = forged(
            {"alg": "HS256"}, twice + b", " + last + b"}", hs(JWT_SECRET)
        )
    made["the anon key"] = by_secret(role="anon", sub=..., aud=..., iss="supabase")
    made["the service key"] = by_secret(role="service_role", sub=..., aud=..., iss="supabase")
    made["a refresh token"] = "v1.MtQ2mF3kq0Jz8fHf7a"
    made["a newer secret key"] = "sb_secret_0123456789abcdef"
    return made


def with_a_signature_amiss():
    """The genuine token, and something done to it."""
    genuine, elliptic, by_rsa = (
        by_secret(),
        by_key(),
        forged({"alg": "RS256", "kid": "rsa"}, claims(), rs(RSA)),
    )
    head, body, signature = genuine.split(".")
    es_head, es_body, _ = elliptic.split(".")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    standard = base64.b64encode(base64.urlsafe_b64decode(signature + "=")).decode()
    bruno = text(json.dumps(claims(sub=BRUNO.user)).encode())
    direct = text(b'{"alg":"dir","enc":"A256GCM"}')
    wrapped = text(b'{"alg":"RSA-OAEP","enc":"A256GCM","cty":"JWT"}')

    def elliptic_with(r, s, size=32):
        return f"{es_head}.{es_body}.{text(r.to_bytes(size, 'big') + s.to_bytes(size, 'big'))}"

    made = {
        "no signature": f"{head}.{body}.",
        "no signature, no dot": f"{head}.{body}",
        "cut": genuine[:-1],
        "cut by a group": genuine[:-4],
        "longer": genuine + "A",
        "longer by a group": genuine + "AAAA",
        "padded": genuine + "=",
        "padded twice": genuine + "==",
        "with a break": f"{head}.{body}.{signature[:9]}\t{signature[9:]}",
        "with a space": f"{head}.{body}. {signature}",
        "a character that counts for nothing": f"{head}.{body}.{signature[:9]}*{signature[9:]}",
        "other last bits": genuine[:-1] + last[last.index(genuine[-1]) ^ 1],
        "padded in the head": f"{head}=.{body}.{signature}",
        "another's claims": f"{head}.{bruno}.{signature}",
        "another's head": f"{es_head}.{body}.{signature}",
        "without a head": f".{body}.{signature}",
        "without claims": f"{head}..{signature}",
        "a part too many": f"{genuine}.{signature}",
        "five parts": f"{direct}..AAAA.{body}.{signature}",
        "five parts, one within": f"{wrapped}.AA.AA.{text(genuine.encode())}.AA",
        "within another": forged({"alg": "HS256", "cty": "JWT"}, genuine.encode(), hs(JWT_SECRET)),
        "as JSON": json.dumps({"protected": head, "payload": body, "signature": signature}),
        "twice": genuine * 2,
        "its head alone": head,
        "dots": "..",
        "many dots": "." * 2000,
        "a deep head": f"{text(DEEP)}.{body}.{signature}",
        "a head that is no object": f"{text(b'[]')}.{body}.{signature}",
        "a head that is no UTF-8": f"{text(bytes([255]))}.{body}.{signature}",
        "zeros": elliptic_with(0, 0),
        "r is zero": elliptic_with(0, 1),
        "s is zero": elliptic_with(1, 0),
        "ones": elliptic_with(1, 1),
        "the order": elliptic_with(ORDER, ORDER),
        "more than the order": elliptic_with(ORDER + 1, ORDER + 1),
        "as certificates have it": forged({"alg": "ES256", "kid": "ec"}, claims(), der(EC)),
        "of another size": elliptic_with(1, 1, 48),
        "none of EC": f"{es_head}.{es_body}.",
        "none of RSA": by_rsa.rpartition(".")[0] + ".",
        "zeros for RSA": by_rsa.rpartition(".")[0] + "." + text(bytes(256)),
        "one for RSA": by_rsa.rpartition(".")[0] + "." + text(bytes(255) + b"\x01"),
    }
    if standard.rstrip("=") != signature:
        made["in the other alphabet"] = f"{head}.{body}.{standard.rstrip('=')}"
    return made


GENUINE = {
    "by the secret": by_secret,
    "by EC": by_key,
    "by RSA": lambda: forged({"alg": "RS256", "kid": "rsa"}, claims(), rs(RSA)),
    "with everything that Supabase says": lambda: by_key(
        {"typ": "JWT"},
        iss="https://project.supabase.example/auth/v1",
        iat=int(time.time()),
        email="alice@client.example",
        app_metadata={"provider": "email"},
        user_metadata={"role": "operator"},
        aal="aal1",
        session_id=MIKL.row,
        is_anonymous=False,
    ),
    "with a fraction of a second": lambda: by_secret(exp=time.time() + 60.5),
    "to several audiences, us among them": lambda: by_secret(aud=["other", "authenticated"]),
    "in capitals": lambda: by_secret(sub=ALICE.user.upper()),
    "for ever, as its signer wants it": lambda: by_secret(exp=10**400),
    "hardly expired, by a clock that is late": lambda: by_secret(exp=int(time.time()) - 5),
}


@pytest.mark.parametrize(
    "made",
    [
        without_a_signature,
        with_a_public_key_as_the_secret,
        with_keys_confused,
        with_a_key_of_ones_own,
        with_words_that_must_be_understood,
        with_claims_that_name_nobody,
        with_a_signature_amiss,
    ],
    ids=lambda made: made.__name__,
)
def test_no_forged_token_is_a_users(call, guarded, published, tally, made):
    forgeries = made(published.url) if made is with_a_key_of_ones_own else made()
    genuine = {name: make() for name, make in GENUINE.items()}

    def tell(bearer):
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        return call("who-am-i", {}, headers=headers)

    found, status = judged(genuine, forgeries, tell, let_in={200})

    assert (found, status) == ({}, 401)
    assert "/forgers" not in published.asked
    tally(f"a user's token {made.__name__.replace('_', ' ')}", len(forgeries))


def test_a_token_comes_in_by_one_door(call, guarded, tally):
    right, bruno = by_secret(), by_secret(sub=BRUNO.user)
    genuine = {
        "Bearer": {"Authorization": f"Bearer {right}"},
        "bearer": {"Authorization": f"bearer {right}"},
        "BEARER": {"authorization": f"BEARER {right}"},
        "with an API key beside it": {"Authorization": f"Bearer {right}", "apikey": "anon"},
    }
    forgeries = {
        name: {"Authorization": value}
        for name, value in {
            "bare": right,
            "another scheme": f"Token {right}",
            "Basic": f"Basic {base64.b64encode(right.encode()).decode()}",
            "a digest": f'Digest username="alice", response="{right}"',
            "no space": f"Bearer{right}",
            "a colon": f"Bearer: {right}",
            "two spaces": f"Bearer  {right}",
            "a tab": f"Bearer\t{right}",
            "a no-break space": f"Bearer\u00a0{right}",
            "a space within": f"Bearer {right[:20]} {right[20:]}",
            "quoted": f'Bearer "{right}"',
            "twice": f"Bearer Bearer {right}",
            "and another": f"Bearer {right} {right}",
            "and another's": f"Bearer {right}, Bearer {bruno}",
            "a list of one": f"Bearer {right},",
            "nothing": "Bearer ",
            "the scheme": "Bearer",
            "undefined": "Bearer undefined",
            "null": "Bearer null",
            "other letters": "Bearer é.ü.ß",
            "long": "Bearer " + "A" * 7000,
        }.items()
    }
    forgeries |= {
        # Two equal headers arrive joined.
        "two headers": {"Authorization": f"Bearer {right},Bearer {right}"},
        "two callers": {"Authorization": f"Bearer {right},Bearer {bruno}"},
        "a header beside it": {"X-Authorization": f"Bearer {right}"},
        "a proxy's": {"Proxy-Authorization": f"Bearer {right}"},
        "what a proxy forwarded": {"X-Forwarded-Authorization": f"Bearer {right}"},
        "an underscore": {"Http_Authorization": f"Bearer {right}"},
        "the API key": {"apikey": right},
        "a cookie": {"Cookie": f"sb-access-token={right}; Authorization=Bearer {right}"},
        "a gateway's word": {"X-Apigateway-Api-Userinfo": text(json.dumps(claims()).encode())},
        "Google's word": {"X-Goog-Authenticated-User-Id": ALICE.user},
        "a name": {"X-User-Id": ALICE.user, "X-Forwarded-User": ALICE.user},
    }

    def tell(headers):
        return call("who-am-i", {}, headers=headers or {})

    found, status = judged(genuine, forgeries, tell, let_in={200})
    asked = {"access_token": right, "apikey": right, "jwt": right, "Authorization": right}

    assert (found, status) == ({}, 401)
    # A query is no door, and what it holds of a token is an unknown field.
    assert call("who-am-i", asked).status_code == 401
    assert call("request-meeting", {**asked, "requestedSlots": []}).status_code == 401
    tally("a user's token in the wrong place", len(forgeries) + 2)


# Google's services.

SERVICES = {
    "relay-signal": (PUSH, SCHEDULER),
    "send-mail": (PUSH, SCHEDULER),
    "send-push": (PUSH, SCHEDULER),
    "run-room-order": (PUSH, SCHEDULER),
    "complete-meetings": (SCHEDULER, PUSH),
    "reconcile-calcom": (SCHEDULER, PUSH),
}


def oidc(mine, signing=None, header=None, **changes):
    now = int(time.time())
    told = {
        "iss": "https://accounts.google.com",
        "aud": mine[0],
        "azp": "100000000000000000001",
        "sub": "100000000000000000001",
        "email": mine[1],
        "email_verified": True,
        "iat": now,
        "exp": now + 3600,
        **changes,
    }
    kept = {name: value for name, value in told.items() if value is not ...}
    return forged({"alg": "RS256", "kid": "rsa", **(header or {})}, kept, signing or rs(RSA))


def forged_for(mine, other):
    now, (audience, email) = int(time.time()), mine
    wrong = {
        "aud": [
            *(
                ...,
                None,
                "",
                [],
                [audience],
                [audience, "x"],
                audience + "/",
                audience.upper(),
            ),
            *(
                audience.partition("?")[0].rsplit("/", 1)[0],
                other[0],
                "authenticated",
                True,
            ),
        ],
        "email": [
            *(
                ...,
                None,
                "",
                email.upper(),
                f" {email}",
                [email],
                other[1],
                True,
            ),
            *(
                "mallory@elsewhere.iam.gserviceaccount.com",
                f"{email}.mallory.example",
            ),
        ],
        "email_verified": [..., None, False, "true", "True", 1, "1", [True], {}],
        "iss": [
            *(
                ...,
                None,
                "",
                "https://accounts.google.com/",
                "http://accounts.google.com",
            ),
            *(
                "https://accounts.google.com.mallory.example",
                "https://securetoken.google.com/x",
            ),
            *(
                "https://ACCOUNTS.google.com",
                ["https://accounts.google.com"],
            ),
        ],
        "exp": [..., None, now - 31, 0, -1, str(now + 60), NAN, ENDLESS, True],
        "iat": [now + 3600, str(now), NAN, True],
        "nbf": [now + 3600, NAN],
        "sub": [..., None, 7],
    }
    made = {
        f"{name} {value!r:.50}": oidc(mine, **{name: value})
        for name, values in wrong.items()
        for value in values
    }
    pem = RSA.public_key().public_bytes(Encoding.PEM, SPKI)
    made |= {
        # What any project may have Google sign: its own account, for an audience of its choice.
        "another project's": oidc(("https://mallory.example", "x@mallory.example")),
        "another project's, for us": oidc((audience, "push@mallory.iam.gserviceaccount.com")),
        "another audience's, by our account": oidc(("https://elsewhere.example", email)),
        "another service's of ours": oidc(other),
        "by another's key": oidc(mine, rs(OTHER_RSA)),
        "by the certificate": oidc(mine, hs(pem), {"alg": "HS256"}),
        "by the certificate as RS256": oidc(mine, hs(pem)),
        "by the users' secret": oidc(mine, hs(JWT_SECRET), {"alg": "HS256"}),
        "unsigned": oidc(mine, nothing, {"alg": "none"}),
        "unsigned RS256": oidc(mine, nothing),
        "RS512": oidc(mine, rs(RSA, hashes.SHA512()), {"alg": "RS512"}),
        "PS256": oidc(mine, ps(RSA), {"alg": "PS256"}),
        "ES256 with a key of the set": oidc(mine, es(EC), {"alg": "ES256", "kid": "ec"}),
        "RS256 with a key of another kind": oidc(mine, header={"kid": "ec"}),
        "an unknown key": oidc(mine, header={"kid": "rsa2"}),
        "no key": oidc(mine, header={"kid": None}),
        "a key along with it": oidc(
            mine, rs(OTHER_RSA), {"jwk": rsa_jwk(OTHER_RSA), "jku": "http://127.0.0.1:1/"}
        ),
        "crit": oidc(mine, header={"crit": ["exp"]}),
        "a user's": token(MIKL.user),
        "a user's by the same key": forged({"alg": "RS256", "kid": "rsa"}, claims(), rs(RSA)),
        "Supabase's service key": by_secret(role="service_role", sub=..., aud=...),
        "an access token": "ya29.a0AfH6SMBx",
        "twice": f"{oidc(mine)}, Bearer {oidc(mine)}",
        "padded": oidc(mine) + "==",
        "cut": oidc(mine)[:-4],
    }
    return made


@pytest.mark.parametrize("function", SERVICES)
def test_no_forged_token_is_googles(call, guarded, rows, tally, function):
    mine, other = SERVICES[function]
    genuine = {
        "Google's": oidc(mine),
        "with the older issuer": oidc(mine, iss="accounts.google.com"),
        "an hour old": oidc(mine, iat=int(time.time()) - 3600, exp=int(time.time()) + 5),
    }
    body = json.dumps(pushed({"eventId": "x"}, "projects/tests/subscriptions/another")).encode()
    forgeries = forged_for(mine, other)

    def tell(bearer):
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        return call(function, raw=body, headers=headers)

    found, status = judged(genuine, forgeries, tell, let_in={200, 204})

    assert (found, status) == ({}, 401)
    # What is let in and means nothing is kept to be looked at; what is not let in leaves no trace.
    kept = rows("select count(*) from visio.dead_signals")
    assert kept == [3 * len(genuine) if function == "relay-signal" else 0]
    tally(f"a token of Google's at {function}", len(forgeries))


# Signed bodies.


def test_no_forged_signature_is_calcoms(call, guarded, rows, tally):
    body = json.dumps({"triggerEvent": "PING", "createdAt": "x", "payload": {}}).encode()
    right = hmac.new(CALCOM_SECRET.encode(), body, hashlib.sha256)
    hexadecimal, raw = right.hexdigest(), right.digest()
    named = "X-Cal-Signature-256"
    genuine = {
        "by the newest secret": {named: hexadecimal},
        "by the one before": {named: signed(body, OLD_CALCOM_SECRET)[named]},
        "whatever the header's case": {named.lower(): hexadecimal},
        "whatever the content type": {named: hexadecimal, "Content-Type": "text/plain"},
    }
    values = {
        "nothing": "",
        "what Cal.com sends without a secret": "no-secret-provided",
        "capitals": hexadecimal.upper(),
        "a prefix": f"sha256={hexadecimal}",
        "0x": f"0x{hexadecimal}",
        "base64": base64.b64encode(raw).decode(),
        "cut": hexadecimal[:-1],
        "half": hexadecimal[:32],
        "longer": hexadecimal + "0",
        "a space before": f" {hexadecimal[:-1]}",
        "two": f"{hexadecimal},{hexadecimal}",
        "one wrong, one right": f"{'0' * 64},{hexadecimal}",
        "one bit off": hexadecimal[:-1] + f"{int(hexadecimal[-1], 16) ^ 1:x}",
        "turned round": hexadecimal[::-1],
        "zeros": "0" * 64,
        "other letters": "é" * 64,
        "other digits": "٠" * 64,
        "no secret": hmac.new(b"", body, hashlib.sha256).hexdigest(),
        "no key at all": hashlib.sha256(body).hexdigest(),
        "the secret in front": hashlib.sha256(CALCOM_SECRET.encode() + body).hexdigest(),
        "the secret as both": hmac.new(
            f"{CALCOM_SECRET}, {OLD_CALCOM_SECRET}".encode(), body, hashlib.sha256
        ).hexdigest(),
        "the secret with a space": hmac.new(
            f" {OLD_CALCOM_SECRET}".encode(), body, hashlib.sha256
        ).hexdigest(),
        "SHA-1": hmac.new(CALCOM_SECRET.encode(), body, hashlib.sha1).hexdigest(),
        "SHA-512": hmac.new(CALCOM_SECRET.encode(), body, hashlib.sha512).hexdigest(),
        "SHA-512, cut": hmac.new(CALCOM_SECRET.encode(), body, hashlib.sha512).hexdigest()[:64],
        "another secret": signed(body, "another secret")[named],
        "the links' secret": signed(body, LINK_SECRET)[named],
        "the body with a break": signed(body + b"\n")[named],
        "the body parsed and written again": signed(
            json.dumps(json.loads(body), separators=(",", ":")).encode()
        )[named],
        "no body": signed(b"")[named],
    }
    forgeries = {name: {named: value.encode().decode("latin-1")} for name, value in values.items()}
    forgeries |= {
        "another header": {"X-Hub-Signature-256": f"sha256={hexadecimal}"},
        "the older header": {"X-Cal-Signature": hexadecimal},
        "the authorization": {"Authorization": f"Bearer {hexadecimal}"},
        "Google's token": {"Authorization": f"Bearer {oidc(SCHEDULER)}"},
        "a user's token": {"Authorization": f"Bearer {by_secret()}"},
    }

    def tell(headers):
        return call("calcom-webhook", raw=body, headers=headers or {})

    found, status = judged(genuine, forgeries, tell, let_in={200})

    assert (found, status) == ({}, 401)
    assert rows("select count(*) from visio.webhook_inbox") == [1]
    tally("a signature of Cal.com's", len(forgeries))


def of_livekit(body, signing=None, header=None, **changes):
    now = int(time.time())
    told = {"iss": LIVEKIT_KEY, "nbf": now, "exp": now + 300, "sha256": digest(body), **changes}
    kept = {name: value for name, value in told.items() if value is not ...}
    head = {"alg": "HS256", "typ": "JWT", **(header or {})}
    return forged(head, kept, signing or hs(LIVEKIT_SECRET))


def test_no_forged_token_is_the_rooms(call, guarded, accepted, signal, rows, tally):
    meeting = accepted()
    signal(meeting, "client_waiting", ALICE)
    signal(meeting, "operator_joined", MIKL)
    tickets = {
        who.name: call("join-meeting", {"meetingId": meeting}, who).json["data"]["token"]
        for who in (ALICE, MIKL)
    }
    body = json.dumps({"event": "participant_joined", "room": {"name": "x"}}).encode()
    hexadecimal = hashlib.sha256(body).hexdigest()
    genuine = {
        "bare": of_livekit(body),
        "as a bearer's": f"Bearer {of_livekit(body)}",
        "long-lived": of_livekit(body, nbf=..., exp=int(time.time()) + 86400),
    }
    wrong = {
        "iss": [..., None, "", "another", LIVEKIT_KEY.upper(), [LIVEKIT_KEY], LIVEKIT_SECRET],
        "exp": [..., None, 0, int(time.time()) - 31, str(int(time.time()) + 60), NAN, ENDLESS],
        "nbf": [int(time.time()) + 3600, NAN, "x"],
        "sha256": [
            *(
                ...,
                None,
                "",
                digest(body + b" "),
                digest(b""),
                hexadecimal,
                digest(body)[:-1],
            ),
            *(
                digest(body) + "=",
                text(hashlib.sha256(body).digest()),
                [digest(body)],
                "é",
                True,
            ),
        ],
    }
    forgeries = {
        f"{name} {value!r:.50}": of_livekit(body, **{name: value})
        for name, values in wrong.items()
        for value in values
    }
    forgeries |= {
        "another secret": of_livekit(body, hs("another-secret-0123456789")),
        "no secret": of_livekit(body, hs(b"")),
        "the key as the secret": of_livekit(body, hs(LIVEKIT_KEY)),
        "unsigned": of_livekit(body, nothing, {"alg": "none"}),
        "HS512": of_livekit(body, hs(LIVEKIT_SECRET, "sha512"), {"alg": "HS512"}),
        "crit": of_livekit(body, header={"crit": ["b64"], "b64": False}),
        "another scheme": f"Token {of_livekit(body)}",
        "two": f"{of_livekit(body)}, {of_livekit(body)}",
        "padded": of_livekit(body) + "=",
        "the client's ticket": tickets["Alice"],
        "the operator's ticket": tickets["MiKL"],
        "a user's": token(MIKL.user),
        "Google's": oidc(PUSH),
        "garbage": "garbage",
        "a deep head": f"{text(DEEP)}.e30.AAAA",
    }

    def tell(authorization):
        headers = {} if authorization is None else {"Authorization": authorization}
        return call("livekit-webhook", raw=body, headers=headers)

    found, status = judged(genuine, forgeries, tell, let_in={200})

    assert (found, status) == ({}, 401)
    assert rows("select count(*) from visio.room_presence") == [0]
    tally("a token of the room's", len(forgeries))


# Tokens of our own: each opens what it was made for, and nothing else.

ONE = "one-secret-for-everything-which-nobody-should-0123"


@pytest.fixture(params=["secrets of their own", "one secret for everything"])
def secrets(request, guarded, environment):
    if request.param.startswith("one"):
        for name in (
            *("SUPABASE_JWT_SECRET", "LINK_SECRETS", "BOOKING_TOKEN_SECRETS"),
            *("LIVEKIT_API_SECRET", "CALCOM_WEBHOOK_SECRETS"),
        ):
            environment.setenv(name, ONE)
        settings.forget()
        bootstrap.forget()
    found = settings.settings()
    return {
        "user": found.users.jwt_secrets[0],
        "booking": found.calcom.booking_token_secrets[0],
        "mail": found.links.secrets[0],
        "livekit": found.rooms.api_secret,
        "calcom": found.calcom.webhook_secrets[0],
    }


@pytest.fixture
def ours(call, accepted, signal, secrets, rows):
    """One genuine token of each kind, all of Alice's."""
    alice = {"Authorization": f"Bearer {forged({'alg': 'HS256'}, claims(), hs(secrets['user']))}"}
    mikl = forged({"alg": "HS256"}, claims(sub=MIKL.user), hs(secrets["user"]))
    slots = [time.strftime("%Y-%m-%dT%H:00:00Z", time.gmtime(time.time() + 86400))]
    asked = call("request-meeting", {"requestedSlots": slots}, headers=alice).json["data"]
    decision = {"requestId": asked["id"], "decision": "accept", "selectedSlot": slots[0]}
    by_mikl = {"Authorization": f"Bearer {mikl}"}
    meeting = call("decide-request", decision, headers=by_mikl).json["data"]["meetingId"]
    for name, who in (("client_waiting", alice), ("operator_joined", by_mikl)):
        call("lobby-signal", {"meetingId": meeting, "signal": name}, headers=who)
    booking = call("booking-link", {}, headers=alice).json["data"]["url"]
    feed = call("calendar-link", {}, headers=alice).json["data"]["url"]
    preferences = bootstrap.app().personal_links.preferences(
        Person("client", ALICE.row), now=datetime.now(UTC)
    )
    ticket = call("join-meeting", {"meetingId": meeting}, headers=alice).json["data"]["token"]
    return {
        "user": alice["Authorization"].removeprefix("Bearer "),
        "booking": parse_qs(urlsplit(booking).query)["metadata[bookingToken]"][0],
        "feed": parse_qs(urlsplit(feed).query)["token"][0],
        "mail": preferences.partition("#")[2],
        "ticket": ticket,
        "room admin": bootstrap.app().livekit.admin_token(UUID(meeting), now=datetime.now(UTC)),
        "google": oidc(PUSH),
    }


@pytest.fixture
def places(call, secrets):
    """Where a token may be shown, and whether it opened anything there."""
    hook = json.dumps({"event": "participant_joined"}).encode()

    def bearer(function, raw=None):
        def tell(shown):
            headers = {"Authorization": f"Bearer {shown}"}
            return call(function, {} if raw is None else None, raw=raw, headers=headers)

        return tell

    def booked(shown):
        body = Booking(email="x@elsewhere.example", metadata={"bookingToken": shown}).created()
        raw = json.dumps(body).encode()
        return call("calcom-webhook", raw=raw, headers=signed(raw, secrets["calcom"]))

    return {
        "user": bearer("who-am-i"),
        "booking": booked,
        "feed": lambda shown: call("calendar-feed", {"token": shown}),
        "mail": lambda shown: call("mail-preferences", {"token": shown, "reminders": False}),
        "room's webhook": bearer("livekit-webhook", hook),
        "google": bearer("relay-signal", json.dumps(pushed({})).encode()),
    }


def test_each_token_opens_what_it_was_made_for_and_nothing_else(ours, places, tally):
    opened = {
        (name, place)
        for place, tell in places.items()
        for name, shown in ours.items()
        if tell(shown).status_code < 300
    }

    assert opened == {(name, name) for name in ("user", "booking", "feed", "mail", "google")}
    tally("a token shown where another is asked for", len(ours) * len(places))


def test_no_forged_token_is_one_of_our_own(ours, places, secrets, rows, tally):
    """What stands in one of them is nobody's to change, and each ends."""
    now = int(time.time())
    app, calcom = settings.settings().links.app_url, settings.settings().calcom.url
    right = {
        "mail": {"iss": app, "aud": "mail-preferences", "sub": f"client:{ALICE.row}"},
        "booking": {"iss": calcom, "aud": "calcom-booking", "sub": ALICE.row, "op": MIKL.row},
    }
    wrong = {
        "exp": [..., None, 0, now - 1, NAN, ENDLESS, -ENDLESS, "never", True, [now + 60]],
        "aud": [..., None, "", "authenticated", "mail", [], {}],
        "iss": [..., None, "", "https://staging.foxeo.example", app + "/"],
        "sub": [..., None, "", "x", "client", "client:", f"{ALICE.user}:client", 7, [], {}],
        "nbf": [now + 3600],
    }
    tried = 0
    for kind, content in right.items():
        let_in, secret = places[kind], secrets[kind]
        genuine = {**content, "exp": now + 600}
        head = {"alg": "HS256", "typ": "JWT"}
        good = forged(head, genuine, hs(secret))
        cases = {
            f"{name} {value!r}": forged(
                head,
                {n: v for n, v in {**genuine, name: value}.items() if v is not ...},
                hs(secret),
            )
            for name, values in wrong.items()
            for value in values
        }
        if kind == "booking":
            cases |= {
                f"op {value!r}": forged(head, {**genuine, "op": value}, hs(secret))
                for value in (None, "", "x", 7, [], ALICE.user, NORA.row, CHLOE.row)
            }
            cases["another operator's client"] = forged(
                head, {**genuine, "sub": CHLOE.row}, hs(secret)
            )
        else:
            cases |= {
                f"side {side!r}": forged(head, {**genuine, "sub": f"{side}:{id}"}, hs(secret))
                for side, id in [("", ALICE.row), ("admin", ALICE.row), ("client", "alice")]
            }
        top, body, signature = good.split(".")
        other = text(
            json.dumps({**genuine, "sub": content["sub"].replace("aaaa", "bbbb")}).encode()
        )
        cases |= {
            "another's claims": f"{top}.{other}.{signature}",
            "no signature": f"{top}.{body}.",
            "unsigned": forged({"alg": "none"}, genuine, nothing),
            "cut": good[:-1],
            "longer": good + "AAAA",
            "HS512": forged({"alg": "HS512"}, genuine, hs(secret, "sha512")),
            "another secret": forged(head, genuine, hs("another-secret-0123456789")),
            "no secret": forged(head, genuine, hs(b"")),
            "crit": forged({**head, "crit": ["x"], "x": 1}, genuine, hs(secret)),
            "deep": f"{text(DEEP[:300])}.{body}.{signature}",
            "deep within": forged(head, DEEP[:300], hs(secret)),
            "no object": forged(head, b"[]", hs(secret)),
            "garbage": "garbage-" * 4,
            "other letters": "é" * 40,
        }

        came_in = {
            name: a.status_code for name, c in cases.items() if (a := let_in(c)).status_code < 300
        }
        refusals = {seen for c in cases.values() if (seen := told(let_in(c)))[0] >= 300}

        assert let_in(good).status_code == 200
        assert came_in == {}
        assert len(refusals) == 1, kind
        tried += len(cases)
    # MiKL asked nothing of the kind, and Bruno and Chloé did not either.
    assert rows("select side, person_id::text from visio.mail_choices") == [("client", ALICE.row)]
    assert rows("select distinct client_id::text from meetings") == [ALICE.row]
    tally("a token of our own, forged", tried)
