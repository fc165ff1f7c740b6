"""Moods and traits from audio features, for catalogs that carry them.

Features are Spotify's (each 0 to 1, tempo in beats a minute). Valence and energy are the two
axes of Russell's circumplex model of affect (1980); the quadrants name the moods. The thresholds
are ours: chosen so that each mood covers roughly 5-20% of a mainstream catalog of 32k tracks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Features = Mapping[str, float]

FEATURES = (
    "danceability",
    "energy",
    "valence",
    "acousticness",
    "instrumentalness",
    "speechiness",
    "tempo",
)

MOOD_RULES: tuple[tuple[str, Callable[[Features], bool]], ...] = (
    ("happy", lambda f: f["valence"] > 0.7 and f["energy"] > 0.5),
    ("energetic", lambda f: f["energy"] > 0.8 and f["tempo"] > 110),
    ("party", lambda f: f["danceability"] > 0.75 and f["energy"] > 0.65),
    ("groovy", lambda f: f["danceability"] > 0.8 and f["valence"] > 0.6),
    ("calm", lambda f: f["energy"] < 0.35 and f["speechiness"] < 0.1),
    ("melancholic", lambda f: f["valence"] < 0.3 and f["energy"] < 0.45),
    ("chill", lambda f: 0.2 < f["energy"] < 0.55 and f["danceability"] > 0.6),
    ("intense", lambda f: f["energy"] > 0.85 and f["valence"] < 0.4),
    ("dark", lambda f: f["valence"] < 0.2 and f["energy"] > 0.6),
    ("romantic", lambda f: f["acousticness"] > 0.5 and 0.3 < f["valence"] < 0.7),
)

TRAIT_RULES: tuple[tuple[str, Callable[[Features], bool]], ...] = (
    ("instrumental", lambda f: f["instrumentalness"] > 0.7),
    ("acoustic", lambda f: f["acousticness"] > 0.75),
    ("danceable", lambda f: f["danceability"] > 0.8),
    ("fast", lambda f: f["tempo"] > 150),
    ("slow", lambda f: f["tempo"] < 80),
    ("spoken word", lambda f: f["speechiness"] > 0.5),
)


def moods_of(features: Features) -> tuple[str, ...]:
    """The moods whose rule holds, in the table's order."""
    return tuple(mood for mood, holds in MOOD_RULES if holds(features))


def traits_of(features: Features) -> tuple[str, ...]:
    """The musical traits whose rule holds, in the table's order."""
    return tuple(trait for trait, holds in TRAIT_RULES if holds(features))
