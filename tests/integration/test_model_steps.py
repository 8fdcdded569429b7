"""Reranking and question expansion on the way of a question: off by default, priced, told when they fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import respx

from eval.stand_ins.mock import BASE_URL, reply
from rag.answering.assistant import Assistant
from rag.answering.backends import ExtractiveBackend, build_backend
from rag.answering.record.answer import Answer
from rag.answering.record.events import Condensed, Event, Finished, Retrieved
from rag.errors import ModelError
from rag.models.protocols import Chunk, Message, Usage
from rag.settings import Settings
from tests.support.model_server import cancel_while_serving, model_server
from tests.support.models import MARLIN, PAPERS, TURBOT, Reply, ScriptedModel, WordShelf

QUESTION = "How many charts does MARLIN sort?"
GOOD: Reply = ["MARLIN sorts 4,200 charts ", "in 37 minutes [2]."]
ON: dict[str, Any] = {"rerank": "model", "expand": "model"}


def assistant(*replies: Reply, usage: Usage | None = None, **settings: Any) -> tuple[Assistant, ScriptedModel]:
    model = ScriptedModel(list(replies), usage=usage)
    return Assistant(WordShelf(PAPERS), Settings(**settings), model), model


def titles(answer: Answer) -> list[str]:
    return [e.paper.title for e in answer.evidence]


def test_both_are_off_unless_asked_for() -> None:
    asker, model = assistant(["MARLIN sorts 4,200 charts [1]."])
    answer = asker.ask(QUESTION)
    assert len(model.requests) == answer.usage.model_calls == 1
    assert "expand" not in answer.timings_ms


def test_the_papers_come_before_the_model_in_the_order_it_gave() -> None:
    asker, model = assistant(["[2] > ", "[1]"], GOOD, rerank="model", k=2)
    answer = asker.ask(QUESTION)
    assert titles(answer) == [TURBOT.title, MARLIN.title]
    assert answer.citations[0].paper == MARLIN
    assert model.requests[1][-1].content.index(TURBOT.title) < model.requests[1][-1].content.index(MARLIN.title)


def test_more_papers_are_put_in_order_than_are_answered_from() -> None:
    asker, _ = assistant(["[3] > [1]"], ["It widens by 0.4 mm a year [1]."], rerank="model", k=1)
    answer = asker.ask("How do charts and lichen grow?")
    assert len(answer.evidence) == 1
    assert answer.evidence[0].paper != MARLIN


def test_each_call_is_counted_with_its_tokens_and_its_time() -> None:
    asker, model = assistant(
        ["We present a method that sorts charts by coast lines."], ["[1] > [2]"],
        ["MARLIN sorts 4,200 charts [1]."], usage=Usage(100, 10, 1), **ON,
    )  # fmt: skip
    answer = asker.ask(QUESTION)
    assert len(model.requests) == 3
    assert answer.usage == Usage(300, 30, 3)
    assert answer.timings_ms["expand"] > 0
    # The times of both searches (4 ms each for their own rerank) and of the call.
    assert answer.timings_ms["rerank"] > 8.0
    assert answer.timings_ms["dense"] == 4.0
    assert answer.ledger == ()


@pytest.mark.parametrize(
    "broken", [["I cannot."], ['{"order": [2, 1'], [ModelError("the server is away")], ["[2] >", ModelError("cut")]]
)
def test_a_step_that_fails_leaves_the_papers_as_they_were_and_is_told(broken: Reply) -> None:
    plain = assistant(["MARLIN sorts 4,200 charts [1]."])[0].ask(QUESTION)
    asker, _ = assistant(broken, ["MARLIN sorts 4,200 charts [1]."], rerank="model")
    answer = asker.ask(QUESTION)
    assert (titles(answer), answer.text) == (titles(plain), plain.text)
    assert [entry.kind for entry in answer.ledger] == ["rerank_failed"]
    assert answer.usage.model_calls == 2


def test_an_expansion_that_fails_is_told_and_the_order_is_asked_for_all_the_same() -> None:
    asker, _ = assistant(["I'm sorry, I can't."], ["[2] > [1]"], GOOD, k=2, **ON)
    answer = asker.ask(QUESTION)
    assert [entry.kind for entry in answer.ledger] == ["expand_failed"]
    assert titles(answer) == [TURBOT.title, MARLIN.title]


def test_with_nothing_relevant_no_model_is_called() -> None:
    asker, model = assistant(["[2] > [1]"], **ON)
    answer = asker.ask("zzz qqq?")
    assert (answer.outcome, model.requests, answer.usage) == ("not_found", [], Usage())


def test_the_extractive_backend_asks_no_model_and_says_so() -> None:
    answer = Assistant(WordShelf(PAPERS), Settings(**ON), ExtractiveBackend()).ask(QUESTION)
    assert [entry.kind for entry in answer.ledger] == ["expand_off", "rerank_off"]
    assert all("CITEWELL_LLM" in entry.detail for entry in answer.ledger)
    assert answer.usage == Usage()
    assert "4,200" in answer.text


def test_the_evidence_is_told_once_in_its_last_order() -> None:
    asker, _ = assistant(["A method sorts charts by coast lines."], ["[2] > [1]"], GOOD, k=2, **ON)
    events = list(asker.stream(QUESTION))
    assert [type(e) for e in events[:2]] == [Condensed, Retrieved]
    assert [type(e) for e in events].count(Retrieved) == 1
    told, last = events[1], events[-1]
    assert isinstance(told, Retrieved)
    assert isinstance(last, Finished)
    assert told.result.evidence == last.answer.evidence


def test_the_asynchronous_doors_do_the_same() -> None:
    replies: list[Reply] = [["A method sorts charts by coast lines."], ["[2] > [1]"], GOOD]
    plain = assistant(*replies, k=2, **ON)[0].ask(QUESTION)

    async def ask() -> list[Event]:
        return [event async for event in assistant(*replies, k=2, **ON)[0].astream(QUESTION)]

    last = asyncio.run(ask())[-1]
    assert isinstance(last, Finished)
    assert (last.answer.evidence, last.answer.text, last.answer.usage) == (plain.evidence, plain.text, plain.usage)


class Plain(ScriptedModel):
    """A backend of the user's own that knows nothing of schemas."""

    def stream(self, messages: Sequence[Message], *, max_tokens: int) -> Any:  # type: ignore[override]  # less than asked
        return super().stream(messages, max_tokens=max_tokens)


