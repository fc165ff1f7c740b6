"""`pfr catalog`: build a catalog from files, and look at one."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from router.cli.progress import build_progress
from router.settings import Settings
from tools.catalog.build import Plan, Source, build_catalog
from tools.catalog.records import TABLES, TableName
from tools.catalog.schema import REJECTED_FILE, Manifest
from tools.catalog.versions import current_version, read_manifest, version_folder
from tools.catalog.vocabulary import load_lexicon
from tools.embedder import OnnxEmbedder
from tools.errors import BuildError

app = typer.Typer(help="The catalog that is searched.", no_args_is_help=True)

_FILES = typer.Option(None, help="CSV, TSV, JSONL or Parquet; may be given again")


@app.command()
def build(
    tracks: list[Path] | None = _FILES,
    podcasts: list[Path] | None = _FILES,
    episodes: list[Path] | None = _FILES,
    playlists: list[Path] | None = _FILES,
    mapping: list[str] | None = typer.Option(
        None, "--map", help="[TABLE.]FIELD=COLUMN[,COLUMN], where names differ"
    ),
    out: Path | None = typer.Option(None, help="catalog folder; default PFR_CATALOG"),
    snapshot: str | None = typer.Option(
        None, help="day from which recency is counted; default the newest release"
    ),
    max_rejected: float = typer.Option(
        0.05, min=0, max=1, help="share of bad rows in a file that stops the build"
    ),
) -> None:
    """Build a new version; the old one serves until the last step, and for ever if this fails."""
    settings = Settings()
    files: dict[TableName, list[Path] | None] = {
        "tracks": tracks,
        "podcasts": podcasts,
        "episodes": episodes,
        "playlists": playlists,
    }
    sources = tuple(
        Source(table, path, _mapping(table, mapping or []))
        for table, paths in files.items()
        for path in paths or ()
    )
    if not sources:
        raise BuildError("Nothing to build from: give --tracks FILE or --podcasts FILE.")
    root = out or settings.catalog_root
    plan = Plan(sources, root, _day(snapshot), max_rejected)
    embedder = OnnxEmbedder(
        settings.embedder_model_path, settings.embedder_tokenizer_path, settings.llm_threads
    )
    console = Console(stderr=True)
    with build_progress(console) as progress:
        manifest = build_catalog(plan, embedder, load_lexicon(), progress)
    _report(manifest, root)


@app.command()
def info(
    folder: Path | None = typer.Option(None, "--catalog", help="default PFR_CATALOG"),
) -> None:
    """What the current version holds and from what it was made."""
    root = folder or Settings().catalog_root
    _report(read_manifest(version_folder(root, current_version(root))), root)


def _report(manifest: Manifest, root: Path) -> None:
    table = Table("", title=f"{root} · {manifest.version}", title_justify="left", show_header=False)
    table.add_column("")
    table.add_row("snapshot", str(manifest.snapshot_date))
    table.add_row("encoder", f"{manifest.embedder_id}, {manifest.dimensions} dimensions")
    for kind, rows in manifest.rows.items():
        table.add_row(kind, f"{rows:,}")
    table.add_row("rows read", f"{manifest.rows_read:,}")
    table.add_row("rows rejected", f"{manifest.rejected:,} (see {REJECTED_FILE})")
    for stage, seconds in manifest.seconds.items():
        table.add_row(f"{stage}, s", f"{seconds:.1f}")
    whole = sum(manifest.seconds.values())
    table.add_row("rows a second", f"{sum(manifest.rows.values()) / max(whole, 1e-9):,.0f}")
    Console().print(table)


def _mapping(table: TableName, entries: list[str]) -> dict[str, str]:
    mapped: dict[str, str] = {}
    for entry in entries:
        field, found, column = entry.partition("=")
        if not found or not column:
            raise BuildError(f"--map {entry} says nothing: write FIELD=COLUMN.")
        prefix, dot, name = field.partition(".")
        if not dot and field in TABLES[table].record.model_fields:
            mapped[field] = column
        elif dot and prefix == table:
            mapped[name] = column
        elif not any(field in t.record.model_fields or prefix == t.name for t in TABLES.values()):
            raise BuildError(f"No table has a field {field!r}: see `pfr catalog build --help`.")
    return mapped


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BuildError(f"--snapshot {text} is no day: write YYYY-MM-DD.") from error
