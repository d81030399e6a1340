"""Whether two versions of a topic can be read by each other's readers.

During an upgrade old and new programs share the topics, and a log or an outbox may hold what a
version before wrote. So both directions count: today's readers read what a released version wrote,
and its readers read what is written today.

What a reader is known to do:

- a member that it doesn't know, it ignores;
- an event of a type that it doesn't know, it skips; a command of such a type ends as *failed*, and
  nothing is lost;
- a message of a type that it does know must be valid, or it becomes a dead letter.

So these changes are fine: a new message type; a new member with a default; other titles,
descriptions and examples. These are not, and need a new topic version (or a new message type):

- a message type or a member removed, which is also what a renamed one looks like;
- a member added without a default; one that became required, or that may now be left out;
- another default, for whoever leaves the member out would say something else;
- another kind of value, or more or fewer of them (`enum`, `const`, `anyOf`): narrowed, today's
  reader refuses what was written; widened, the released reader refuses what is;
- another limit, either way, for the same reason; another `pattern` or `format`, which can't be
  compared and so must stay;
- another member that tells the message types apart.

The schemas are those that Pydantic writes for `contracts.registry.UNIONS` (JSON Schema 2020-12,
`$ref` into `$defs`).
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]

_UPPER: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LOWER: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_LIMITS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    **dict.fromkeys(_UPPER, operator.le),
    **dict.fromkeys(_LOWER, operator.ge),
}
_EXACT: Final = ("pattern", "format", "uniqueItems", "multipleOf")
_SAID_IN_WORDS: Final = {"title", "description", "examples", "deprecated"}
_UNDERSTOOD: Final = {
    *_LIMITS, *_EXACT, *_SAID_IN_WORDS, "$defs", "$ref", "$schema", "additionalProperties", "anyOf",
    "const", "default", "enum", "items", "oneOf", "properties", "required", "type",
}  # fmt: skip
_NONE: Final = object()


def incompatibilities(released: Schema, today: Schema) -> list[str]:
    """What keeps the readers of one version from reading the other, a sentence each.

    Both are the schemas of one topic. Empty: they understand each other.
    """
    if _told_apart_by(released) != _told_apart_by(today):
        return ["the member that tells the message types apart is another one"]
    old, new = _messages(released), _messages(today)
    found = [f"{name}: the message type is gone" for name in old if name not in new]
    for name in (name for name in old if name in new):
        then, now = _Node(released, old[name], name), _Node(today, new[name], name)
        found += [f"{line} (today's readers, yesterday's message)" for line in _refused(then, now)]
        found += [f"{line} (yesterday's readers, today's message)" for line in _refused(now, then)]
        found += _differences(then, now)
    return list(dict.fromkeys(found))


@dataclass(frozen=True)
class _Node:
    """A schema inside a document, with its references resolved, and where it stands."""

    document: Schema
    schema: Schema
    path: str

    @property
    def resolved(self) -> Schema:
        schema = self.schema
        while reference := schema.get("$ref"):
            schema = self.document["$defs"][reference.removeprefix("#/$defs/")]
        return schema

    def at(self, schema: Schema, step: str = "") -> "_Node":
        return _Node(self.document, schema, f"{self.path}{step}")

    def members(self) -> dict[str, "_Node"]:
        properties = self.resolved.get("properties", {})
        return {name: self.at(schema, f".{name}") for name, schema in properties.items()}

    def choices(self) -> list["_Node"]:
        """The schemas of which a value has one; the schema itself when it offers no choice."""
        schema = self.resolved
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return [choice for part in schema[keyword] for choice in self.at(part).choices()]
        return [self]


def _messages(document: Schema) -> dict[str, Schema]:
    """The schemas of a topic's messages by their type."""
    found = [node.resolved for node in _Node(document, document, "").choices()]
    return {schema["properties"]["type"]["const"]: schema for schema in found}


def _told_apart_by(document: Schema) -> str:
    discriminator: Schema = document.get("discriminator", {})
    return str(discriminator.get("propertyName", "type"))


