"""Commands from bytes that callers sent, read by pydantic; refusals repeat nothing of what came."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from visio.domain.refusals import InvalidFields, MalformedJson, Refusal
from visio.domain.storable import storable

# Of more nobody reads, and a long list of nonsense would be answered with one ten times as long.
MOST_PROBLEMS = 20


def parse_body(model: type[BaseModel], body: bytes) -> BaseModel:
    """A command from verified bytes; nothing at all means an empty object."""
    try:
        command = model.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise _refusal(error, model) from error
    if not storable(command.model_dump()):
        raise InvalidFields(
            details=[{"field": "", "problem": "holds a character nobody can store"}]
        )
    return command


def parse_query(model: type[BaseModel], query: Mapping[str, list[str]]) -> BaseModel:
    """A command from a query string, in which every name stands once."""
    repeated = [name for name, values in query.items() if len(values) > 1]
    if repeated:
        raise InvalidFields(details=[{"field": "query", "problem": "a name stands twice"}])
    try:
        command = model.model_validate_strings({name: v[0] for name, v in query.items()})
    except ValidationError as error:
        raise _refusal(error, model) from error
    if not storable(command.model_dump()):
        raise InvalidFields(details=[{"field": "query", "problem": "holds what nobody can store"}])
    return command


def _refusal(error: ValidationError, model: type[BaseModel]) -> Refusal:
    from pydantic import RootModel  # to load it takes 2 ms, for the few that are refused

    problems = error.errors(include_url=False, include_input=False)
    if any(p["type"] == "json_invalid" or (not p["loc"] and "type" in p["type"]) for p in problems):
        return MalformedJson()
    # One of several commands: pydantic puts its tag in front of the field.
    tagged = issubclass(model, RootModel)
    told = problems[:MOST_PROBLEMS]
    return InvalidFields(details=[_detail(problem, tagged=tagged) for problem in told])


def _detail(problem: Any, *, tagged: bool) -> dict[str, str]:
    """One problem at one field, in words that repeat nothing of what was sent."""
    location = problem["loc"][1:] if tagged else problem["loc"]
    said = problem["msg"].removeprefix("Value error, ")
    match problem["type"]:
        case "extra_forbidden":
            location, said = location[:-1], "holds a field that is not known"
        case "uuid_parsing" | "uuid_type":
            said = "must be a UUID"
        case "union_tag_invalid" | "union_tag_not_found":
            tag = problem["ctx"]["discriminator"].strip("'")
            allowed = problem["ctx"].get("expected_tags")
            return {
                "field": tag,
                "problem": f"must be one of {allowed}" if allowed else "is missing",
            }
    return {"field": ".".join(map(str, location)), "problem": said}
