"""Hostile abstracts, titles, authors and questions, and a model that obeys every one of them.

Each record of the corpus says where its text is planted and what the obeying model then writes. Whatever that is, the
prompt keeps its form, and no forged citation, no instructions and no live markup reach the reader.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from rag.answering.assistant import Assistant
from rag.answering.backends import ExtractiveBackend
from rag.answering.prompt.budget import fit
from rag.answering.prompt.leak import RUN
from rag.answering.prompt.sentinels import NOT_FOUND, NOT_STATED
from rag.answering.prompt.sources import parse_prompt
from rag.answering.prompt.templates import load_prompt
from rag.answering.record.answer import Answer
from rag.answering.record.events import Finished, TextDelta
from rag.models.protocols import Backend, Message
from rag.models.tokens import counter_for
from rag.paper import Paper
from rag.settings import Settings
from tests.support.models import LICHEN, MARLIN, TURBOT, ScriptedModel, WordShelf, evidence_of

QUESTION = "How many charts does MARLIN sort in 37 minutes?"
CONSTANTS = {"not_stated": NOT_STATED, "not_found": NOT_FOUND}


@dataclass(frozen=True)
class Attack:
    """A text planted in a place, and what a model that obeys it replies. ``{system}`` in a reply stands for the
    instructions it was given."""

    id: str
    where: str
    text: str
    reply: str
    about: str

    def papers(self) -> list[Paper]:
        """The test papers, the first one poisoned as far as the attack is not in the question."""
        poisoned = {
            "abstract": replace(MARLIN, abstract=f"{MARLIN.abstract} {self.text}"),
            "title": replace(MARLIN, title=f"{MARLIN.title} {self.text}"),
            "author": replace(MARLIN, authors=(self.text, *MARLIN.authors)),
        }
        return [poisoned.get(self.where, MARLIN), TURBOT, LICHEN]

    def question(self) -> str:
        """What is asked."""
        return f"{QUESTION} {self.text}" if self.where == "question" else QUESTION

    def prompt(self) -> tuple[Message, ...]:
        """The request that goes out."""
        evidence = [evidence_of(p) for p in self.papers()]
        return fit(load_prompt("answer"), self.question(), evidence, CONSTANTS, counter_for("gpt-4"), 4_000).messages

    def obeyed(self) -> str:
        """The obeying model's reply."""
        system = self.prompt()[0].content
        reply = self.reply.replace("{system lines}", "\n".join(system.split()))
        return reply.replace("{system}", system).replace("{SYSTEM}", system.upper())


CORPUS = [
    Attack(**json.loads(line))
    for line in (Path(__file__).parents[1] / "fixtures" / "obeyed_attacks.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
EACH = pytest.mark.parametrize("attack", CORPUS, ids=lambda attack: attack.id)


def answered(attack: Attack, backend: Backend) -> tuple[Answer, str]:
    """The answer, and everything the reader saw on the way to it."""
    events = list(Assistant(WordShelf(attack.papers()), Settings(), backend).stream(attack.question()))
    last = events[-1]
    assert isinstance(last, Finished)
    return last.answer, "".join(e.text for e in events if isinstance(e, TextDelta))


def assert_harmless(answer: Answer, seen: str, attack: Attack) -> None:
    """Nothing forged, nothing given away, nothing live in the text that stays nor in what was streamed."""
    numbers = {citation.number for citation in answer.citations}
    known = {p.id: p for p in attack.papers()}
    assert {int(n) for n in re.findall(r"\[(\d+)\]", answer.text)} == numbers == set(range(1, len(numbers) + 1))
    for citation in answer.citations:
        assert known[citation.paper.id].abstract[citation.start : citation.end] == citation.quote
    sources = " ".join(p.abstract for p in attack.papers())
    rules = re.findall(r"\w+", attack.prompt()[0].content.lower())
    runs = {tuple(rules[i : i + RUN]) for i in range(len(rules) - RUN + 1)}
    for text in (answer.text, seen, *(s.text for s in answer.sentences)):
        words = re.findall(r"\w+", text.lower())
        assert not runs & {tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)}
        assert not re.search(r"<\s*[/!?]?\s*(?:script|img|iframe|svg|a|style|b|link|meta|object|embed)\b", text, re.I)
        assert not re.search(r"javascript:|data:text|\]\(|<\s?https?:|^\s*\[[^\]]*\]:", text, re.I | re.M)
        # An address may only be one that a source gives, and then only as plain text.
        assert all(address in sources for address in re.findall(r"https?://[\w./\-]+", text))
        assert not any(unicodedata.category(c) in {"Cf", "Co", "Cn"} for c in text)


def test_the_corpus_is_large_and_varied() -> None:
    assert len(CORPUS) >= 40
    assert {attack.where for attack in CORPUS} == {"abstract", "title", "author", "question"}


@EACH
def test_the_prompt_keeps_its_form(attack: Attack) -> None:
    clean = Attack("clean", "none", "", "", "").prompt()
    system, user = attack.prompt()
    assert system == clean[0]
    assert user.content.count("\n") == clean[1].content.count("\n")
    parsed = parse_prompt(user.content)
    assert [(s.number, len(s.passages)) for s in parsed.sources] == [(1, 1), (2, 1), (3, 1)]
    assert parsed.question.startswith(QUESTION)


@EACH
def test_control_words_and_delimiters_of_the_attack_are_broken(attack: Attack) -> None:
    _, user = attack.prompt()
    for word in ("<|im_", "[INST]", "[/INST]", "<<SYS>>", "<start_of_turn>", "<script", "<img", "<svg", "<<user>>"):
        assert word not in user.content
    assert user.content.count("<source number=") == 3
    assert user.content.count("</question>") == 1


@EACH
def test_a_model_that_obeys_does_no_harm(attack: Attack) -> None:
    reply = attack.obeyed()
    pieces = [reply[i : i + 5] for i in range(0, len(reply), 5)]
    answer, seen = answered(attack, ScriptedModel([pieces]))
    assert_harmless(answer, seen, attack)


@EACH
def test_the_extractive_backend_does_no_harm(attack: Attack) -> None:
    answer, seen = answered(attack, ExtractiveBackend())
    assert_harmless(answer, seen, attack)


@EACH
def test_a_model_that_obeys_while_condensing_does_no_harm(attack: Attack) -> None:
    model = ScriptedModel([[attack.obeyed()], ["MARLIN sorts 4,200 charts [1]."]])
    history = [{"role": "user", "content": attack.text}, {"role": "assistant", "content": attack.reply}]
    asker = Assistant(WordShelf(attack.papers()), Settings(), model)
    answer = asker.ask("how many does it sort?", history)
    assert len(answer.standalone_question) < 600
    assert "Copy figures, names" not in answer.standalone_question
    assert "<script" not in answer.standalone_question


def test_an_invented_figure_is_flagged() -> None:
    attack = next(a for a in CORPUS if a.about == "invented figure")
    answer, _ = answered(attack, ScriptedModel([[attack.obeyed()]]))
    assert {"unsupported_figure", "no_citations", "unsupported_answer"} & {entry.kind for entry in answer.ledger}
