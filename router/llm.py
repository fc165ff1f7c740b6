"""One async client for every engine: a query in, a validated route call out.

The embedded llama.cpp takes a grammar made for the query and writes the compact form; any other
OpenAI-compatible server takes the JSON schema and writes JSON. HTTP 200 is never trusted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import openai
from openai.types import Completion
from openai.types.chat import ChatCompletion

from router.call import Call, RouteCall
from router.confidence import route_probabilities
from router.errors import ConstraintsIgnored, ModelUnavailable
from router.grammar import compact_grammar, json_schema
from router.llama import Endpoint
from router.prompts import EXAMPLE_END, Codec, Example, Mode, parse_call, prompted, tuned
from tools.types import Deadline

MAX_COMPACT_TOKENS = 96
MAX_JSON_TOKENS = 256
TOP_LOGPROBS = 20  # the most that OpenAI-compatible servers accept
CANARY = "xylophone-7431"
CANARY_TIMEOUT_S = 60.0

PromptMode = Literal["prompted", "tuned"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the model decided. `confidence` is None where the engine reports no probabilities."""

    call: Call
    confidence: float | None
    prompt_tokens: int
    completion_tokens: int
    took_ms: float


class RouterModel(Protocol):
    """Decides on a normalised query alone. Raises `DecisionError`."""

    async def decide(self, query: str, mode: Mode, deadline: Deadline) -> Decision: ...


ExampleSource = Callable[[str], Sequence[Example]]
"""The few-shot examples to show for a query; the nearest ones last."""


@dataclass(frozen=True, slots=True)
class _Answer:
    text: str
    tokens: Sequence[tuple[str, Mapping[str, float]]]
    prompt_tokens: int
    completion_tokens: int