def test_a_backend_that_knows_no_schema_answers_and_expands() -> None:
    model = Plain([["A method sorts charts by coast lines."], ["MARLIN sorts 4,200 charts [1]."]])
    answer = Assistant(WordShelf(PAPERS), Settings(expand="model"), model).ask(QUESTION)
    assert (answer.text, answer.ledger) == ("MARLIN sorts 4,200 charts [1].", ())


@dataclass
class Silent:
    """A model that never says a word, and knows whether its stream was closed."""

    name: str = "silent"
    model: str = "silent-1"
    is_model: bool = True
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    closed: bool = False

    def stream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> Any:
        raise NotImplementedError

    async def astream(self, messages: Sequence[Message], *, max_tokens: int, **_: object) -> AsyncIterator[Chunk]:  # noqa: ARG002  # the protocol's
        try:
            self.asked.set()
            await asyncio.Event().wait()
            yield Chunk("never")
        finally:
            self.closed = True


@pytest.mark.parametrize("setting", ["rerank", "expand"])
def test_cancelling_closes_the_steps_request_upstream(setting: str) -> None:
    async def ask() -> bool:
        model = Silent()
        asker = Assistant(WordShelf(PAPERS), Settings(**{setting: "model"}), model)  # type: ignore[arg-type]  # a name
        task = asyncio.create_task(asker.aask(QUESTION))
        await model.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return model.closed

    assert asyncio.run(ask())


def test_cancelling_closes_the_connection_of_a_real_server_that_is_to_rerank() -> None:
    with model_server() as server:
        settings = Settings(llm="openai", openai_base_url=server.address, model="m", rerank="model")
        asker = Assistant(WordShelf(PAPERS), settings, build_backend(settings))
        asyncio.run(cancel_while_serving(server, asker.aask(QUESTION)))
        assert server.gone.wait(10)


@respx.mock
def test_at_the_wire_three_requests_go_out_and_their_reported_tokens_are_summed() -> None:
    replies = iter(["We sort charts by coast lines.", '{"order": [2, 1, 3]}', "MARLIN sorts 4,200 [2]."])
    route = respx.post(f"{BASE_URL}/chat/completions").mock(
        side_effect=lambda request: reply(request, lambda _: next(replies))
    )
    settings = Settings(llm="openai", openai_base_url=BASE_URL, model="gpt-4o-mini", retries=0, **ON)
    answer = Assistant(WordShelf(PAPERS), settings, build_backend(settings)).ask(QUESTION)
    bodies = [json.loads(call.request.content) for call in route.calls]
    assert [body["messages"][0]["content"].split()[1] for body in bodies] == ["help", "put", "answer"]
    assert [body.get("response_format", {}).get("type") for body in bodies] == [None, "json_schema", None]
    assert answer.usage.model_calls == 3
    assert answer.usage.prompt_tokens > 400
    assert titles(answer)[0] == TURBOT.title


@respx.mock
def test_a_refused_request_to_rerank_is_told_and_the_answer_is_written() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if b"<query>" in request.content:
            return httpx.Response(400, json={"error": {"message": "no", "type": "invalid"}})
        return reply(request, lambda _: "MARLIN sorts 4,200 charts [1].")

    respx.post(f"{BASE_URL}/chat/completions").mock(side_effect=serve)
    settings = Settings(llm="openai", openai_base_url=BASE_URL, model="gpt-4o-mini", retries=0, rerank="model")
    answer = Assistant(WordShelf(PAPERS), settings, build_backend(settings)).ask(QUESTION)
    assert answer.text == "MARLIN sorts 4,200 charts [1]."
    assert [entry.kind for entry in answer.ledger] == ["rerank_failed"]
