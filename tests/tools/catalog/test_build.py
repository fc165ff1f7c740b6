"""Builds: bad input gets one sentence, and no failure costs the catalog that was there."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import TRACKS, quiet, write_lines
from tests.fakes import WordEmbedder
from tools.catalog.build import Plan, Source, build_catalog
from tools.catalog.schema import MANIFEST_FILE, REJECTED_FILE, Manifest
from tools.catalog.serving import ServingCatalog
from tools.catalog.versions import current_version, open_catalog, version_folder
from tools.catalog.vocabulary import Lexicon
from tools.errors import BuildError, CatalogDamaged, CatalogMissing, CatalogNewer, ModelMismatch


def build(root: Path, lexicon: Lexicon, path: Path, **options: object) -> Manifest:
    mapping = options.pop("mapping", {})
    source = Source("tracks", path, mapping)  # type: ignore[arg-type]
    plan = Plan((source,), root, **options)  # type: ignore[arg-type]
    return build_catalog(plan, WordEmbedder(), lexicon, quiet)


@pytest.fixture
def built(tmp_path: Path, lexicon: Lexicon) -> Path:
    root = tmp_path / "catalog"
    build(root, lexicon, write_lines(tmp_path / "tracks.jsonl", TRACKS))
    return root


def test_derives_albums_artists_and_playlists(built: Path, lexicon: Lexicon) -> None:
    """Tracks alone give every kind of music entity."""
    catalog = open_catalog(built, lexicon, WordEmbedder.id)
    album = catalog.find("album:radiohead-ok-computer")
    assert album is not None and album.release_date == "1997-05-21"
    track = catalog.find("track:radiohead-karma-police")
    assert track is not None and track.parent_id == album.id
    assert catalog.find("artist:radiohead") is not None


def test_reads_csv_parquet_and_jsonl_alike(tmp_path: Path, lexicon: Lexicon) -> None:
    """The same rows give the same catalog, whatever the format."""
    rows = [{"name": "Creep", "by": "Radiohead", "when": "1993"}]
    mapping = {"title": "name", "artists": "by", "release_date": "when"}
    csv = tmp_path / "a.csv"
    csv.write_text("name,by,when\nCreep,Radiohead,1993\n", "utf-8")
    parquet = tmp_path / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows), parquet)
    for path in (csv, parquet, write_lines(tmp_path / "a.jsonl", rows)):
        manifest = build(tmp_path / path.suffix, lexicon, path, mapping=mapping)
        assert manifest.rows == {"artist": 1, "track": 1}, path


def test_one_recording_keeps_its_first_date(tmp_path: Path, lexicon: Lexicon) -> None:
    """A remaster on a later compilation is the same track."""
    rows = [
        {"title": "Jealousy", "artists": ["Queen"], "album": "Jazz", "release_date": "1978-11-10"},
        {
            "title": "Jealousy - Remastered 2011",
            "artists": ["Queen"],
            "album": "Best Of",
            "release_date": "2011-01-01",
        },
    ]
    root = tmp_path / "catalog"
    manifest = build(root, lexicon, write_lines(tmp_path / "t.jsonl", rows))
    assert manifest.rows == {"album": 2, "artist": 1, "track": 1}
    found = open_catalog(root, lexicon, WordEmbedder.id).find("track:queen-jealousy")
    assert found is not None and found.release_date == "1978-11-10"


def test_bad_rows_are_listed_and_skipped(tmp_path: Path, lexicon: Lexicon) -> None:
    """Each rejected row has its line and reason."""
    path = tmp_path / "t.jsonl"
    good = [json.dumps({"title": f"Song {i}", "artists": ["A"]}) for i in range(50)]
    path.write_text("\n".join([*good, "{broken", '{"title": "No artist"}']), "utf-8")
    manifest = build(tmp_path / "c", lexicon, path, max_rejected=0.1)
    assert manifest.rejected == 2
    folder = version_folder(tmp_path / "c", manifest.version)
    rejected = [json.loads(line) for line in (folder / REJECTED_FILE).read_text().splitlines()]
    assert [row["line"] for row in rejected] == [51, 52]
    assert all(row["reason"] for row in rejected)


def test_too_many_bad_rows_stop_the_build(tmp_path: Path, lexicon: Lexicon) -> None:
    """More than the set share of bad rows is an error that names the first."""
    path = tmp_path / "t.jsonl"
    path.write_text('{"title": "x", "artists": []}\n' * 10, "utf-8")
    with pytest.raises(BuildError, match="line 1: artists"):
        build(tmp_path / "c", lexicon, path)
    with pytest.raises(CatalogMissing):
        current_version(tmp_path / "c")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.csv", b"title,artists\ncaf\xe9,B\n", "not UTF-8"),
        ("a.parquet", b"PAR1 no parquet", "no readable Parquet"),
        ("a.xlsx", b"", "no known format"),
        ("a.csv", b"name,by\nA,B\n", "no column for title|no column for artists"),
    ],
)
def test_unreadable_files_get_a_sentence(
    tmp_path: Path, lexicon: Lexicon, name: str, content: bytes, says: str
) -> None:
    """Encoding, format and columns are each told apart."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BuildError, match=says):
        build(tmp_path / "c", lexicon, tmp_path / name)


