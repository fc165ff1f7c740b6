"""The catalog that serves now, swapped for a newer version without a restart."""

from __future__ import annotations

from pathlib import Path

import structlog

from tools.catalog.catalog import Catalog
from tools.catalog.versions import current_version, open_catalog
from tools.catalog.vocabulary import Lexicon
from tools.errors import ToolError

_log = structlog.get_logger(__name__)


class ServingCatalog:
    """Call it for the current catalog; call `refresh` now and then. Raises as `open_catalog`."""

    def __init__(self, root: Path, lexicon: Lexicon, embedder_id: str) -> None:
        self._root = root
        self._lexicon = lexicon
        self._embedder_id = embedder_id
        self._current = open_catalog(root, lexicon, embedder_id)
        self._refused = ""

    def __call__(self) -> Catalog:
        return self._current

    def refresh(self) -> bool:
        """Opens a newly published version; a damaged one is refused and the old goes on."""
        version = ""
        try:
            version = current_version(self._root)
            if version in {self._current.version, self._refused}:
                return False
            self._current = open_catalog(self._root, self._lexicon, self._embedder_id)
        except ToolError as error:
            _log.error("catalog_refused", error=str(error))
            self._refused = version
            return False
        _log.info("catalog_swapped", version=version)
        return True
