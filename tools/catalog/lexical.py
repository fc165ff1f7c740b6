"""Words to rows: BM25 with typo tolerance over names, credits and tags (tantivy)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tantivy

from tools.catalog.names import name_key, recording_key
from tools.errors import CatalogDamaged
from tools.types import Item, Kind

TITLE_BOOST = 3.0
ARTIST_BOOST = 2.0
TAG_BOOST = 1.0
WHOLE_NAME_BOOST = 12.0
ARTIST_BONUS = 0.3  # among equals the artist comes before the artist's works
FUZZY_SCORE = 1.2  # below any BM25 score of a rare exact word, above that of a stop word
MAX_WORDS = 24
HEAP_BYTES = 64_000_000

# tantivy multiplies by log2(2 + weight): 30 to 130 gives 5.0 to 7.04, so that fame breaks near
# ties (a factor of at most 1.4) and never outranks a better match.
LEAST_WEIGHT = 30


@dataclass(frozen=True, slots=True)
class Match:
    """A row and its score; scores compare within one search."""

    row: int
    score: float


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("title", "artists", "tags"):
        builder.add_text_field(name, tokenizer_name="default", index_option="freq")
    for name in ("id", "parent", "kind", "name", "credit", "credited_name"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("row", fast=True)
    builder.add_unsigned_field("weight", fast=True)
    return builder.build()


class LexicalWriter:
    """Adds items in row order; `close` commits them as one segment."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        # One thread and one segment: equal input gives equal order of equal scores.
        self._index = tantivy.Index(_schema(), path=str(folder))
        self._writer = self._index.writer(HEAP_BYTES, 1)

    def add(self, row: int, item: Item) -> None:
        document = tantivy.Document()
        document.add_unsigned("row", row)
        document.add_unsigned("weight", LEAST_WEIGHT + item.popularity)
        document.add_text("id", item.id)
        document.add_text("kind", item.kind)
        if item.parent_id:
            document.add_text("parent", item.parent_id)
        document.add_text("title", name_key(item.title))
        for key in {name_key(item.title), recording_key(item.title)}:
            document.add_text("name", key)
            for artist in item.artists:
                document.add_text("credited_name", f"{key}\n{name_key(artist)}")
        for artist in item.artists:
            document.add_text("artists", name_key(artist))
            document.add_text("credit", name_key(artist))
        for tag in (*item.genres, *item.moods, *item.topics, *item.tags, *item.languages):
            document.add_text("tags", name_key(tag))
        if item.description:
            document.add_text("tags", name_key(item.description))
        self._writer.add_document(document)

    def close(self) -> None:
        self._writer.commit()
        self._writer.wait_merging_threads()


class LexicalIndex:
    """An opened index. Blocking; searches may run in several threads at once."""

    def __init__(self, folder: Path) -> None:
        try:
            self._index = tantivy.Index.open(str(folder))
        except ValueError as error:
            message = f"{folder} is no lexical index: build the catalog again."
            raise CatalogDamaged(message) from error
        self._schema = self._index.schema
        self._searcher = self._index.searcher()

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def search(
        self, text: str, limit: int, kinds: Sequence[Kind] = (), *, all_words: bool = False
    ) -> list[Match]:
        """The best matches of the words of `text`, each word misspelt or not.

        `all_words` asks for items that match every word. Order: score, then row.
        """
        words = name_key(text).split()[:MAX_WORDS]
        if not words or limit < 1:
            return []
        occur = tantivy.Occur.Must if all_words else tantivy.Occur.Should
        clauses = [(occur, self._word(word)) for word in words]
        whole = tantivy.Query.boost_query(self._term("name", " ".join(words)), WHOLE_NAME_BOOST)
        matched = tantivy.Query.boolean_query([*clauses, (tantivy.Occur.Should, whole)])
        artist = tantivy.Query.const_score_query(self._term("kind", "artist"), ARTIST_BONUS)
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, matched), (tantivy.Occur.Should, artist)]
        )
        return self._run(self._of_kinds(query, kinds), limit)

    def named(self, name: str, kinds: Sequence[Kind] = (), limit: int = 50) -> list[Match]:
        """Items whose whole title is `name`, by `name_key` or `recording_key`."""
        query = self._term("name", name_key(name))
        return self._run(self._of_kinds(query, kinds), limit)

    def named_by(
        self, title: str, artist: str, kinds: Sequence[Kind] = (), limit: int = 50
    ) -> list[Match]:
        """Items whose whole title is `title` and one of whose artists is `artist`."""
        query = self._term("credited_name", f"{name_key(title)}\n{name_key(artist)}")
        return self._run(self._of_kinds(query, kinds), limit)

    def credited(self, artist: str, kinds: Sequence[Kind] = (), limit: int = 1000) -> list[Match]:
        """Items credited to exactly this artist."""
        query = self._term("credit", name_key(artist))
        return self._run(self._of_kinds(query, kinds), limit)

    def row(self, item_id: str) -> int | None:
        """The row of an item, or None where the catalog has no such id."""
        found = self._run(self._term("id", item_id), 1)
        return found[0].row if found else None

    def children(self, parent_id: str, limit: int = 200) -> list[Match]:
        """Tracks of an album, episodes of a show."""
        return self._run(self._term("parent", parent_id), limit)

    def containing(self, words: str, limit: int) -> list[Match]:
        """Items that hold every word of `words`, exactly as spelt, in any field."""
        fields = ("title", "artists", "tags")
        clauses = [
            (
                tantivy.Occur.Must,
                tantivy.Query.disjunction_max_query([self._term(f, word) for f in fields]),
            )
            for word in name_key(words).split()[:MAX_WORDS]
        ]
        return self._run(tantivy.Query.boolean_query(clauses), limit) if clauses else []

    def artist_like(self, name: str, limit: int = 5) -> list[Match]:
        """Artists whose name has every word of `name`, misspelt or not."""
        return self.search(name, limit, ("artist",), all_words=True)

    def _term(self, field: str, value: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, field, value)

    def _word(self, word: str) -> tantivy.Query:
        exact = [
            tantivy.Query.boost_query(self._term(field, word), boost)
            for field, boost in (
                ("title", TITLE_BOOST),
                ("artists", ARTIST_BOOST),
                ("tags", TAG_BOOST),
            )
        ]
        distance = 0 if len(word) < 4 else 1 if len(word) < 8 else 2
        if not distance:
            return tantivy.Query.disjunction_max_query(exact)
        misspelt = [
            tantivy.Query.boost_query(
                tantivy.Query.fuzzy_term_query(self._schema, field, word, distance), FUZZY_SCORE
            )
            for field in ("title", "artists")
        ]
        return tantivy.Query.disjunction_max_query([*exact, *misspelt])

    def _of_kinds(self, query: tantivy.Query, kinds: Sequence[Kind]) -> tantivy.Query:
        if not kinds:
            return query
        kind = tantivy.Query.term_set_query(self._schema, "kind", list(kinds))
        only = tantivy.Query.const_score_query(kind, 0.0)
        must = tantivy.Occur.Must
        return tantivy.Query.boolean_query([(must, query), (must, only)])

    def _run(self, query: tantivy.Query, limit: int) -> list[Match]:
        hits = self._searcher.search(query, limit, count=False, weight_by_field="weight").hits
        rows = self._searcher.fast_field_values("row", [address for _, address in hits])
        found = [
            Match(int(row or 0), float(score)) for row, (score, _) in zip(rows, hits, strict=True)
        ]
        return sorted(found, key=lambda match: (-match.score, match.row))
