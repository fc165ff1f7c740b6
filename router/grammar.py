"""What the model may write: a JSON schema, and for llama.cpp a grammar made for each query.

In the compact grammar names, facets and exclusions must be spans of the query's words. A small
model then cannot invent or misspell a name. What no grammar says (the order of two years, the
length of a value) validation does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from router.call import MAX_POST_CALLS, FusedCall, RouteCall
from router.prompts import EXAMPLE_END, FIELD_SEPARATOR, KEYS, VALUE_SEPARATOR, Mode, clean_query
from router.routes import POST_FUSION, ROUTES
from tools.types import KINDS

MAX_WORDS = 40  # words of a query that values may be taken from
MOST_VALUES = 3
WEEKS = (1, 2, 4, 8, 13, 26, 52)
DECADES = tuple(range(1920, 2030, 10))
_YEAR = re.compile(r"\b(1[89]\d\d|20\d\d)\b")

NEGATIONS = frozenset(
    "no not without except but minus nothing never none non sin sans ohne kein keine keinen sem "
    "senza zonder uten utan bez без не кроме olmadan hariç なし 없이 不要 nix aucun aucune "
    "excluding skip exclude don't dont isn't".split()
)
ERAS = frozenset(
    "twenties thirties forties fifties sixties seventies eighties nineties noughties aughts decade "
    "century années años anni jahre".split()
)

SPAN_FIELDS = (
    "artists",
    "titles",
    "genres",
    "moods",
    "activities",
    "topics",
    "languages",
    "traits",
)


def json_schema(mode: Mode) -> dict[str, Any]:
    """The contract's object for engines that take a JSON schema. Shallow and bounded."""
    model = RouteCall if mode == "pre" else FusedCall
    schema = model.model_json_schema()
    definitions = schema.pop("$defs", {})
    inlined = _inline(schema, definitions)
    assert isinstance(inlined, dict)
    return inlined


def _inline(node: Any, definitions: Mapping[str, Any]) -> Any:
    """A copy without references, titles, defaults and null alternatives: absent is "not said"."""
    if isinstance(node, list):
        return [_inline(part, definitions) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inline(definitions[node["$ref"].rsplit("/", 1)[-1]], definitions)
    if "anyOf" in node:
        said = [part for part in node["anyOf"] if part.get("type") != "null"]
        return _inline(said[0], definitions)
    dropped = {"title", "default", "description"}
    kept = {key: value for key, value in node.items() if key not in dropped or key == "properties"}
    if "properties" in kept:
        kept["properties"] = {k: _inline(v, definitions) for k, v in kept["properties"].items()}
        return {k: v if k == "properties" else _inline(v, definitions) for k, v in kept.items()}
    return {key: _inline(value, definitions) for key, value in kept.items()}


def compact_grammar(query: str, mode: Mode) -> str:
    """GBNF of every compact call that this query allows.

    Size grows with the words of the query (a rule a word), not with its spans.
    """
    words = clean_query(query).split()[:MAX_WORDS]
    rules = [_root(mode), *_fields(words), *_spans(words)]
    return "\n".join(rules) + "\n"


def _root(mode: Mode) -> str:
    if mode == "pre":
        names = " | ".join(_quote(f" {name}") for name in ROUTES)
        return f"root ::= ({names}) fields {_quote(EXAMPLE_END)}"
    names = " | ".join(_quote(f" {name}") for name in POST_FUSION)
    more = f'("\\n" call){{0,{MAX_POST_CALLS - 1}}}'
    return f"root ::= call {more} {_quote(EXAMPLE_END)}\ncall ::= ({names}) fields"


def _fields(words: list[str]) -> list[str]:
    """One optional field after the other, in the contract's order."""
    values = {"entity_types": "kinds", "max_weeks_from_release": "weeks"}
    if words:
        values |= dict.fromkeys(SPAN_FIELDS, "spans")
    if NEGATIONS.intersection(words):
        values["exclude"] = "spans"
    if ERAS.intersection(words) or any(c.isdigit() for word in words for c in word):
        values |= {"year_from": "year", "year_to": "year"}
    order = [field for field in KEYS if field in values]
    optional = [f"({_quote(FIELD_SEPARATOR + KEYS[f] + '=')} {values[f]})?" for f in order]
    kinds = " | ".join(_quote(kind) for kind in KINDS)
    separator = _quote(VALUE_SEPARATOR)
    rules = [
        f"fields ::= {' '.join(optional)}",
        f"kinds ::= kind ({separator} kind){{0,{MOST_VALUES - 1}}}",
        f"kind ::= {kinds}",
        f"weeks ::= {' | '.join(_quote(str(weeks)) for weeks in WEEKS)}",
        f"year ::= {' | '.join(_quote(year) for year in _years(words))}",
    ]
    if words:
        rules.append(f"spans ::= span ({separator} span){{0,{MOST_VALUES - 1}}}")
    return rules


def _spans(words: list[str]) -> list[str]:
    """`span` is any run of words: rule w<i> is word i, alone or with what follows."""
    if not words:
        return []
    starts = " | ".join(f"w{i}" for i in range(len(words)))
    rules = [f"span ::= {starts}"]
    for i, word in enumerate(words):
        following = f' (" " w{i + 1})?' if i + 1 < len(words) else ""
        rules.append(f"w{i} ::= {_quote(word)}{following}")
    return rules


def _years(words: list[str]) -> list[str]:
    """Years in the query, the ends of decades, and a decade's name read as its years."""
    typed = [int(year) for year in _YEAR.findall(" ".join(words))]
    ends = [year for decade in DECADES for year in (decade, decade + 9)]
    return [str(year) for year in dict.fromkeys([*typed, *ends])]


def _quote(text: str) -> str:
    """A GBNF literal."""
    return json.dumps(text, ensure_ascii=False)


def grammar_hash() -> str:
    """Changes whenever any grammar or schema could: part of the cache fingerprint."""
    text = "".join(
        json.dumps(json_schema(mode), sort_keys=True) + compact_grammar("not b 1999", mode)
        for mode in ("pre", "post")
    )
    text += " ".join([str(MAX_WORDS), *sorted(NEGATIONS), *sorted(ERAS)])
    return hashlib.sha256(text.encode()).hexdigest()
