"""The errors of this package.

RouterError
├── BadRequest             the caller's input is outside the contract
├── EngineError            the embedded LLM server cannot be started
├── ConstraintsIgnored     an LLM server writes what its grammar forbids
└── DecisionError          no usable route call; the search degrades to the `search` route
    ├── ModelUnavailable   dead, refused, or too slow
    └── InvalidCall        HTTP 200 with something that is no route call

Every message is one sentence that says what to do.
"""


class RouterError(Exception):
    """The root: whatever this package raises on purpose."""


class BadRequest(RouterError):
    """The caller's input is outside the contract."""


class EngineError(RouterError):
    """The embedded LLM server cannot be started."""


class ConstraintsIgnored(RouterError):
    """An LLM server writes what its grammar forbids, so nothing it writes can be relied on."""


class DecisionError(RouterError):
    """No usable route call. Never reaches the caller: the search degrades instead."""


class ModelUnavailable(DecisionError):
    """The LLM server is dead, refuses, or is too slow."""


class InvalidCall(DecisionError):
    """The LLM server answered, but not with a route call."""
