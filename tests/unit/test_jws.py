"""What is signed, by a secret or a key pair: PyJWT's verdicts, and the RFCs' own examples."""

import base64
import json

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

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


PAIRS = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}
OTHERS = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}


SIGNED = {
    "RS256": lambda pair, raw: pair.sign(raw, padding.PKCS1v15(), hashes.SHA256()),
    "ES256": lambda pair, raw: b"".join(
        part.to_bytes(32)
        for part in utils.decode_dss_signature(pair.sign(raw, ec.ECDSA(hashes.SHA256())))
    ),
}


def jwk(pair, **changes):
    kind = RSAAlgorithm if isinstance(pair, rsa.RSAPrivateKey) else ECAlgorithm
    return {**kind.to_jwk(pair.public_key(), as_dict=True), **changes}


@pytest.mark.parametrize(
    ("key", "signing", "signature"),
    [
        pytest.param(
            {
                "kty": "EC",
                "crv": "P-256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            },
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
            "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            id="RFC 7515, appendix A.3",
        )
    ],
)
def test_the_rfcs_own_example_of_a_key_pair(key, signing, signature):
    claims = jws.PublishedKey(key).verified(f"{signing}.{signature}")

    assert claims == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}


@pytest.mark.parametrize("algorithm", PAIRS)
def test_what_pyjwt_signs_with_a_key_pair_the_published_key_reads(algorithm):
    token = jwt.encode(CLAIMS, PAIRS[algorithm], algorithm, headers={"kid": "one"})

    key = jws.PublishedKey(jwk(PAIRS[algorithm], kid="one", use="sig", alg=algorithm))

    assert (key.algorithm, key.verified(token)) == (algorithm, CLAIMS)


def test_what_we_sign_with_an_rsa_key_pyjwt_reads():
    pair = PAIRS["RS256"]
    pem = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    token = jws.signed_with(CLAIMS, pem, "a-key")

    assert jwt.decode(token, pair.public_key(), ["RS256"], audience="here") == CLAIMS
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "kid": "a-key", "typ": "JWT"}


def forged_for(algorithm):
    pair, other = PAIRS[algorithm], next(name for name in PAIRS if name != algorithm)
    genuine = jwt.encode(CLAIMS, pair, algorithm)
    signing, _, signature = genuine.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    hmac_header = text(b'{"alg":"HS256"}') + "." + signing.partition(".")[2]
    yield jwt.encode(CLAIMS, OTHERS[algorithm], algorithm)
    yield jwt.encode(CLAIMS, PAIRS[other], other)
    yield f"{hmac_header}.{jws._mac(hmac_header, public.decode())}"
    nothing = text(json.dumps({"alg": "none"}).encode())
    yield f"{nothing}.{signing.partition('.')[2]}.{signature}"
    renamed = text(b'{"alg":"RS512"}') + "." + signing.partition(".")[2]
    yield f"{renamed}.{text(SIGNED[algorithm](pair, renamed.encode()))}"
    yield f"{signing}."
    for odd in (raw[:-1], raw + b"\0", b"\0" + raw, b"", bytes(len(raw)), b"\xff" * len(raw)):
        yield f"{signing}.{text(odd)}"
    if algorithm == "ES256":
        r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
        yield f"{signing}.{text(utils.encode_dss_signature(r, s))}"
        yield f"{signing}.{text(raw[32:] + raw[:32])}"
    yield f"{genuine}="
    yield f"{genuine}\n"


@pytest.mark.parametrize("algorithm", PAIRS)
def test_what_a_key_pair_has_not_signed_so_says_nothing(algorithm):
    key = jws.PublishedKey(jwk(PAIRS[algorithm]))

    for forged in forged_for(algorithm):
        with pytest.raises(jws.NotSigned):
            key.verified(forged)


@pytest.mark.parametrize("algorithm", PAIRS)
@given(st.data())
def test_a_key_pairs_token_has_one_text(algorithm, data):
    genuine = jwt.encode(CLAIMS, PAIRS[algorithm], algorithm)
    place = data.draw(st.integers(0, len(genuine) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_=. "))
    altered = genuine[:place] + letter + genuine[place + 1 :]

    if altered != genuine:
        with pytest.raises(jws.NotSigned):
            jws.PublishedKey(jwk(PAIRS[algorithm])).verified(altered)


@pytest.mark.parametrize(
    "found",
    [
        jwk(PAIRS["RS256"], use="enc"),
        jwk(PAIRS["RS256"], alg="RS512"),
        jwk(PAIRS["RS256"], alg="ES256"),
        jwk(PAIRS["RS256"], e="AA"),
        jwk(PAIRS["RS256"], n=""),
        jwk(PAIRS["RS256"], kty="EC"),
        jwk(rsa.generate_private_key(65537, 1024)),  # noqa: S505 -- what is to be refused
        jwk(PAIRS["ES256"], crv="P-384"),
        jwk(PAIRS["ES256"], x=jwk(OTHERS["ES256"])["x"]),
        jwk(PAIRS["ES256"], y=7),
        jwk(PAIRS["ES256"], kty="RSA"),
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {},
    ],
)
def test_a_key_that_is_not_ours_is_none(found):
    with pytest.raises((ValueError, KeyError, TypeError)):
        jws.PublishedKey(found)


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
