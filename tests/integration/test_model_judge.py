"""The model as judge on the way of a question: off by default, priced, bounded by the rules, told when it fails."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx

from eval.stand_ins.mock import BASE_URL, reply
from rag.answering.assistant import Assistant
from rag.answering.backends import ExtractiveBackend, build_backend
from rag.answering.record.answer import Answer
from rag.answering.record.events import Event, Finished, TextDelta
from rag.cli import main
from rag.errors import ModelError
from rag.library import Library
from rag.models.protocols import Usage
from rag.settings import Settings
from tests.support.model_server import cancel_while_serving, model_server
from tests.support.models import PAPERS, Reply, ScriptedModel, WordShelf, paper

QUESTION = "How many charts does MARLIN sort?"
#: Two sentences that the rules find supported, though none stands so in an abstract.
GOOD: Reply = ["MARLIN sorts 4,200 charts in 37 minutes [1]. ", "It uses 40% less memory than TURBOT [1]."]


def assistant(*replies: Reply, usage: Usage | None = None, **settings: Any) -> tuple[Assistant, ScriptedModel]:
    model = ScriptedModel(list(replies), usage=usage)
    return Assistant(WordShelf(PAPERS), Settings(**{"judge": "model", **settings}), model), model


def supports(answer: Answer) -> list[str]:
    return [sentence.support for sentence in answer.sentences]


def kinds(answer: Answer) -> list[str]:
    return [entry.kind for entry in answer.ledger]


def test_it_is_off_unless_asked_for_and_an_answer_takes_one_call() -> None:
    model = ScriptedModel([GOOD])
    answer = Assistant(WordShelf(PAPERS), Settings(), model).ask(QUESTION)
    assert len(model.requests) == answer.usage.model_calls == 1
    assert "judge" not in answer.timings_ms


def test_a_sentence_the_judge_calls_unsupported_is_marked_and_the_ledger_tells_from_what() -> None:
    asker, _ = assistant(GOOD, ["S1: supported\nS2: unsupported"])
    answer = asker.ask(QUESTION)
    assert supports(answer) == ["supported", "unsupported"]
    assert "not backed by [1], says the model" in answer.sentences[1].problems[0]
    assert kinds(answer) == ["unsupported_sentence", "judged"]
    assert answer.ledger[1].detail.startswith("unsupported instead of supported")
    assert answer.sentences[1].text in answer.ledger[1].detail


def test_a_verdict_of_weak_tells_the_reader_why() -> None:
    answer = assistant(GOOD, ["S1: weak\nS2: supported"])[0].ask(QUESTION)
    assert supports(answer) == ["weak", "supported"]
    assert "only in part backed by [1]" in answer.sentences[0].problems[0]
    assert kinds(answer) == ["judged"]


def test_a_judge_that_says_supported_rescues_no_invented_figure_and_no_invented_name() -> None:
    lies: Reply = [
        "MARLIN sorts 9,999 charts in 37 minutes [1]. MARLIN sorts 4,200 charts on ALBATROSS [1]. "
        "MARLIN sorts 4,200 charts in 37 minutes [1]."
    ]
    plain = Assistant(WordShelf(PAPERS), Settings(), ScriptedModel([lies])).ask(QUESTION)
    answer = assistant(lies, ["S1: supported\nS2: supported\nS3: supported"])[0].ask(QUESTION)
    assert supports(answer)[:2] == supports(plain)[:2]
    assert "supported" not in supports(answer)[:2]
    assert "judged" not in kinds(answer)


def test_a_judge_that_says_supported_raises_what_the_rules_found_weak_only_for_its_words() -> None:
    text: Reply = ["MARLIN saves weeks of manual sorting [1]."]
    plain = Assistant(WordShelf(PAPERS), Settings(), ScriptedModel([text])).ask(QUESTION)
    answer = assistant(text, ["S1: supported"])[0].ask(QUESTION)
    assert (supports(plain), supports(answer)) == (["weak"], ["supported"])
    assert answer.ledger[0].detail.startswith("supported instead of weak")


def test_the_policy_applies_after_the_judge() -> None:
    answer = assistant(GOOD, ["S1: supported\nS2: unsupported"], unsupported="drop")[0].ask(QUESTION)
    assert answer.text == "MARLIN sorts 4,200 charts in 37 minutes [1]."
    assert "dropped_sentence" in kinds(answer)
    assert "judged" in kinds(answer)


def test_where_the_judge_leaves_nothing_the_extract_stands_in_and_is_not_judged_again() -> None:
    asker, model = assistant(GOOD, ["S1: unsupported\nS2: unsupported"], unsupported="drop")
    answer = asker.ask(QUESTION)
    assert len(model.requests) == 2
    assert answer.backend == "extractive"
    assert "4,200" in answer.text


def test_the_call_is_counted_with_its_tokens_cost_and_time() -> None:
    asker, model = assistant(GOOD, ["S1: supported\nS2: supported"], usage=Usage(100, 10, 1))
    answer = asker.ask(QUESTION)
    assert len(model.requests) == 2
    assert answer.usage == Usage(200, 20, 2)
    assert answer.timings_ms["judge"] > 0
    assert answer.ledger == ()


@pytest.mark.parametrize(
    "broken",
    [
        ["I cannot."],
        [""],
        [ModelError("the server is away")],
        ["S1: unsupported\nS", ModelError("cut")],
        ['{"verdicts": [{"sentence": 1, "verdict": "unsupported"}, {"sent'],
    ],
)
def test_a_judge_that_fails_leaves_the_rules_verdicts_and_is_told(broken: Reply) -> None:
    plain = Assistant(WordShelf(PAPERS), Settings(), ScriptedModel([GOOD])).ask(QUESTION)
    answer = assistant(GOOD, broken)[0].ask(QUESTION)
    assert (answer.text, answer.sentences) == (plain.text, plain.sentences)
    assert kinds(answer) == ["judge_failed"]
    assert answer.usage.model_calls == 2


@pytest.mark.parametrize(
    "text",
    ["NOT_FOUND", "MARLIN sorts charts.", "", "MARLIN sorts 4,200 charts in 37 minutes on a single workstation [1]."],
)
def test_where_nothing_is_open_to_judgement_no_second_call_is_made(text: str) -> None:
    asker, model = assistant([text])
    answer = asker.ask(QUESTION)
    assert len(model.requests) == answer.usage.model_calls == 1
    assert "judge" not in answer.timings_ms


def test_with_nothing_relevant_no_model_is_called() -> None:
    asker, model = assistant(GOOD)
    assert (asker.ask("zzz qqq?").outcome, model.requests) == ("not_found", [])


def test_a_model_that_broke_off_is_not_asked_to_judge_and_that_is_told() -> None:
    asker, model = assistant([*GOOD, ModelError("the server is away")])
    answer = asker.ask(QUESTION)
    assert len(model.requests) == 1
    assert kinds(answer) == ["judge_failed", "backend_failed"]


def test_what_does_not_fit_the_budget_is_left_to_the_rules_and_told() -> None:
    filler = " ".join(f"Coral of kind {n} grows on reef {n}." for n in range(80))
    long = paper("GANNET and its Charts", f"GANNET sorts 700 charts in 12 minutes on one machine. {filler}")
    text: Reply = ["MARLIN sorts 4,200 charts in 37 minutes [1]. GANNET sorts 700 charts in 12 minutes [2]."]
    model = ScriptedModel([text, ["S1: unsupported\nS2: unsupported"]])
    settings = Settings(judge="model", max_prompt_tokens=700)
    answer = Assistant(WordShelf([PAPERS[0], long]), settings, model).ask("How many charts do MARLIN and GANNET sort?")
    assert len(model.requests) == 2
    assert [c.paper.title for c in answer.citations] == [PAPERS[0].title, long.title]
    assert supports(answer) == ["unsupported", "supported"]
    assert kinds(answer)[0] == "judge_left_out"


def test_the_extractive_backend_asks_no_model_and_says_so() -> None:
    answer = Assistant(WordShelf(PAPERS), Settings(judge="model"), ExtractiveBackend()).ask(QUESTION)
    assert kinds(answer) == ["judge_off"]
    assert "CITEWELL_LLM" in answer.ledger[0].detail
    assert answer.usage == Usage()


def test_doctor_tells_that_a_judge_needs_a_model(
    sample_library: Library, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CITEWELL_LIBRARY", str(sample_library.path))
    monkeypatch.setenv("CITEWELL_JUDGE", "model")
    assert main(["doctor", "--json"]) == 1
    checks = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert "CITEWELL_JUDGE=model has no effect" in checks["model steps"]["detail"]


def test_all_four_doors_judge_alike() -> None:
    replies: list[Reply] = [GOOD, ["S1: supported\nS2: unsupported"]]
    plain = assistant(*replies)[0].ask(QUESTION)

    async def events() -> list[Event]:
        return [event async for event in assistant(*replies)[0].astream(QUESTION)]

    streams = [list(assistant(*replies)[0].stream(QUESTION)), asyncio.run(events())]
    answers = [asyncio.run(assistant(*replies)[0].aask(QUESTION))]
    for stream in streams:
        assert "".join(e.text for e in stream if isinstance(e, TextDelta)) == "".join(map(str, GOOD))
        assert isinstance(stream[-1], Finished)
        answers.append(stream[-1].answer)
    for answer in answers:
        assert (answer.sentences, answer.ledger, answer.usage) == (plain.sentences, plain.ledger, plain.usage)


def is_judging(body: bytes) -> bool:
    return b"<sentence " in body


def test_cancelling_closes_the_connection_of_a_server_that_is_to_judge() -> None:
    answer = "MARLIN sorts 4,200 charts in 37 minutes [1]."
    with model_server(lambda body: None if is_judging(body) else answer) as server:
        settings = Settings(llm="openai", openai_base_url=server.address, model="m", judge="model")
        asker = Assistant(WordShelf(PAPERS), settings, build_backend(settings))
        asyncio.run(cancel_while_serving(server, asker.aask(QUESTION)))
        assert server.gone.wait(10)


@respx.mock
def test_at_the_wire_the_second_request_carries_the_judges_prompt_and_its_tokens_are_summed_and_priced(
    tmp_path: Path,
) -> None:
    verdicts = [{"sentence": 1, "verdict": "supported"}, {"sentence": 2, "verdict": "unsupported"}]
    replies = iter(["".join(map(str, GOOD)), json.dumps({"verdicts": verdicts})])
    route = respx.post(f"{BASE_URL}/chat/completions").mock(
        side_effect=lambda request: reply(request, lambda _: next(replies))
    )
    table = tmp_path / "prices.json"
    table.write_text('{"models": {"mine": {"prompt": 1.0, "completion": 2.0}}}')
    settings = Settings(llm="openai", openai_base_url=BASE_URL, model="mine", retries=0, judge="model", prices=table)
    answer = Assistant(WordShelf(PAPERS), settings, build_backend(settings)).ask(QUESTION)
    bodies = [json.loads(call.request.content) for call in route.calls]
    assert [body["messages"][0]["content"].split()[1] for body in bodies] == ["answer", "check"]
    assert "response_format" not in bodies[0]
    assert bodies[1]["response_format"]["json_schema"]["name"] == "Verdicts"
    assert supports(answer) == ["supported", "unsupported"]
    assert answer.usage.model_calls == 2
    assert answer.usage.prompt_tokens > 700
    assert answer.cost is not None
    assert answer.cost.amount == pytest.approx(
        (answer.usage.prompt_tokens + 2 * answer.usage.completion_tokens) / 1_000_000
    )


@respx.mock
def test_a_server_without_json_mode_is_asked_again_without_it_and_the_judge_is_heard() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if b"response_format" in request.content:
            return httpx.Response(400, json={"error": {"message": "Unknown parameter: 'response_format'."}})
        says = "S1: supported\nS2: unsupported" if is_judging(request.content) else "".join(map(str, GOOD))
        return reply(request, lambda _: says)

    route = respx.post(f"{BASE_URL}/chat/completions").mock(side_effect=serve)
    settings = Settings(llm="openai", openai_base_url=BASE_URL, model="gpt-4o-mini", retries=0, judge="model")
    asker = Assistant(WordShelf(PAPERS), settings, build_backend(settings))
    assert [supports(asker.ask(QUESTION)) for _ in range(2)] == [["supported", "unsupported"]] * 2
    # Answer, two refused requests to judge and one that is taken; then answer and judge.
    assert route.call_count == 6


@respx.mock
def test_a_refused_request_to_judge_is_told_and_the_answer_stands() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if b"<sentence " in request.content:
            return httpx.Response(400, json={"error": {"message": "no", "type": "invalid"}})
        return reply(request, lambda _: "".join(map(str, GOOD)))

    respx.post(f"{BASE_URL}/chat/completions").mock(side_effect=serve)
    settings = Settings(llm="openai", openai_base_url=BASE_URL, model="gpt-4o-mini", retries=0, judge="model")
    answer = Assistant(WordShelf(PAPERS), settings, build_backend(settings)).ask(QUESTION)
    assert supports(answer) == ["supported", "supported"]
    assert kinds(answer) == ["judge_failed"]


def test_a_batch_on_the_command_line_is_judged(
    sample_library: Library, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"id": "a", "question": "Which optimizer trains BERT in 76 minutes?"}\n')
    answer_text = "LAMB trains BERT in 76 minutes with large batches [1]."
    with model_server(lambda body: "S1: unsupported" if is_judging(body) else answer_text) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.address)
        monkeypatch.setenv("CITEWELL_JUDGE", "model")
        monkeypatch.setenv("CITEWELL_LIBRARY", str(sample_library.path))
        assert main(["ask", "--batch", str(batch)]) == 0
        assert [is_judging(body) for body in server.bodies] == [False, True]
    answer = json.loads(capsys.readouterr().out)
    assert (answer["id"], answer["sentences"][0]["support"]) == ("a", "unsupported")
    assert "judged" in [entry["kind"] for entry in answer["ledger"]]
    assert answer["usage"]["model_calls"] == 2
    assert answer["timings_ms"]["judge"] > 0
