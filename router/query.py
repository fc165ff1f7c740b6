"""The one normal form of a query: what the cache is keyed by and what the router model sees."""

from __future__ import annotations

import unicodedata

MAX_QUERY_CHARACTERS = 512


def normalise(text: str) -> str:
    """NFKC, case folding, control characters and runs of white space to one space, trimmed.

    Idempotent. The result may be empty. Follows Unicode's toNFKC_Casefold (UAX #31) in folding
    between two rounds of NFKC, since folding can denormalise.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    visible = "".join(" " if unicodedata.category(c) in {"Cc", "Cs"} else c for c in folded)
    return " ".join(visible.split())
