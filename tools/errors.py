"""The errors of this package.

ToolError
├── CatalogError          a catalog cannot be read or built
│   ├── CatalogMissing    no catalog where one was named
│   ├── CatalogDamaged    files do not match the manifest
│   ├── CatalogNewer      written by a newer version of pfr
│   └── BuildError        the input or the disk stopped a build
└── ModelError            a model file is missing, damaged or of another kind
    └── ModelMismatch     a file's SHA-256 is not the pinned one

Every message is one sentence that says what to do.
"""


class ToolError(Exception):
    """The root: whatever this package raises on purpose."""


class CatalogError(ToolError):
    """A catalog cannot be read or built."""


class CatalogMissing(CatalogError):
    """No catalog where one was named."""


class CatalogDamaged(CatalogError):
    """The files of a catalog version do not match its manifest."""


class CatalogNewer(CatalogError):
    """The catalog was written by a newer version of pfr."""


class BuildError(CatalogError):
    """The input or the disk stopped a build; the old version goes on serving."""


class ModelError(ToolError):
    """A model file is missing, damaged or of another kind."""


class ModelMismatch(ModelError):
    """A file's SHA-256 is not the pinned one."""
