"""The versions of a catalog on disk: one folder each, and a file that names the current one.

ROOT/CURRENT                     the name of the version that serves
ROOT/versions/NAME/manifest.json, entities.parquet, ...
ROOT/building-*                  a build that runs, or was killed: never read
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from tools.catalog.catalog import Catalog
from tools.catalog.schema import FORMAT_VERSION, MANIFEST_FILE, FileRecord, Manifest
from tools.catalog.vocabulary import Lexicon
from tools.errors import BuildError, CatalogDamaged, CatalogMissing, CatalogNewer, ModelMismatch

CURRENT_FILE = "CURRENT"
KEPT_VERSIONS = 2


def current_version(root: Path) -> str:
    """The name of the version that serves. Raises `CatalogMissing`. Cheap: one small read."""
    try:
        name = (root / CURRENT_FILE).read_text("utf-8").strip()
    except OSError as error:
        raise CatalogMissing(
            f"There is no catalog at {root}: run `pfr setup` for the demo catalog "
            "or `pfr catalog build` for your own."
        ) from error
    if not name or "/" in name:
        raise CatalogDamaged(f"{root / CURRENT_FILE} names no version: build the catalog again.")
    return name


def version_folder(root: Path, version: str) -> Path:
    return root / "versions" / version


def open_catalog(root: Path, lexicon: Lexicon, embedder_id: str) -> Catalog:
    """The current version, after its files have been checked against the manifest.

    Raises `CatalogMissing`, `CatalogDamaged`, `CatalogNewer`, or `ModelMismatch` where another
    encoder made its vectors.
    """
    folder = version_folder(root, current_version(root))
    manifest = read_manifest(folder)
    check_files(folder, manifest)
    if manifest.embedder_id != embedder_id:
        raise ModelMismatch(
            f"The catalog at {root} was built with the encoder {manifest.embedder_id}, "
            f"this is {embedder_id}: build the catalog again or set the encoder back."
        )
    return Catalog(folder, manifest, lexicon)


def read_manifest(folder: Path) -> Manifest:
    """Raises `CatalogDamaged` for a half-written version, `CatalogNewer` for one from later."""
    path = folder / MANIFEST_FILE
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        message = f"{folder} is half-written, it has no manifest: build the catalog again."
        raise CatalogDamaged(message) from error
    version = values.get("format_version") if isinstance(values, dict) else None
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise CatalogNewer(
            f"{folder} has format {version}, this pfr reads up to {FORMAT_VERSION}: update pfr."
        )
    try:
        return Manifest.model_validate(values)
    except ValidationError as error:
        raise CatalogDamaged(f"{path} is no manifest: build the catalog again.") from error


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raises `CatalogDamaged` for the first file that is not the one the manifest describes."""
    for name, record in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise CatalogDamaged(f"{path} is missing: build the catalog again.")
        if path.stat().st_size != record.bytes or file_record(path) != record:
            raise CatalogDamaged(f"{path} does not match its manifest: build the catalog again.")


def file_record(path: Path) -> FileRecord:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileRecord(bytes=path.stat().st_size, sha256=digest)


@contextmanager
def build_folder(root: Path) -> Iterator[Path]:
    """An empty folder beside the versions, removed in the end unless it was published.

    Raises `BuildError` while another build of the same catalog runs.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BuildError(f"Another build of {root} is running: wait for it.") from error
        for leftover in root.glob("building-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        folder = root / f"building-{os.getpid()}"
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def publish(root: Path, folder: Path, manifest: Manifest) -> Path:
    """Makes a finished build the current version. A kill at any instant leaves old or new."""
    _write_durably(folder / MANIFEST_FILE, manifest.model_dump_json(indent=1))
    for file in folder.rglob("*"):
        _sync(file)
    target = version_folder(root, manifest.version)
    target.parent.mkdir(exist_ok=True)
    folder.rename(target)
    _sync(target.parent)
    pointer = root / f"{CURRENT_FILE}.new"
    _write_durably(pointer, manifest.version + "\n")
    pointer.replace(root / CURRENT_FILE)
    _sync(root)
    _prune(root, manifest.version)
    return target


def _prune(root: Path, current: str) -> None:
    """Keeps the version before the current one: a server may still be reading it."""
    names = sorted(path.name for path in (root / "versions").iterdir() if path.name != current)
    for name in names[: -(KEPT_VERSIONS - 1)]:
        shutil.rmtree(version_folder(root, name), ignore_errors=True)


def _write_durably(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
