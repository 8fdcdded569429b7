"""When a failed request is sent again, and after what wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.models.openai.retry import LONGEST_BACKOFF_S, RetryPolicy, retry_after

NOON = datetime(2024, 5, 1, 12, 0, 0, tzinfo=UTC).timestamp()


def policy(*, tries: int = 3, budget_s: float = 60.0, jitter: float = 0.0, clock: float = 0.0) -> RetryPolicy:
    return RetryPolicy(tries=tries, budget_s=budget_s, clock=lambda: clock, jitter=lambda: jitter)


def test_waits_double_up_to_a_limit() -> None:
    attempts = policy(tries=7).start()
    assert [attempts.next_wait() for _ in range(7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_no_more_is_tried_than_allowed() -> None:
    attempts = policy(tries=1).start()
    attempts.next_wait()
    assert attempts.next_wait() is None


def test_a_wait_asked_for_is_never_cut_short() -> None:
    assert policy(jitter=0.0).start().next_wait(7.0) == 7.0


def test_a_wait_beyond_the_budget_gives_up() -> None:
    assert policy(budget_s=10).start().next_wait(11.0) is None


def test_time_spent_on_the_request_counts_against_the_budget() -> None:
    times = iter([0.0, 60.0])
    attempts = RetryPolicy(budget_s=60, clock=lambda: next(times), jitter=lambda: 1.0).start()
    assert attempts.next_wait() is None


@given(st.floats(0, 1), st.integers(0, 10))
def test_jitter_takes_off_at_most_half(jitter: float, retries: int) -> None:
    full, jittered = policy(tries=11, budget_s=1e9).start(), policy(tries=11, budget_s=1e9, jitter=jitter).start()
    pairs = [(full.next_wait() or 0, jittered.next_wait() or 0) for _ in range(retries + 1)]
    assert all(longest / 2 <= wait <= longest <= LONGEST_BACKOFF_S for longest, wait in pairs)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": " 0.25 "}, 0.25),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Wed, 01 May 2024 12:00:20 GMT"}, 20.0),
        ({"retry-after": "Wed, 01 May 2024 12:00:20"}, 20.0),
        ({"retry-after": "Wed, 01 May 2024 11:00:00 GMT"}, 0.0),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 99 May 99999999999 12:00:20 GMT"}, None),
    ],
)
def test_the_wait_a_server_asks_for_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=lambda: NOON) == seconds


@given(st.text())
def test_no_header_breaks_the_reading(text: str) -> None:
    found = retry_after({"retry-after": text})
    assert found is None or found >= 0