def test_unknown_columns_and_fields_get_a_sentence(tmp_path: Path, lexicon: Lexicon) -> None:
    """A mapping names real fields and real columns."""
    path = write_lines(tmp_path / "t.jsonl", TRACKS)
    with pytest.raises(BuildError, match="no column 'nope'"):
        build(tmp_path / "c", lexicon, path, mapping={"title": "nope"})
    with pytest.raises(BuildError, match="no field 'tempo_x'"):
        build(tmp_path / "c", lexicon, path, mapping={"tempo_x": "title"})
    with pytest.raises(BuildError, match="not a file"):
        build(tmp_path / "c", lexicon, tmp_path / "gone.csv")


def test_a_missing_catalog_is_named(tmp_path: Path, lexicon: Lexicon) -> None:
    """Where there is none, the message says how to get one."""
    with pytest.raises(CatalogMissing, match="pfr setup"):
        open_catalog(tmp_path / "none", lexicon, "x")


def test_a_half_written_version_is_refused(built: Path, lexicon: Lexicon) -> None:
    """Without its manifest a version is not read."""
    (version_folder(built, current_version(built)) / MANIFEST_FILE).unlink()
    with pytest.raises(CatalogDamaged, match="half-written"):
        open_catalog(built, lexicon, WordEmbedder.id)


def test_a_newer_format_is_refused(built: Path, lexicon: Lexicon) -> None:
    """A catalog from a later pfr asks for an update."""
    path = version_folder(built, current_version(built)) / MANIFEST_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": 99}))
    with pytest.raises(CatalogNewer, match="update pfr"):
        open_catalog(built, lexicon, WordEmbedder.id)


def test_a_changed_index_is_refused(built: Path, lexicon: Lexicon) -> None:
    """One flipped byte in an index is found before it is read."""
    path = version_folder(built, current_version(built)) / "semantic.faiss"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CatalogDamaged, match="does not match its manifest"):
        open_catalog(built, lexicon, WordEmbedder.id)


def test_another_encoder_is_refused(built: Path, lexicon: Lexicon) -> None:
    """Vectors of one encoder are never searched with another's."""
    with pytest.raises(ModelMismatch, match="built with the encoder"):
        open_catalog(built, lexicon, "other")


def test_a_new_version_is_swapped_in(built: Path, lexicon: Lexicon, tmp_path: Path) -> None:
    """The service picks up a published version, and refuses a damaged one."""
    serving = ServingCatalog(built, lexicon, WordEmbedder.id)
    old = serving().version
    assert not serving.refresh()
    build(built, lexicon, write_lines(tmp_path / "more.jsonl", TRACKS[:3]))
    assert serving.refresh()
    newer = serving().version
    assert newer != old and serving().find("artist:coldplay") is None
    build(built, lexicon, write_lines(tmp_path / "bad.jsonl", TRACKS[:2]))
    (version_folder(built, current_version(built)) / "entities.parquet").write_bytes(b"x")
    assert not serving.refresh()
    assert serving().version == newer


SCRIPT = """
import resource, signal, sys
from pathlib import Path
from tests.conftest import quiet
from tests.fakes import WordEmbedder
from tools.catalog.build import Plan, Source, build_catalog
from tools.catalog.vocabulary import load_lexicon
from tools.errors import BuildError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[3])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
plan = Plan((Source("tracks", Path(sys.argv[1])),), Path(sys.argv[2]))
try:
    build_catalog(plan, WordEmbedder(), load_lexicon(), lambda *a: print(*a, flush=True))
except BuildError as error:
    print("BuildError", error)
"""


def spawn(path: Path, root: Path, limit: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT), str(path), str(root), str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ})


def test_a_full_disk_leaves_the_old_version(built: Path, tmp_path: Path, lexicon: Lexicon) -> None:
    """Writes that fail end the build with a sentence; the catalog goes on serving."""
    old = current_version(built)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 0
    out, _ = spawn(write_lines(tmp_path / "t.jsonl", TRACKS * 50), built, 20_000).communicate()
    assert "free some disk space" in out
    assert current_version(built) == old
    open_catalog(built, lexicon, WordEmbedder.id)
    assert not list(built.glob("building-*"))


def test_a_killed_build_leaves_the_old_version(
    built: Path, tmp_path: Path, lexicon: Lexicon
) -> None:
    """kill -9 at the first sign of progress, five times: the old version serves, a build works."""
    old = current_version(built)
    path = write_lines(
        tmp_path / "t.jsonl",
        [{**t, "title": f"{t['title']} {i}"} for i in range(600) for t in TRACKS],
    )
    for skipped in range(5):
        process = spawn(path, built)
        assert process.stdout is not None
        for _ in range(skipped + 1):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert current_version(built) == old
        open_catalog(built, lexicon, WordEmbedder.id)
    build(built, lexicon, write_lines(tmp_path / "ok.jsonl", TRACKS))
    assert not list(built.glob("building-*"))
