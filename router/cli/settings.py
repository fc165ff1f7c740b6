"""`pfr settings`: every setting with its value and meaning."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from router.settings import Settings

_SECRET = {"llm_api_key"}


def settings() -> None:
    """List the PFR_* environment variables, their values now and what they mean."""
    values = Settings()
    table = Table("variable", "value", "meaning")
    for name, field in Settings.model_fields.items():
        value = "…" if name in _SECRET else str(getattr(values, name))
        table.add_row(f"PFR_{name.upper()}", value, field.description or "")
    Console().print(table)
