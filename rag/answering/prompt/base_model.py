"""The prompt for a base model, one without a chat template: it follows examples, not instructions.

What a chat model gets as rules and tagged sources becomes a text that only needs to be continued: three worked examples
with short numbered sources, then the sources and the question at hand. Small models copy the look of an answer and
leave out the numbers, so a grammar holds them to it: every sentence ends with the number of a source in the prompt.
Whether that source says so is for the checker to find out, as with any model.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.prompt.sentinels import NOT_FOUND
from rag.answering.prompt.sources import SourceText, escape, joined_passages, parse_prompt
from rag.errors import ModelError
from rag.models.protocols import Continuation, Message

_SOURCES, _QUESTION, _ANSWER = "Sources:", "Question:", "Answer:"
#: Where the continuation leaves the answer and invents the next example.
STOPS = ("\n\n", f"\n{_SOURCES}", f"\n{_QUESTION}", f"\n{_ANSWER}")
_OMISSION = "…"
#: Beyond two sentences a small model repeats itself.
_MOST_SENTENCES = 2
#: Characters; a small model that falls into a loop ends it here.
_LONGEST_SENTENCE = 300

_EXAMPLES = (
    (
        (
            SourceText(1, "Roof gardens in warm cities", ("Roof gardens cooled the flats below by 2.1 degrees.",)),
            SourceText(2, "Bees on roofs", ("We counted 41 species of wild bees on 30 planted roofs.",)),
        ),
        "How much do roof gardens cool the flats below them?",
        "Roof gardens cooled the flats below by 2.1 degrees. [1]",
    ),
    (
        (
            SourceText(1, "Sleep and memory of children", ("Children who slept longer recalled 18% more words.",)),
            SourceText(2, "Naps at work", ("A nap raised attention but not recall.",)),
            SourceText(3, "Paper made of straw", ("Straw paper tears at half the load of wood paper.",)),
        ),
        "Does sleep help memory?",
        "Children who slept longer recalled 18% more words. [1] A nap raised attention but not recall. [2]",
    ),
    (
        (SourceText(1, "Tides in narrow bays", ("The tide in the bay rises by up to 11 metres.",)),),
        "Which language has the most vowels?",
        NOT_FOUND,
    ),
)  # fmt: skip


def base_prompt(messages: Sequence[Message]) -> Continuation:
    """Return the text that a base model continues with an answer to the last user message.

    Raises:
        ModelError: that message holds no sources with a question; a base model can do nothing but answer from sources.
    """
    last = next((message.content for message in reversed(messages) if message.role == "user"), "")
    prompt = parse_prompt(last)
    if not prompt.sources or not prompt.question:
        raise ModelError(
            "a base model only answers from sources; for other tasks set CITEWELL_GGUF to a model with a chat template"
        )
    shown = [f"{_task(sources, question)} {answer}" for sources, question, answer in _EXAMPLES]
    text = "\n\n".join([*shown, _task(prompt.sources, prompt.question)])
    return Continuation(text, _grammar([source.number for source in prompt.sources]), STOPS)


def _task(sources: Sequence[SourceText], question: str) -> str:
    # Escaped again, since reading the prompt undid it: nothing in a source may look like a source number or a new line.
    lines = [f"[{s.number}] {escape(s.title)}. {joined_passages(s, _OMISSION)}" for s in sources]
    return "\n".join([_SOURCES, *lines, f"{_QUESTION} {escape(question)}", _ANSWER])


def _grammar(numbers: Sequence[int]) -> str:
    """Return the grammar of a few sentences, each with a source number behind its stop; or of the word for none.

    A stop inside a sentence is one only before a digit, so that a model cannot end a sentence in any other way.
    """
    return "\n".join(
        [
            f'root ::= " {NOT_FOUND}" | (" " sentence){{1,{_MOST_SENTENCES}}}',
            f'sentence ::= [^ .\\n\\[\\]] ([^.\\n\\[\\]] | "." [0-9]){{1,{_LONGEST_SENTENCE}}} "." " [" number "]"',
            "number ::= " + " | ".join(f'"{number}"' for number in numbers),
        ]
    )