def _refused(written: _Node, reader: _Node) -> Iterator[str]:
    """Why `reader` may refuse a value that `written` allows."""
    options = reader.choices()
    for choice in written.choices():
        reasons = [list(_refused_by(choice, option)) for option in options]
        if all(reasons):
            # With several options the nearest one tells most: the one with the fewest objections.
            yield from _shortest(reasons)


def _refused_by(written: _Node, reader: _Node) -> Iterator[str]:
    mine, theirs, path = reader.resolved, written.resolved, reader.path
    if not _kinds_within(theirs, mine):
        yield f"{path}: a value of kind {_kind(theirs)} where {_kind(mine)} is read"
        return
    if (allowed := _values(mine)) is not None:
        sent = _values(theirs)
        unknown = ["any"] if sent is None else [value for value in sent if value not in allowed]
        if unknown:
            yield f"{path}: the values {unknown} are not read"
    for keyword, is_within in _LIMITS.items():
        if keyword in mine and (
            keyword not in theirs or not is_within(theirs[keyword], mine[keyword])
        ):
            yield f"{path}: {keyword} is {mine[keyword]}, and {theirs.get(keyword)} is written"
    for keyword in _EXACT:
        if keyword in mine and mine[keyword] != theirs.get(keyword):
            yield f"{path}: {keyword} is another"
    yield from _refused_members(written, reader)
    if "items" in mine:
        inner = written.at(theirs.get("items", {}), "[]")
        yield from _refused(inner, reader.at(mine["items"], "[]"))


def _refused_members(written: _Node, reader: _Node) -> Iterator[str]:
    sent, read = written.members(), reader.members()
    surely_sent = written.resolved.get("required", ())
    for name in reader.resolved.get("required", ()):
        if name not in surely_sent:
            yield f"{reader.path}.{name}: required, and may be missing"
    for name in read:
        if name in sent:
            yield from _refused(sent[name], read[name])
    extra = reader.resolved.get("additionalProperties", True)
    if extra is False:
        unknown = sent.keys() - read.keys()
        yield from (f"{reader.path}.{name}: unknown members are refused" for name in unknown)
    elif isinstance(extra, Mapping):
        yield from _refused(
            written.at(_schema(written.resolved.get("additionalProperties", True)), "{}"),
            reader.at(extra, "{}"),
        )


def _differences(then: _Node, now: _Node) -> list[str]:
    """What nobody would refuse, and yet means something else; however deep."""
    found: list[str] = []
    for old in then.choices():
        alike = [new for new in now.choices() if _kinds_within(old.resolved, new.resolved)]
        candidates = [list(_differences_between(old, new)) for new in alike]
        found += _shortest(candidates)
    return found


def _differences_between(then: _Node, now: _Node) -> Iterator[str]:
    old, new, members = then.resolved, now.resolved, now.members()
    for keyword in sorted((old.keys() | new.keys()) - _UNDERSTOOD):
        if old.get(keyword) != new.get(keyword):
            yield f"{then.path}: {keyword} has changed, and no rule compares it"
    for name, member in then.members().items():
        if name not in members:
            yield f"{member.path}: the member is gone"
            continue
        defaults = [node.schema.get("default", _NONE) for node in (member, members[name])]
        if _NONE not in defaults and defaults[0] != defaults[1]:
            yield f"{member.path}: the default was {defaults[0]!r} and is {defaults[1]!r}"
        yield from _differences(member, members[name])
    if "items" in old and "items" in new:
        yield from _differences(then.at(old["items"], "[]"), now.at(new["items"], "[]"))


def _shortest(lists: list[list[str]]) -> list[str]:
    ordered = sorted(lists, key=len)
    return ordered[0] if ordered else []


def _kinds_within(written: Schema, reader: Schema) -> bool:
    kind, wanted = _kind(written), _kind(reader)
    return wanted in {kind, "anything"} or (kind, wanted) == ("integer", "number")


def _kind(schema: Schema) -> str:
    return str(schema.get("type", "anything"))


def _values(schema: Schema) -> list[Any] | None:
    """The values that are listed; None: they are not."""
    if "const" in schema:
        return [schema["const"]]
    listed: list[Any] | None = schema.get("enum")
    return listed


def _schema(value: object) -> Schema:
    """A schema that is true or false, as a mapping."""
    return value if isinstance(value, Mapping) else {}
