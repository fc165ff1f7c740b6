"""The sentence that stands for an item in the embedding space."""

from __future__ import annotations

from tools.types import Item


def embedding_text(item: Item) -> str:
    """What a searcher might say to get this item: kind and facets first, then names.

    Of an artist only the name and the facets: titles of single songs would pull unrelated
    artists together.
    """
    kind = {"podcast": "podcast show", "episode": "podcast episode"}.get(item.kind, item.kind)
    by = f" by {', '.join(item.artists[:3])}" if item.artists and item.kind != "artist" else ""
    parts = [
        f"{item.title}{by}",
        f"{', '.join(item.genres)} {kind}".strip(),
        ", ".join(item.moods),
        ", ".join(item.topics),
        ", ".join(item.tags[:6]),
        ", ".join(language for language in item.languages if language != "english"),
        _decade(item),
        item.description or "",
    ]
    return ". ".join(part for part in parts if part)


def _decade(item: Item) -> str:
    return f"{item.release_date[:3]}0s" if item.release_date else ""
