"""What a shared secret signs: the same verdicts as PyJWT's, and the RFC's own example."""

import base64
import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visio.adapters import jws

SECRET = "a secret of thirty-two letters, as it should be"
CLAIMS = {"sub": "l’été", "aud": "here", "exp": 4102444800}


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(header, payload=CLAIMS, secret=SECRET):
    """Signed rightly, whatever it says."""
    parts = [
        part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)
    ]
    signing = ".".join(map(text, parts))
    return f"{signing}.{jws._mac(signing, secret)}"


def test_the_rfcs_own_example():
    """RFC 7515, appendix A.1: its key is no text, so the signature alone is compared."""
    key = base64.urlsafe_b64decode(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
    )
    signing = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ"
    )

    class Key(str):
        def encode(self, *_):
            return key

    claims = jws.verified(f"{signing}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", Key("k"))

    assert claims == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}


def test_what_one_signs_the_other_reads():
    ours, theirs = jws.signed(CLAIMS, SECRET), jwt.encode(CLAIMS, SECRET, "HS256")

    assert ours == theirs
    assert jwt.decode(ours, SECRET, ["HS256"], audience="here") == jws.verified(theirs, SECRET)


@pytest.mark.parametrize(
    "forged",
    [
        token({"alg": "HS256"}, secret="another secret of thirty-two letters"),
        token({"alg": "none"}),
        token({"alg": "HS512"}),
        token({"alg": "hs256"}),
        token({"alg": ["HS256"]}),
        token({}),
        token([]),
        token(b"{"),
        token(b"[" * 100_000),
        token({"alg": "HS256", "crit": ["exp"], "exp": 1}),
        token({"alg": "HS256", "crit": []}),
        token({"alg": "HS256", "b64": False}),
        token({"alg": "HS256", "kid": 7}),
        token({"alg": "HS256"}, []),
        token({"alg": "HS256"}, b"null"),
        token({"alg": "HS256"}, b"\xff"),
        token({"alg": "HS256"}, b"{" * 100_000),
        jws.signed(CLAIMS, SECRET) + "=",
        jws.signed(CLAIMS, SECRET) + ".",
        jws.signed(CLAIMS, SECRET) + "\n",
        " " + jws.signed(CLAIMS, SECRET),
        jws.signed(CLAIMS, SECRET).rpartition(".")[0] + ".",
        "..",
        "",
        "a.b",
    ],
)
def test_what_the_secret_has_not_signed_so_says_nothing(forged):
    with pytest.raises(jws.NotSigned):
        jws.verified(forged, SECRET)


@pytest.mark.parametrize("no_secret", ["", "-----BEGIN PUBLIC KEY-----\nMIIB", "ssh-rsa AAAA"])
def test_what_is_published_is_no_secret(no_secret):
    with pytest.raises(jws.NotSigned):
        jws.verified(token({"alg": "HS256"}, secret=no_secret), no_secret)


@given(st.data())
def test_a_token_has_one_text(data):
    genuine = jws.signed(CLAIMS, SECRET)
    place = data.draw(st.integers(0, len(genuine) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_=. "))
    altered = genuine[:place] + letter + genuine[place + 1 :]

    if altered != genuine:
        with pytest.raises(jws.NotSigned):
            jws.verified(altered, SECRET)


@pytest.mark.parametrize(
    "aud",
    [None, "", "here", "there", ["here"], ["there", "here"], [], ["here", 7], 7, {}, {"here": 1}],
)
@pytest.mark.parametrize("audience", ["here", None])
def test_an_audience_is_meant_as_pyjwt_means_it(aud, audience):
    claims = {"aud": aud} if aud is not None else {}
    options = {"verify_signature": True}

    try:
        jwt.decode(jws.signed(claims, SECRET), SECRET, ["HS256"], options, audience=audience)
        theirs = True
    except jwt.PyJWTError:
        theirs = False

    assert jws.meant_for(claims, audience, ()) is theirs


@pytest.mark.parametrize(
    ("claims", "meant"),
    [
        ({"sub": "a", "exp": 1}, True),
        ({"sub": "a"}, False),
        ({"sub": "a", "exp": None}, False),
        ({"sub": 7, "exp": 1}, False),
        ({"sub": "a", "exp": 1, "jti": 7}, False),
    ],
)
def test_what_is_needed_is_there_and_of_its_kind(claims, meant):
    assert jws.meant_for(claims, None, ("exp", "sub")) is meant
