"""The command line: every command, and the one place where expected failures become a sentence."""

from __future__ import annotations

import sys

import typer

from router.services import bound_threads

bound_threads()

from router.cli import bench, cache, catalog, llm, route, search, serve, settings, setup  # noqa: E402
from router.errors import RouterError  # noqa: E402
from tools.errors import ToolError  # noqa: E402

app = typer.Typer(
    name="pfr",
    help="Agentic search for music and podcasts: a small LLM routes, tools answer in parallel.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("setup")(setup.setup)
app.command("serve")(serve.serve)
app.command("search")(search.search)
app.command("route")(route.route)
app.command("settings")(settings.settings)
app.add_typer(catalog.app, name="catalog")
app.add_typer(cache.app, name="cache")
app.add_typer(llm.app, name="llm")
app.add_typer(bench.app, name="bench")


def main() -> None:
    """Exit code 1 and one sentence for an expected failure; no traceback."""
    try:
        app()
    except (ToolError, RouterError) as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
