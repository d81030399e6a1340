import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.entrypoints.http.public import public_document
from workspace import ROOT

DOCUMENT = public_document()


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def resolved(reference: str) -> Any:
    node: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node


def test_the_committed_document_is_the_one_that_is_served() -> None:
    committed = json.loads((ROOT / "docs" / "openapi" / "gateway.json").read_text())
    assert committed == json.loads(json.dumps(DOCUMENT)), "run `make contracts`"


def test_every_operation_has_a_name_of_its_own() -> None:
    names = Counter(operation["operationId"] for _, operation in operations())
    assert [name for name, count in names.items() if count > 1 or not name.isidentifier()] == []


def test_every_operation_belongs_to_a_part_that_is_described() -> None:
    described = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    assert {tag for _, operation in operations() for tag in operation["tags"]} == described


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        assert resolved(reference), reference


def test_everything_that_is_declared_is_used() -> None:
    used = set(references(DOCUMENT))
    for kind in ("schemas", "responses"):
        declared = {f"#/components/{kind}/{name}" for name in DOCUMENT["components"][kind]}
        assert declared <= used


def test_every_error_is_a_problem_document() -> None:
    for place, operation in operations():
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                content = resolved(answer["$ref"])["content"]
                assert list(content) == ["application/problem+json"], f"{place} {status}"


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("POST /api/v1/accounts", {"201", "202", "401", "403", "409", "413", "422", "429", "503"}),
        ("PATCH /api/v1/products/{product_id}", {"200", "202", "404", "412", "428"}),
        ("DELETE /api/v1/documents/{document_id}", {"202", "204", "404", "412", "428"}),
        ("GET /api/v1/operations", {"200", "400", "401", "429", "503"}),
        ("GET /api/v1/orders/{order_id}", {"200", "401", "404", "429", "503"}),
        ("POST /api/v1/auth/login", {"200", "422", "429", "503"}),
        ("PATCH /api/v1/accounts/{account_id}", {"200", "202", "403", "404", "412", "428"}),
        ("POST /api/v1/transactions/{transaction_id}/refund", {"201", "202", "404", "409", "422"}),
        ("GET /api/v1/accounts/{account_id}/statement", {"200", "400", "401", "404"}),
    ],
)
def test_an_operation_declares_how_it_can_end(place: str, wanted: set[str]) -> None:
    assert wanted <= set(dict(operations())[place]["responses"])


def test_a_read_promises_no_answer_that_only_writes_give() -> None:
    for place, operation in operations():
        if place.startswith("GET "):
            assert not {"202", "409", "412", "422", "428"} & set(operation["responses"]), place


def test_every_operation_that_needs_a_token_says_so() -> None:
    open_to_all = {place for place, operation in operations() if "security" not in operation}
    assert open_to_all == {
        "GET /api/v1/.well-known/jwks.json",
        "GET /api/v1/products",
        "GET /api/v1/products/{product_id}",
        "POST /api/v1/auth/anonymous",
        "POST /api/v1/auth/login",
        "POST /api/v1/auth/refresh",
        "POST /api/v1/auth/register",
    }
    schemes = DOCUMENT["components"]["securitySchemes"].values()
    assert [(scheme["type"], scheme["scheme"]) for scheme in schemes] == [("http", "bearer")]


def test_every_list_takes_a_limit_and_a_cursor() -> None:
    lists = 0
    for place, operation in operations():
        schema = resolved_schema(operation)
        if {"items", "next"} <= set(schema.get("properties", ())):
            lists += 1
            names = [parameter["name"] for parameter in operation["parameters"]]
            assert names.count("limit") == names.count("after") == 1, place
    assert lists > 5


def test_a_statement_comes_in_two_formats() -> None:
    read = DOCUMENT["paths"]["/api/v1/accounts/{account_id}/statement"]["get"]
    assert set(read["responses"]["200"]["content"]) == {"application/json", "text/csv"}


def resolved_schema(operation: dict[str, Any]) -> dict[str, Any]:
    content = operation["responses"].get("200", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref")
    schema: dict[str, Any] = resolved(reference) if reference else {}
    return schema
