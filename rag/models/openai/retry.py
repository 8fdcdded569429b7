"""When a failed model request is sent again, and after what wait. Clock and randomness are handed in."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST_WAIT_S = 0.5
LONGEST_BACKOFF_S = 8.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a request is tried again, and for how long.

    Args:
        tries: retries after the first request.
        budget_s: seconds from the first request within which the last retry must start; a server that asks for a
            longer wait is not waited for.
        clock: seconds that only grow.
        sleep, asleep: how to wait.
        jitter: a number from 0 to 1, drawn for every wait, so that clients refused together do not come back together.
    """

    tries: int = 3
    budget_s: float = 60.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    asleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random

    def start(self) -> Attempts:
        """Start counting the tries of one request."""
        return Attempts(self)


class Attempts:
    """The tries of one request."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._started = policy.clock()
        self._retries = 0

    def next_wait(self, retry_after: float | None = None) -> float | None:
        """Return the seconds to wait before the next try, or ``None`` to give the request up.

        Without ``retry_after`` (what the server asked for, in seconds) the wait doubles from ``FIRST_WAIT_S`` up to
        ``LONGEST_BACKOFF_S``, of which a random half is taken off; with it the wait is never shorter than asked.
        """
        policy = self._policy
        if self._retries >= policy.tries:
            return None
        backoff = min(LONGEST_BACKOFF_S, FIRST_WAIT_S * 2.0**self._retries)
        if retry_after is None:
            wait = backoff * (1 - policy.jitter() / 2)
        else:
            wait = retry_after + FIRST_WAIT_S * policy.jitter()
        if policy.clock() - self._started + wait > policy.budget_s:
            return None
        self._retries += 1
        return wait


def retry_after(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Return the wait a server asks for, in seconds, or ``None`` if it names none that can be read.

    Reads ``Retry-After`` (RFC 9110, 10.2.3: seconds or a date) and ``retry-after-ms``, which some servers add.

    Args:
        headers: of the response; looked up by lower-case name.
        now: seconds since the epoch, for a date.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or not text:
        return seconds
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    seconds = (date - datetime.fromtimestamp(now(), UTC)).total_seconds()
    return max(0.0, seconds)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    # A NaN compares false with everything, so it falls out here too.
    return number if 0 <= number < float("inf") else None
