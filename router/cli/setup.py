"""`pfr setup`: models and the demo catalog, once."""

from __future__ import annotations

import typer
from rich.console import Console

from router.cli.progress import build_progress
from router.settings import Settings
from tools.catalog.build import build_catalog
from tools.catalog.demo.tables import demo_plan
from tools.catalog.versions import current_version
from tools.catalog.vocabulary import load_lexicon
from tools.embedder import OnnxEmbedder
from tools.errors import CatalogMissing
from tools.models import fetch_models


def setup(rebuild: bool = typer.Option(False, help="build the demo catalog anew")) -> None:
    """Fetch the models (about 200 MB, once) and build the demo catalog. Run it again any time."""
    settings = Settings()
    console = Console(stderr=True)
    fetch_models(settings.models, lambda line: console.print(f"[dim]model[/] {line}"))
    if settings.catalog or (not rebuild and _has_catalog(settings)):
        console.print(f"[dim]catalog[/] {settings.catalog_root}: there")
        return
    embedder = OnnxEmbedder(
        settings.embedder_model_path, settings.embedder_tokenizer_path, settings.llm_threads
    )
    with build_progress(console) as progress, demo_plan(settings.catalog_root) as plan:
        manifest = build_catalog(plan, embedder, load_lexicon(), progress)
    rows = sum(manifest.rows.values())
    console.print(f"[dim]catalog[/] {rows} items as of {manifest.snapshot_date}")


def _has_catalog(settings: Settings) -> bool:
    try:
        return bool(current_version(settings.catalog_root))
    except CatalogMissing:
        return False
