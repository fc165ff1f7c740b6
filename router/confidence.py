"""How sure the router is: the probability of its route, from token log-probabilities.

The first token of a route's name tells the eight routes apart, so its distribution, renormalised
over the routes, is P(route | query). A temperature makes it honest (Guo et al., ICML 2017, §4.2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from router.call import RouteName
from router.routes import ROUTES

UNSEEN = -15.0  # the log-probability of a route whose token is not among those reported


def route_probabilities(
    top_logprobs: Mapping[str, float], temperature: float = 1.0
) -> dict[RouteName, float]:
    """P(route) from the log-probabilities of the tokens that could have begun the route's name.

    Sums to 1. Uniform where no token begins any route's name.
    """
    logits = dict.fromkeys(ROUTES, UNSEEN)
    for token, logprob in top_logprobs.items():
        begun = [name for name in ROUTES if token.strip() and name.startswith(token.strip())]
        if len(begun) == 1:
            logits[begun[0]] = max(logits[begun[0]], logprob)
    highest = max(logits.values())
    odds = {name: math.exp((logit - highest) / temperature) for name, logit in logits.items()}
    total = sum(odds.values())
    return {name: odd / total for name, odd in odds.items()}


def expected_calibration_error(
    confidences: Sequence[float], correct: Sequence[bool], bins: int = 10
) -> float:
    """ECE over equal-width bins (Guo et al., ICML 2017, equation 3); NaN for no predictions."""
    if not confidences:
        return math.nan
    error = 0.0
    for low in range(bins):
        inside = [
            (p, ok)
            for p, ok in zip(confidences, correct, strict=True)
            if low / bins <= p < (low + 1) / bins or (low == bins - 1 and p == 1.0)
        ]
        if inside:
            gap = abs(sum(p for p, _ in inside) - sum(ok for _, ok in inside))
            error += gap / len(confidences)
    return error
