"""The contract as OpenAPI 3.1, made of what each page declares: nothing of it is written twice."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from inspect import cleandoc
from typing import Any, get_args, get_origin

from msgspec import Struct
from msgspec.json import schema_components
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from visio import __doc__ as story
from visio.domain import refusals
from visio.domain.limits import LIMITS
from visio.domain.refusals import Refusal
from visio.edge import Declaration, File, Reply
from visio.views.base import View

REF = "#/components/schemas/{model}"
WAIT = {"description": "for how many seconds", "schema": {"type": "integer", "minimum": 1}}
DOORS = {
    "_User": ["user"],
    "_Anyone": [],
    "_Calcom": ["calcom"],
    "_LiveKit": ["livekit"],
    "_Google": ["google"],
    "_PubSub": ["google"],
}


def described(pages: Iterable[tuple[Declaration, str]]) -> dict[str, Any]:
    """The document; `pages` are declarations with their page's docstring."""
    declared = list(pages)
    shapes = list(dict.fromkeys(_shapes(declaration for declaration, _ in declared)))
    models = [(shape, use) for shape, use in shapes if issubclass(_plain(shape), BaseModel)]
    structs = [(shape, use) for shape, use in shapes if issubclass(_plain(shape), Struct)]
    found, definitions = models_json_schema(models, ref_template=REF, by_alias=True)
    also_found, components = schema_components(
        [struct for struct, _ in structs], ref_template=REF.format(model="{name}")
    )
    named: dict[Any, str] = {shape: schema["$ref"] for shape, schema in found.items()}
    named |= {shape: schema["$ref"] for shape, schema in zip(structs, also_found, strict=True)}
    for schema in components.values():
        if told := schema.get("description"):
            schema["description"] = cleandoc(told)
    schemas = definitions["$defs"] | components
    return {
        "openapi": "3.1.0",
        "info": {"title": "Foxeo visio", "version": "1", "description": _title(story or "")},
        "servers": [{"url": "http://127.0.0.1:8080/functions/v1", "description": "make run"}],
        "paths": {
            f"/{declaration.name.replace('_', '-')}": {
                declaration.method.lower(): _operation(declaration, doc, named, schemas)
            }
            for declaration, doc in declared
        },
        "components": {
            "schemas": {**schemas, "Error": _error()},
            "securitySchemes": {
                "user": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "google": {"type": "http", "scheme": "bearer", "bearerFormat": "OIDC"},
                "livekit": {"type": "apiKey", "in": "header", "name": "Authorization"},
                "calcom": {"type": "apiKey", "in": "header", "name": "X-Cal-Signature-256"},
            },
        },
    }


def _shapes(declared: Iterable[Declaration]) -> Iterator[tuple[type[Any], Any]]:
    """What pages take, models of pydantic's or structs of msgspec's, and what they show."""
    for declaration in declared:
        if declaration.takes is not None:
            yield declaration.takes, "validation"
        if (view := _view(declaration)) is not None:
            yield view, "serialization"


def _view(declaration: Declaration) -> type[Any] | None:
    gives = declaration.gives
    if get_origin(gives) is Reply:
        (gives,) = get_args(gives)
    plain = _plain(gives)
    return gives if isinstance(plain, type) and issubclass(plain, View) else None


def _plain(shape: Any) -> Any:
    """What a shape is a kind of: a page of something is a page."""
    return get_origin(shape) or shape


def _operation(
    declaration: Declaration, doc: str, named: Any, schemas: dict[str, Any]
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": declaration.name,
        "summary": _title(doc).partition(": ")[2],
        "security": [{name: []} for name in DOORS[type(declaration.door).__name__]],
        "responses": {**_answered(declaration, named), **_refused(declaration)},
    }
    takes = declaration.takes
    if takes is not None and declaration.method == "GET":
        fields = schemas[takes.__name__]
        required = fields.get("required", [])
        operation["parameters"] = [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in fields["properties"].items()
        ]
    elif takes is not None:
        content = {"application/json": {"schema": {"$ref": named[takes, "validation"]}}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _answered(declaration: Declaration, named: Any) -> dict[str, Any]:
    said = HTTPStatus(declaration.status).phrase
    if declaration.gives is File:
        calendar = {"text/calendar": {"schema": {"type": "string"}}}
        return {str(declaration.status): {"description": said, "content": calendar}}
    view = _view(declaration)
    if view is None:
        return {str(declaration.status): {"description": said}}
    envelope = {
        "type": "object",
        "required": ["data", "error"],
        "properties": {"data": {"$ref": named[view, "serialization"]}, "error": {"type": "null"}},
    }
    content = {"application/json": {"schema": envelope}}
    return {str(declaration.status): {"description": said, "content": content}}


def _refused(declaration: Declaration) -> dict[str, Any]:
    codes: dict[int, list[str]] = {}
    for refusal in _every(Refusal):
        if refusal.code not in codes.setdefault(refusal.status, []):
            codes[refusal.status].append(refusal.code)
    content = {"application/json": {"schema": {"$ref": REF.format(model="Error")}}}
    refused: dict[str, Any] = {
        str(status): {"description": ", ".join(found), "content": content}
        for status, found in sorted(codes.items())
    }
    for status in ("429", "503"):
        refused[status]["headers"] = {"Retry-After": WAIT}
    if limit := LIMITS.get(declaration.name):
        pace = f"{limit.burst} calls at once, then one each {limit.every.total_seconds():g} s"
        refused["429"]["description"] += f"; a caller has {pace}"
    return refused


def _every(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    for found in vars(refusals).values():
        if isinstance(found, type) and issubclass(found, refusal) and found is not refusal:
            yield found


def _error() -> dict[str, Any]:
    text = {"type": "string"}
    detail = {
        "type": "object",
        "required": ["field", "problem"],
        "properties": {"field": text, "problem": text},
    }
    error = {
        "type": "object",
        "required": ["code", "message", "requestId"],
        "properties": {
            "code": text,
            "message": text,
            "details": {"type": "array", "items": detail},
            "requestId": text,
        },
    }
    return {
        "type": "object",
        "required": ["data", "error"],
        "properties": {"data": {"type": "null"}, "error": error},
    }


def _title(doc: str) -> str:
    return doc.strip().partition("\n")[0]
