"""The pages' modules by themselves: types, words, times on a clock, and nothing as HTML."""

import json
import re
import subprocess
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.world import PROJECT

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(180)]
WEB = PROJECT / "web"
SOURCES = sorted(WEB.rglob("*.js"))
NPX = ["npx", "--no-install"]


def test_the_types_hold():
    checked = subprocess.run(
        [*NPX, "tsc", "-p", "."], cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert (checked.stdout, checked.returncode) == ("", 0)


def test_the_published_types_are_the_modules_own(tmp_path):
    command = [*NPX, "tsc", "-p", "tsconfig.types.json", "--outDir", str(tmp_path)]
    subprocess.run(command, cwd=PROJECT, check=True)

    made = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*.d.ts")}
    kept = WEB / "types"
    published = {str(path.relative_to(kept)): path.read_text() for path in kept.rglob("*.d.ts")}
    assert published.pop("visio/api.d.ts") == 'export * from "../../visio/api.js";\n'
    assert made == published, "run `make types`"


def test_somebody_elses_program_is_checked_against_the_published_types(tmp_path):
    (tmp_path / "node_modules" / "@foxeo").mkdir(parents=True)
    (tmp_path / "node_modules" / "@foxeo" / "visio").symlink_to(WEB)
    (tmp_path / "program.ts").write_text(
        """import { WaitingRoom } from "@foxeo/visio/lobby";
        import { RequestList } from "@foxeo/visio/requests";
        import type { Visio } from "@foxeo/visio/client";
        declare const visio: Visio;
        const name: string | undefined = new WaitingRoom(visio).state.items[0]?.clientName;
        const [request] = new RequestList(visio).state.items;
        const status: "pending" | "accepted" | undefined = request?.status;
        const none: string | undefined = request?.noSuchField;
        export { name, none, status };"""
    )
    options = {
        "strict": True,
        "noEmit": True,
        "target": "es2023",
        "module": "esnext",
        "moduleResolution": "bundler",
        "types": [],
        "skipLibCheck": True,  # of supabase-js: its own want Node's
    }
    config = {"compilerOptions": options, "files": ["program.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps(config))

    checked = subprocess.run(
        [PROJECT / "node_modules" / ".bin" / "tsc"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    wrong = re.findall(r"^(\S+\.ts)\((\d+),.*(TS\d+)", checked.stdout, re.M)
    assert wrong == [("program.ts", "7", "TS2322"), ("program.ts", "8", "TS2339")], checked.stdout


def test_the_functions_types_are_those_of_the_published_contract(tmp_path):
    made = tmp_path / "api.d.ts"
    command = [*NPX, "openapi-typescript", "docs/openapi.json", "--export-type", "-o", str(made)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)

    kept = (WEB / "visio" / "api.d.ts").read_text()
    assert made.read_text() == kept, "run `make openapi`"


def test_a_package_finds_every_module_and_its_types():
    exports = json.loads((WEB / "package.json").read_text())["exports"]

    named = {entry["default"] for entry in exports.values() if isinstance(entry, dict)}
    files = {f"./{path.relative_to(WEB)}" for path in SOURCES}
    assert named <= files
    headless = {
        f"./visio/{name}.js" for name in ("client", "requests", "lobby", "devices", "booking")
    }
    assert headless <= named
    for entry in exports.values():
        if isinstance(entry, dict):
            assert (WEB / entry["types"]).exists()


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(WEB)))
def test_nothing_can_reach_a_page_as_html(source):
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|unsafe|srcdoc|\beval\b"

    assert re.findall(ways, source.read_text()) == []


def test_headless_modules_know_no_elements_and_no_framework():
    for source in (WEB / "visio").glob("*.js"):
        imported = re.findall(r'^(?:import|export) .*? from "([^"]+)"', source.read_text(), re.M)
        assert [name for name in imported if not name.startswith("./")] in ([], ["livekit-client"])


def words(language):
    script = (
        f"import('./web/visio/words/{language}.js').then((m) => console.log(JSON.stringify("
        "Object.fromEntries(Object.entries(m.default).map(([k, v]) => [k, String(v)])))))"
    )
    done = subprocess.run(
        ["node", "-e", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_both_languages_say_everything_with_the_same_facts():
    french, english = words("fr"), words("en")

    assert french.keys() == english.keys()
    for key, said in french.items():
        braces = r"\{(\w+)\}"
        assert set(re.findall(braces, said)) == set(re.findall(braces, english[key])), key


def test_every_word_is_used_somewhere():
    code = "".join(path.read_text() for path in SOURCES if path.parent.name != "words")
    # What a template puts together is used as a whole: `t(`slot.${problem}`)`.
    made = {found for found in re.findall(r"`([a-z_]+\.(?:[a-z_]+\.)?[a-z_]*)\$\{", code)}

    unused = [
        key
        for key in words("fr")
        if f'"{key}"' not in code and not any(key.startswith(prefix) for prefix in made)
    ]
    assert unused == []


@pytest.fixture
def evaluate(open_page):
    """Evaluate an expression in a page of some zone, with `slots` and `lobby` at hand."""

    def evaluate(expression, zone="Europe/Paris"):
        page = open_page("/reminders/", timezone_id=zone)
        return page.evaluate(
            f"""async () => {{
              const slots = await import('/visio/slots.js');
              return {expression};
            }}"""
        )

    return evaluate


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2027-01-15T09:30", "2027-01-15T08:30:00.000Z"),
        ("2027-07-15T09:30", "2027-07-15T07:30:00.000Z"),
        ("2027-03-28T01:59", "2027-03-28T00:59:00.000Z"),
        ("2027-03-28T02:30", None),  # the clocks go forward over it
        ("2027-10-31T02:30", "2027-10-31T00:30:00.000Z"),  # it comes twice: the first
        ("", None),
        ("tomorrow", None),
        ("2027-02-30T10:00", None),
    ],
)
def test_a_field_names_an_instant_on_this_clock(evaluate, text, instant):
    assert evaluate(f"slots.instantOf('{text}')?.toISOString() ?? null") == instant


@pytest.mark.parametrize(
    ("texts", "problems"),
    [
        (["2027-03-01T10:00", "", ""], [None, None, None]),
        (["", "2027-03-01T10:00", ""], ["missing", None, None]),
        (["2027-03-01T10:00", "2027-03-01T10:45", ""], [None, "overlap", None]),
        (["2027-03-01T10:00", "2027-03-01T11:00", ""], [None, None, None]),
        (["2027-03-28T02:15", "", ""], ["skipped", None, None]),
        (["2026-12-31T23:59", "2029-01-01T10:00", "x"], ["past", "far", "unreadable"]),
    ],
)
def test_what_is_wrong_with_some_fields(evaluate, texts, problems):
    now = "new Date('2027-01-01T00:00:00+01:00')"

    found = evaluate(f"slots.problemsOf({json.dumps(texts)}, {{minutes: 60, now: {now}}})")

    assert found == problems


def test_the_earliest_slot_is_the_next_whole_quarter(evaluate):
    given = "new Date('2027-01-01T10:00:00Z')"

    assert evaluate(f"slots.fieldOf(slots.earliest({given}))") == "2027-01-01T11:15"


@pytest.mark.parametrize(
    ("page", "who"),
    [
        ("client", "alice@client.example"),
        ("hub", "mikl@foxeo.example"),
        ("room", "mikl@foxeo.example"),
    ],
)
def test_a_page_announces_just_the_modules_that_it_loads(open_page, page, who):
    opened = open_page("/reminders/", who, expected=("404",))
    asked: list[str] = []
    opened.on(
        "request",
        lambda request: asked.append(request.url) if request.resource_type == "script" else None,
    )
    opened.goto(opened.url.replace("/reminders/", f"/{page}/?meeting={uuid4()}"))
    expect(opened.get_by_role("button", name="Se déconnecter")).to_be_visible()

    announced = set(re.findall(r'modulepreload" href="([^"]+)"', opened.content()))
    apart = {"/vendor/supabase.js", f"/{page}/{page}.js", f"/{page}/{page}-page.js"}
    assert {urlsplit(url).path for url in asked} - apart - {"/visio/heartbeat.js"} == announced
