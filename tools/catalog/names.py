"""Names as people compare them: keys for identity, slugs for ids."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_REMASTER = re.compile(
    r"\s*[-–(\[]\s*(?:\d{4}\s+)?(?:digital(?:ly)?\s+)?re-?master(?:ed)?(?:\s+version)?(?:\s+\d{4})?\s*[)\]]?\s*$",
    re.IGNORECASE,
)
_FEATURED = re.compile(r"\s*[(\[]\s*(?:feat\.?|ft\.?|featuring|with)\s[^)\]]*[)\]]", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\W_]+", re.UNICODE)


def name_key(name: str) -> str:
    """The form in which two spellings of a name are equal.

    Case, accents on Latin, Greek and Cyrillic letters, punctuation and white space do not count;
    "&" and "and" are the same. Symbols-only names ("!!!") key to themselves, casefolded.
    """
    plain = unicodedata.normalize("NFKC", name).casefold().replace("&", " and ")
    folded = unicodedata.normalize("NFKD", plain).casefold()
    letters = "".join(c for c in folded if unicodedata.category(c) != "Mn")
    key = " ".join(_SEPARATORS.sub(" ", unicodedata.normalize("NFKC", letters)).split())
    return key or " ".join(name.casefold().split())


def recording_key(title: str) -> str:
    """`name_key` of a track title without remaster notes and guest credits: one per recording."""
    return name_key(_FEATURED.sub("", _REMASTER.sub("", title)) or title)


def slug(text: str) -> str:
    """An id part: words of `name_key` joined by hyphens; a short hash where no letter is left."""
    key = name_key(text)
    words = _SEPARATORS.sub("-", key).strip("-")[:80].strip("-")
    return words or short_hash(key)


def short_hash(text: str) -> str:
    """8 hexadecimal digits that depend on `text` alone."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