class LLMRouter:
    """A router model behind an OpenAI-compatible server."""

    def __init__(
        self,
        endpoint: Endpoint,
        model: str,
        codec: Codec,
        prompt_mode: PromptMode,
        examples: ExampleSource,
        temperature: float = 1.0,
    ) -> None:
        # Retrying is the fallback route's business: a second try would break the deadline.
        self._client = openai.AsyncOpenAI(
            base_url=endpoint.base_url, api_key=endpoint.api_key, max_retries=0
        )
        self._model = model
        self._codec = codec
        self._prompt_mode = prompt_mode
        self._examples = examples
        self._temperature = temperature
        self._schemas: dict[Mode, dict[str, Any]] = {m: json_schema(m) for m in ("pre", "post")}

    async def close(self) -> None:
        await self._client.close()

    async def decide(self, query: str, mode: Mode, deadline: Deadline) -> Decision:
        start = time.perf_counter()
        answer = await self._ask(query, mode, deadline.remaining_s())
        call = parse_call(answer.text, self._codec, mode)
        return Decision(
            call,
            self._confidence(call, answer),
            answer.prompt_tokens,
            answer.completion_tokens,
            (time.perf_counter() - start) * 1000,
        )

    async def canary(self) -> None:
        """Asks for what no model would write by itself.

        Raises `ConstraintsIgnored` if the server writes anything else, `ModelUnavailable` if it
        does not answer.
        """
        if self._codec == "compact":
            answer = await self._complete("query", f'root ::= "{CANARY}"', CANARY_TIMEOUT_S)
            written = answer.text
        else:
            schema = {"type": "string", "enum": [CANARY]}
            answer = await self._chat("Say hello.", schema, CANARY_TIMEOUT_S)
            written = answer.text.strip().strip('"')
        if written != CANARY:
            raise ConstraintsIgnored(
                "The LLM server ignores output constraints (it wrote "
                f"{written[:40]!r}): use an engine with grammar or JSON schema support."
            )

    async def _ask(self, query: str, mode: Mode, timeout_s: float) -> _Answer:
        # Choosing examples embeds the query, which would hold the event loop for 5 ms.
        prompt = await asyncio.to_thread(self._prompt, query, mode)
        if self._codec == "compact":
            return await self._complete(prompt, compact_grammar(query, mode), timeout_s)
        return await self._chat(prompt, self._schemas[mode], timeout_s)

    def _prompt(self, query: str, mode: Mode) -> str:
        if self._prompt_mode == "tuned":
            return tuned(query)
        return prompted(query, self._examples(query), self._codec, mode)

    async def _complete(self, prompt: str, grammar: str, timeout_s: float) -> _Answer:
        completion: Completion = await self._guarded(
            self._client.completions.create(
                model=self._model,
                prompt=prompt,
                max_tokens=MAX_COMPACT_TOKENS,
                temperature=0,
                logprobs=TOP_LOGPROBS,
                stop=EXAMPLE_END,
                timeout=timeout_s,
                extra_body={"grammar": grammar, "cache_prompt": True},
            ),
            timeout_s,
        )
        choice = _first(completion.choices)
        usage = completion.usage
        return _Answer(
            choice.text or "",
            _llama_tokens(choice.model_dump().get("logprobs")),
            usage.prompt_tokens if usage else 0,
            usage.completion_tokens if usage else 0,
        )

    async def _chat(self, prompt: str, schema: dict[str, Any], timeout_s: float) -> _Answer:
        completion: ChatCompletion = await self._guarded(
            self._client.chat.completions.create(
                model=self._model,
                messages=[{"role": "user", "content": prompt}],
                max_tokens=MAX_JSON_TOKENS,
                temperature=0,
                logprobs=True,
                top_logprobs=TOP_LOGPROBS,
                timeout=timeout_s,
                response_format={
                    "type": "json_schema",
                    "json_schema": {"name": "call", "schema": schema, "strict": True},
                },
            ),
            timeout_s,
        )
        choice = _first(completion.choices)
        usage = completion.usage
        content = choice.logprobs.content if choice.logprobs else None
        tokens = [(t.token, {a.token: a.logprob for a in t.top_logprobs}) for t in content or ()]
        return _Answer(
            choice.message.content or "",
            tokens,
            usage.prompt_tokens if usage else 0,
            usage.completion_tokens if usage else 0,
        )

    async def _guarded(self, request: Any, timeout_s: float) -> Any:
        try:
            async with asyncio.timeout(timeout_s):
                return await request
        except (TimeoutError, openai.APITimeoutError) as error:
            message = f"The LLM server did not answer within {timeout_s:.1f} s."
            raise ModelUnavailable(message) from error
        except openai.OpenAIError as error:
            raise ModelUnavailable(
                f"The LLM server failed ({type(error).__name__}): check PFR_LLM_BASE_URL or "
                "`pfr llm info`."
            ) from error
        except ValueError as error:  # HTTP 200 whose body is no JSON
            raise ModelUnavailable(
                "The LLM server answered with something else than JSON."
            ) from error

    def _confidence(self, call: Call, answer: _Answer) -> float | None:
        if not isinstance(call, RouteCall):
            return None
        alternatives = _where_named(answer, call.route)
        if alternatives is None:
            return None
        return round(route_probabilities(alternatives, self._temperature)[call.route], 4)


def _first(choices: Any) -> Any:
    if not choices:
        raise ModelUnavailable("The LLM server answered without a choice.")
    return choices[0]


def _llama_tokens(logprobs: Any) -> list[tuple[str, Mapping[str, float]]]:
    """llama.cpp answers completions with the chat form of log-probabilities."""
    content = (logprobs or {}).get("content") or []
    return [
        (entry["token"], {a["token"]: a["logprob"] for a in entry.get("top_logprobs", ())})
        for entry in content
    ]


def _where_named(answer: _Answer, route: str) -> Mapping[str, float] | None:
    """The alternatives to the token with which the route's name begins."""
    start = answer.text.find(route)
    written = 0
    for token, alternatives in answer.tokens:
        lead = len(token) - len(token.lstrip())
        if token.strip() and written + lead == start:
            return alternatives
        written += len(token)
    return None
