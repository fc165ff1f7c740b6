"""Every concrete object of a running service, built in one place and closed in one place."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from router.cache import RouteCache, fingerprint
from router.examples import SHOWN, NearestExamples, shipped_examples
from router.grammar import grammar_hash
from router.graph import FanOut
from router.llama import EmbeddedServer, Endpoint, EngineOptions
from router.llm import LLMRouter
from router.prompts import prompt_hash
from router.routing import Routing
from router.search import Search
from router.settings import Settings
from tools.artist_catalog import ArtistCatalog
from tools.catalog.serving import ServingCatalog
from tools.catalog.vocabulary import load_lexicon
from tools.embedder import Embedder, OnnxEmbedder
from tools.fused import FusedSearch
from tools.known_item import KnownItem
from tools.lexical import CatalogSource, LexicalSearch
from tools.new_releases import NewReleases
from tools.playlist.candidates import SemanticPlaylist
from tools.recommendations import Recommendations
from tools.semantic import SemanticSearch
from tools.similar_artists import SimilarArtists
from tools.threaded import ThreadedTool
from tools.types import TALK, Tool
from tools.types import Search as ToolSearch

REFRESH_S = 2.0


@dataclass(frozen=True, slots=True)
class Services:
    """What the handlers and commands use."""

    settings: Settings
    search: Search
    catalog: ServingCatalog
    cache: RouteCache
    model: LLMRouter


def tool_table(catalog: CatalogSource, embedder: Embedder, pool: Executor) -> Mapping[str, Tool]:
    """Every tool that a route can name. Adding a tool is one line here."""
    searches: dict[str, ToolSearch] = {
        "lexical": LexicalSearch(catalog),
        "semantic": SemanticSearch(catalog, embedder),
        "known_item": KnownItem(catalog),
        "artist_catalog": ArtistCatalog(catalog),
        "similar_artists": SimilarArtists(catalog, embedder),
        "recommendations": Recommendations(catalog, embedder),
        "new_releases": NewReleases(catalog),
        "podcasts": FusedSearch(catalog, embedder, TALK),
        "editorial_playlists": FusedSearch(catalog, embedder, ("playlist",)),
        "playlist": SemanticPlaylist(catalog, embedder),
        "assistant": FusedSearch(catalog, embedder),
    }
    return {name: ThreadedTool(name, search, pool) for name, search in searches.items()}


def bound_threads() -> None:
    """One thread for each BLAS and OpenMP pool: call before numpy or FAISS is first used.

    Two FAISS threads on two busy cores are eight times slower than one.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("LANGSMITH_TRACING", "false")


def engine_options(settings: Settings) -> EngineOptions:
    return EngineOptions(
        settings.router_model_path,
        settings.router_adapter,
        settings.llm_threads,
        settings.llm_slots,
        2048 * settings.llm_slots,
    )


@asynccontextmanager
async def services(settings: Settings) -> AsyncIterator[Services]:
    """A whole service. Starts an LLM server of its own unless a setting names one.

    Raises `ToolError` or `RouterError` with one sentence where it cannot be built.
    """
    async with AsyncExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(settings.tool_threads, "tools"))
        embedder = await asyncio.to_thread(
            OnnxEmbedder, settings.embedder_model_path, settings.embedder_tokenizer_path
        )
        catalog = await asyncio.to_thread(
            ServingCatalog, settings.catalog_root, load_lexicon(), embedder.id
        )
        endpoint = await _endpoint(settings, stack)
        model, mark = await asyncio.to_thread(_model, settings, endpoint, embedder)
        stack.push_async_callback(model.close)
        await model.canary()
        settings.home.mkdir(parents=True, exist_ok=True)
        cache = RouteCache(settings.cache_folder, pool)
        stack.callback(cache.close)
        routing = Routing(model, cache, mark, embedder, pool, catalog)
        search = Search(
            routing,
            FanOut(tool_table(catalog, embedder, pool)),
            catalog,
            settings.confidence_threshold,
            settings.tool_share,
        )
        watching = asyncio.create_task(_refreshing(catalog))
        stack.callback(watching.cancel)
        yield Services(settings, search, catalog, cache, model)


async def _endpoint(settings: Settings, stack: AsyncExitStack) -> Endpoint:
    if settings.llm_base_url:
        return Endpoint(settings.llm_base_url, settings.llm_api_key)
    server = EmbeddedServer(engine_options(settings))
    stack.callback(server.stop)
    return await asyncio.to_thread(server.start)


def _model(settings: Settings, endpoint: Endpoint, embedder: Embedder) -> tuple[LLMRouter, str]:
    """The router model, and the fingerprint of all that its decisions depend on."""
    # A tuned model is shown no examples: embedding them would cost five seconds for nothing.
    shipped = shipped_examples() if settings.llm_prompt == "prompted" else ()
    examples = NearestExamples(shipped, embedder)
    model = LLMRouter(endpoint, settings.llm_model, settings.codec, settings.llm_prompt, examples)
    mark = fingerprint(
        weights_mark(settings),
        _file_hash(settings.router_adapter) if settings.router_adapter else "no adapter",
        prompt_hash(shipped, settings.codec),
        grammar_hash(),
        f"{settings.llm_prompt} {SHOWN}",
        embedder.id,
    )
    return model, mark


def weights_mark(settings: Settings) -> str:
    """The model file's hash; of a server that is not ours, its address and the model's name.

    Our own server's port changes at every start and says nothing of the weights.
    """
    if settings.external_llm:
        return f"{settings.llm_base_url} {settings.llm_model}"
    return _file_hash(settings.router_model_path)


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def _refreshing(catalog: ServingCatalog) -> None:
    while True:
        await asyncio.sleep(REFRESH_S)
        await asyncio.to_thread(catalog.refresh)
