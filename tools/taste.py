"""What a listener's likes say about an item, by its credits and genres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from tools.catalog.catalog import Catalog
from tools.catalog.names import name_key
from tools.types import Item, Listener


@dataclass(frozen=True, slots=True)
class Taste:
    """Liked and disliked artists by `name_key`, and the share of liked artists in each genre."""

    liked: frozenset[str] = frozenset()
    disliked: frozenset[str] = frozenset()
    genres: Mapping[str, float] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.liked or self.disliked)

    def liking(self, item: Item) -> float:
        """-1 for a disliked artist, 1 for a liked one, else the best share of its genres."""
        artists = {name_key(artist) for artist in item.artists}
        if artists & self.disliked:
            return -1.0
        if artists & self.liked:
            return 1.0
        return max((self.genres.get(genre, 0.0) for genre in item.genres), default=0.0)

    def reason(self, item: Item) -> str:
        """Why the listener may like it; empty where taste says nothing."""
        if {name_key(artist) for artist in item.artists} & self.liked:
            return "by an artist you like"
        genre = max(item.genres, key=lambda g: self.genres.get(g, 0.0), default="")
        return f"you listen to {genre}" if self.genres.get(genre, 0.0) >= 0.2 else ""


def taste_of(catalog: Catalog, listener: Listener | None) -> Taste:
    """The taste of a listener by the catalog's genres; an empty one for nobody."""
    if listener is None:
        return Taste()
    rows = [catalog.lexical.named(name, ("artist",), 1) for name in listener.liked_artists]
    genres = Counter(genre for found in rows for m in found for genre in catalog.item(m.row).genres)
    known = sum(1 for found in rows if found)
    return Taste(
        liked=frozenset(map(name_key, listener.liked_artists)),
        disliked=frozenset(map(name_key, listener.disliked_artists)),
        genres={genre: count / known for genre, count in genres.items()},
    )
