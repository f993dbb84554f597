"""What we ship that we did not write, and what must never be in what we did."""

import base64
import json
import subprocess

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from local import build, sbom
from local.gateway import names
from tests.attack import supply
from tests.world import PROJECT

REQUIREMENTS = PROJECT / "requirements" / "functions"
LETTERS = "0123456789abcdefghijABCDEFGHIJ0123456789"
# Each in two halves, so that no file holds one.
PLANTED = {
    "a private key": ("-----BEGIN RSA PRIV", "ATE KEY-----\nMIIEpAIBAAKCAQEA0123"),
    "a key of Amazon's": ("AKI", "A0123456789ABCDEF"),
    "a key of Google's": ("AIz", f"a{LETTERS[:35]}"),
    "a client secret of Google's": ("GOCS", f"PX-{LETTERS[:28]}"),
    "a token of GitHub's": ("gh", f"p_{LETTERS[:36]}"),
    "a token of Slack's": ("xo", f"xb-{LETTERS[:12]}"),
    "a key of Stripe's": ("sk_li", f"ve_{LETTERS[:24]}"),
    "a key of Cal.com's": ("cal_li", f"ve_{LETTERS[:32]}"),
    "a secret key of Supabase's": ("sb_sec", f"ret_{LETTERS[:31]}"),
    "a token of Supabase's": ("sb", f"p_{'0123456789abcdef' * 3}"[:-8]),
    "a token of npm's": ("np", f"m_{LETTERS[:36]}"),
    "a token of PyPI's": ("pypi-AgEI", f"cHlwaS{LETTERS}"),
    "a signed token with rights": (
        base64.urlsafe_b64encode(b'{"alg":"HS256"}').decode().rstrip("="),
        "." + base64.urlsafe_b64encode(b'{"role":"service_role"}').decode().rstrip("=")
        + f".{LETTERS[:30]}",
    ),
    "an address with its password": ("postgres", f"ql://visio:{LETTERS[:20]}@10.0.0.1/visio"),
}  # fmt: skip


@pytest.mark.parametrize("kind", supply.SECRETS)
def test_each_kind_of_secret_is_recognised(kind, tally):
    found = supply.secrets_in(f"key = '{''.join(PLANTED[kind])}'\n".encode())

    assert found == [kind]
    tally("kinds of secret that are recognised")


def test_no_file_holds_a_secret(tally):
    verdict = supply.no_secrets(supply.tracked, "files")

    assert verdict.wrong == []
    assert verdict.cases > 400
    tally("files without a secret", verdict.cases)


def test_a_secret_that_was_taken_out_again_is_still_in_history(tmp_path, monkeypatch):
    def git(*arguments):
        who = ("-c", "user.name=x", "-c", "user.email=x@x.example")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    (tmp_path / "key.txt").write_text("".join(PLANTED["a token of npm's"]))
    git("add", "key.txt")
    git("commit", "-m", "add")
    git("rm", "key.txt")
    git("commit", "-m", "remove")
    monkeypatch.setattr(supply, "PROJECT", tmp_path)

    files = supply.no_secrets(supply.tracked, "files")
    history = supply.no_secrets(supply.history, "history")

    assert (files.cases, files.wrong) == (0, [])
    assert history.wrong == ["key.txt: a token of npm's"]


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("x = 1  # noqa: S310 -- an address from our own settings", ["310"]),
        ("x = 1  # nosec B105 -- a kind of token", ["105"]),
        ("x = 1  # noqa: S310", []),
        ("x = 1  # nosec B105", []),
        ("x = 1  # nosec", []),
    ],
)
def test_an_exception_has_its_reason(line, number):
    assert supply.OPT_OUT.findall(line) == number


def test_where_nobody_can_be_asked_that_is_no_verdict(tmp_path, monkeypatch):
    monkeypatch.setattr(supply, "TOOLS", tmp_path)

    verdict = supply.known_weaknesses_of_python()

    assert verdict.wrong == []
    assert verdict.unasked is not None


@pytest.mark.parametrize("name", names())
def test_a_functions_document_is_cyclonedx_and_names_all_that_is_pinned(name):
    text = json.dumps(sbom.bom(name, REQUIREMENTS / f"{name}.txt"))

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    lines = (REQUIREMENTS / f"{name}.txt").read_text().splitlines()
    pinned = [line for line in lines if line[:1].isalnum()]
    assert len(json.loads(text)["components"]) == len(pinned) > 10
    assert "://" not in text.replace("urn:uuid:", "")


def test_the_same_requirements_make_the_same_document(tmp_path):
    requirements = REQUIREMENTS / "send_push.txt"

    for target in ("one", "two"):
        sbom.write("send_push", requirements, tmp_path / target)
    more = tmp_path / "more.txt"
    more.write_text(requirements.read_text() + "left-pad==1.0 \\\n    --hash=sha256:00\n")

    one, two = ((tmp_path / target).read_bytes() for target in ("one", "two"))
    assert one == two
    other = sbom.bom("send_push", more)
    assert other["serialNumber"] != json.loads(one)["serialNumber"]
    assert other["components"][-1]["purl"] == "pkg:pypi/left-pad@1.0"


def test_a_document_lies_beside_each_archive(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "BUILD", tmp_path / "build")
    monkeypatch.setattr(build, "names", lambda: ["who_am_i"])

    build.main()

    told = json.loads((tmp_path / "build" / "who_am_i.cdx.json").read_text())
    assert told["metadata"]["component"]["name"] == "who_am_i"
    assert (tmp_path / "build" / "who_am_i.zip").exists()
