"""What the router model reads and writes: one renderer and one parser for serving and training.

Two codecs. *json* is the contract's object, minified, for any OpenAI-compatible engine. *compact*
is the same call in as few tokens as possible, for the small embedded model, whose latency is its
output tokens:

    new_releases | genres=indie rock | types=track; album | weeks=4

A compact answer starts with a space, as words after `>` do. The route comes first, fields follow in
the contract's order, ` | ` between fields, `; ` between values. Values never hold these separators
or line breaks: `clean_value` replaces them by spaces, in training targets and in grammars alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from router.call import Call, Facets, FusedCall, RouteCall
from router.errors import InvalidCall
from router.routes import POST_FUSION, ROUTES

Mode = Literal["pre", "post"]
Codec = Literal["compact", "json"]

FIELD_SEPARATOR = " | "
VALUE_SEPARATOR = "; "
CALL_SEPARATOR = "\n"
ANSWER = "\n>"  # no space at the end: tokenizers join it to the word that follows
EXAMPLE_END = "\n\n"

KEYS: dict[str, str] = {
    "query": "query",
    "artists": "artists",
    "titles": "titles",
    "entity_types": "types",
    "genres": "genres",
    "moods": "moods",
    "activities": "activities",
    "topics": "topics",
    "languages": "languages",
    "traits": "traits",
    "year_from": "from",
    "year_to": "to",
    "max_weeks_from_release": "weeks",
    "exclude": "not",
}
"""Contract fields to compact keys, in the contract's order."""

_FIELDS = {key: field for field, key in KEYS.items()}
_SINGLE = {"query", "year_from", "year_to", "max_weeks_from_release"}


@dataclass(frozen=True, slots=True)
class Example:
    """A query and the call that is right for it."""

    query: str
    call: RouteCall


def clean_value(text: str) -> str:
    """A value without separators: `|`, `;` and line breaks become spaces."""
    return " ".join(text.replace("|", " ").replace(";", " ").split())


def clean_query(query: str) -> str:
    """A normalised query as data: chat markers and separators lose their meaning."""
    return clean_value(query.replace("<", " ").replace(">", " "))


def render_call(call: Call, codec: Codec) -> str:
    """The text that a model should write for a call."""
    if codec == "json":
        return json.dumps(call.said(), ensure_ascii=False, separators=(",", ":"))
    if isinstance(call, FusedCall):
        return CALL_SEPARATOR.join(_compact(c.tool, c) for c in call.calls)
    return _compact(call.route, call)


def parse_call(text: str, codec: Codec, mode: Mode) -> Call:
    """The validated call in a model's answer. Raises `InvalidCall` and nothing else."""
    try:
        values = json.loads(text) if codec == "json" else _expanded(text, mode)
        return (RouteCall if mode == "pre" else FusedCall).model_validate(values)
    except (ValidationError, ValueError, RecursionError) as error:
        raise InvalidCall(f"The model wrote no valid call: {str(error)[:200]}") from error


def _compact(head: str, facets: Facets) -> str:
    said = facets.said()
    parts = [f"{key}={_text(said[field])}" for field, key in KEYS.items() if field in said]
    return " " + FIELD_SEPARATOR.join([head, *parts])


def _text(value: Any) -> str:
    if isinstance(value, list):
        return VALUE_SEPARATOR.join(clean_value(str(part)) for part in value)
    return clean_value(str(value))


def _expanded(text: str, mode: Mode) -> dict[str, Any]:
    lines = text.strip().split(CALL_SEPARATOR)
    if mode == "pre":
        return _expanded_line(lines[0], "route")
    return {"calls": [_expanded_line(line, "tool") for line in lines if line.strip()]}


def _expanded_line(line: str, head: str) -> dict[str, Any]:
    name, *parts = line.strip().split(FIELD_SEPARATOR)
    values: dict[str, Any] = {head: name.strip()}
    for part in parts:
        key, found, value = part.partition("=")
        if not found or key not in _FIELDS:
            raise ValueError(f"{part!r} is no field")
        field = _FIELDS[key]
        values[field] = value if field in _SINGLE else value.split(VALUE_SEPARATOR)
    return values


def instructions(codec: Codec, mode: Mode) -> str:
    """The fixed part of a prompted request: what the routes are and how a call is written."""
    names = ROUTES if mode == "pre" else POST_FUSION
    lines = ["Turn a music or podcast search query into one call."]
    if mode == "pre":
        lines += [f"{r.name}: {r.intent} ({r.cues})" for r in ROUTES.values()]
    else:
        lines += [f"{name}: {section.title}" for name, section in POST_FUSION.items()]
        lines.append("Write one to four calls, one a line.")
    if codec == "json":
        lines.append(f"Answer with JSON alone. Names: {', '.join(names)}.")
        lines.append(f"Fields, all optional: {', '.join(KEYS)}.")
    return "\n".join(lines) + EXAMPLE_END


def prompted(query: str, examples: Sequence[Example], codec: Codec, mode: Mode) -> str:
    """Instructions, examples, the query last: everything before the query can be cached."""
    shown = "".join(_shown(example, codec, mode) for example in examples)
    return instructions(codec, mode) + shown + tuned(query)


def tuned(query: str) -> str:
    """What a post-trained router reads: the query and a separator, nothing else."""
    return clean_query(query) + ANSWER


def _shown(example: Example, codec: Codec, mode: Mode) -> str:
    call: Call = example.call if mode == "pre" else fused(example.call)
    return tuned(example.query) + render_call(call, codec) + EXAMPLE_END


def fused(call: RouteCall) -> FusedCall:
    """The tool calls that post-fusion would list for what a route's bundle does."""
    facets = call.model_dump(exclude={"route"})
    tools = [s.tool for s in ROUTES[call.route].sections if s.tool in POST_FUSION]
    unique = list(dict.fromkeys(tools))[:4] or ["lexical"]
    return FusedCall.model_validate({"calls": [{"tool": tool, **facets} for tool in unique]})


def load_examples(lines: Iterable[str]) -> tuple[Example, ...]:
    """Examples from JSON lines of `{"query", "call"}`."""
    rows = [json.loads(line) for line in lines if line.strip()]
    return tuple(Example(row["query"], RouteCall.model_validate(row["call"])) for row in rows)


def prompt_hash(examples: Sequence[Example], codec: Codec) -> str:
    """Changes whenever any prompt could: part of the cache fingerprint."""
    text = "".join(prompted("", examples, codec, mode) for mode in ("pre", "post"))
    return hashlib.sha256(text.encode()).hexdigest()
