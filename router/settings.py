"""Every setting, from `PFR_*` environment variables. Read by the app and the command line alone."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Paths default to places under `PFR_HOME`."""

    model_config = SettingsConfigDict(env_prefix="PFR_", extra="ignore")

    home: Path = Field(
        Path(platformdirs.user_data_dir("pfr")), description="where models, catalog and cache live"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="port to listen on")
    workers: int = Field(1, ge=1, le=64, description="server processes")
    catalog: Path | None = Field(None, description="catalog folder; default HOME/catalog")
    router_model: Path | None = Field(None, description="GGUF router model; default HOME/models")
    router_adapter: Path | None = Field(None, description="GGUF LoRA adapter for the router model")
    embedder_model: Path | None = Field(None, description="ONNX sentence encoder")
    embedder_tokenizer: Path | None = Field(None, description="its tokenizer.json")
    llm_base_url: str | None = Field(
        None, description="an OpenAI-compatible server, with /v1; unset: llama.cpp is started"
    )
    llm_shared: bool = Field(
        False, description="llm_base_url is the server that pfr started itself; set by pfr serve"
    )
    llm_api_key: str = Field("none", description="its key")
    llm_model: str = Field("router", description="the model's name there")
    llm_codec: Literal["compact", "json"] | None = Field(
        None, description="what the model writes; default compact when embedded, json otherwise"
    )
    llm_prompt: Literal["prompted", "tuned"] = Field(
        "prompted", description="tuned: the query alone, for a post-trained router"
    )
    llm_threads: int = Field(2, ge=1, le=256, description="threads of the embedded server")
    llm_slots: int = Field(2, ge=1, le=64, description="requests it decodes in parallel")
    confidence_threshold: float = Field(
        0.5, ge=0, le=1, description="below this probability the plain results are added"
    )
    deadline_ms: int = Field(4000, ge=50, le=60_000, description="budget of one search")
    tool_share: float = Field(
        0.3, gt=0, lt=1, description="share of the budget that the model must leave to the tools"
    )
    max_in_flight: int = Field(64, ge=1, description="searches at once; more are refused with 503")
    tool_threads: int = Field(4, ge=1, le=256, description="threads that tools run in, per worker")

    @property
    def catalog_root(self) -> Path:
        return self.catalog or self.home / "catalog"

    @property
    def models(self) -> Path:
        return self.home / "models"

    @property
    def router_model_path(self) -> Path:
        return self.router_model or self.models / "smollm2-135m-instruct-q4_1.gguf"

    @property
    def embedder_model_path(self) -> Path:
        return self.embedder_model or self.models / "minilm-l6-v2-int8.onnx"

    @property
    def embedder_tokenizer_path(self) -> Path:
        return self.embedder_tokenizer or self.models / "minilm-l6-v2-tokenizer.json"

    @property
    def cache_folder(self) -> Path:
        return self.home / "route-cache"

    @property
    def external_llm(self) -> bool:
        """Whether somebody else's server answers: its weights are known by name alone."""
        return self.llm_base_url is not None and not self.llm_shared

    @property
    def codec(self) -> Literal["compact", "json"]:
        return self.llm_codec or ("json" if self.external_llm else "compact")
