"""Shared fixtures: a small catalog, the real models where they are set up, the demo catalog."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from router.services import bound_threads
from router.settings import Settings
from tests.fakes import WordEmbedder
from tools.catalog.build import Plan, Source, build_catalog
from tools.catalog.catalog import Catalog
from tools.catalog.versions import open_catalog
from tools.catalog.vocabulary import Lexicon, load_lexicon
from tools.types import Listener

bound_threads()

HOSTILE = "<img src=x onerror=alert(1)>"
_TABLE = f"""
Creep|Radiohead|Pablo Honey|1993-02-22|alternative rock|sad|90|english
Karma Police|Radiohead|OK Computer|1997-05-21|art rock|dark|80|english
No Surprises|Radiohead|OK Computer|1997-05-21|art rock|calm|82|english
Yellow|Coldplay|Parachutes|2000-07-10|alternative rock|romantic|88|english
Clocks|Coldplay|A Rush of Blood|2002-08-26|alternative rock|epic|85|english
Everlong|Foo Fighters|The Colour|1997-05-20|hard rock|energetic|84|english
Dákiti|Bad Bunny|El Último Tour|2020-11-27|reggaeton|party|92|spanish
Fresh Start|The Newcomers|Day One|2025-06-20|indie rock|happy|40|english
Second Wind|The Newcomers|Day One|2025-06-20|indie rock|happy|35|english
Older Sun|The Newcomers|Day Zero|2025-04-11|indie rock|happy|30|english
{HOSTILE}|<b>Hostile</b>|Markup|2010|pop|dark|10|english
"""
_COLUMNS = (
    "title",
    "artists",
    "album",
    "release_date",
    "genres",
    "moods",
    "popularity",
    "languages",
)
TRACKS: list[dict[str, Any]] = [
    dict(zip(_COLUMNS, line.split("|"), strict=True)) for line in _TABLE.strip().splitlines()
]
PODCASTS = [
    {"title": "English for Beginners", "topics": ["learning english"], "languages": ["spanish"]},
    {"title": "Roman Roads", "topics": ["history"], "languages": ["english"], "popularity": 50},
]


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def quiet(stage: str, done: int, total: int | None) -> None:
    """Progress that nobody watches."""


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return load_lexicon()


@pytest.fixture(scope="session")
def small_root(tmp_path_factory: pytest.TempPathFactory, lexicon: Lexicon) -> Path:
    folder = tmp_path_factory.mktemp("small")
    plan = Plan(
        (
            Source("tracks", write_lines(folder / "tracks.jsonl", TRACKS)),
            Source("podcasts", write_lines(folder / "podcasts.jsonl", PODCASTS)),
        ),
        folder / "catalog",
        listeners=(Listener("ann", "Ann", "Likes guitars.", ("The Newcomers",), ("Bad Bunny",)),),
    )
    build_catalog(plan, WordEmbedder(), lexicon, quiet)
    return plan.root


@pytest.fixture(scope="session")
def catalog(small_root: Path, lexicon: Lexicon) -> Catalog:
    return open_catalog(small_root, lexicon, WordEmbedder.id)


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(4) as executor:
        yield executor


@pytest.fixture(scope="session")
def real() -> Settings:
    """Settings whose models and demo catalog exist, or a named skip."""
    settings = Settings()
    for path in (settings.router_model_path, settings.embedder_model_path, settings.catalog_root):
        if not path.exists():
            pytest.skip(f"{path} is absent: run `pfr setup`")
    return settings
