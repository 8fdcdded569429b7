"""Fault injection: each reply of the faithful model with one known fault in it.

``eval.metrics.checker`` measures how the checker treats the fault and the sound sentences around it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from eval.metrics.checker import SWAPPED_PAPER, UNKNOWN_CITATION
from eval.sets.questions import Question
from eval.stand_ins.scripted_models import Claim, Draft, FaithfulModel
from rag.answering.prompt.sources import ParsedPrompt, SourceText
from rag.language.stopwords import STOPWORDS
from rag.language.tokens import tokens
from rag.models.protocols import Message

#: The fault of a statement in place of an abstention.
FABRICATED = "ignored_abstention"

# A figure of its own: not part of a name (BERT-2, GPT3), a version or a longer number.
_FIGURE = re.compile(r"(?<![\w.,\-/])\d{1,6}(?:\.\d{1,4})?(?![\w.,]*\d)(?=[%x×]?(?:[\s.,;:)]|$))")
_NEGATED = re.compile(r"\b(?:not|no|never|nor|without|neither|cannot)\b|n['’]t\b", re.IGNORECASE)
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|can|could|will|would|should|does|did)\b")
_OPPOSITES = {
    "higher": "lower", "lower": "higher", "more": "less", "less": "more", "faster": "slower", "slower": "faster",
    "better": "worse", "worse": "better", "larger": "smaller", "smaller": "larger", "fewer": "more",
    "improves": "worsens", "increases": "decreases", "decreases": "increases", "reduces": "raises",
    "outperforms": "falls behind", "exceeds": "falls below", "surpasses": "falls below", "beats": "loses to",
    "accelerates": "slows", "gains": "loses", "saves": "wastes", "cuts": "raises",
}  # fmt: skip
_OPPOSED = re.compile(rf"\b(?:{'|'.join(_OPPOSITES)})\b")
_WORDS_OF_CLAIM = 10


class FaultInjectingModel(FaithfulModel):
    """The faithful reply with one fault in it: a citation of a source that does not exist, a figure that no source
    states, a citation of the wrong paper, a statement turned into its opposite, an answer to an unanswerable question.

    The seed and the order of the set decide which fault is injected, so that all kinds are equally frequent.
    """

    def __init__(self, questions: Sequence[Question], seed: int = 0) -> None:
        super().__init__(questions)
        self._seed = seed
        self._order = {question.id: at for at, question in enumerate(questions)}

    def draft(self, question: Question, prompt: ParsedPrompt, messages: Sequence[Message]) -> Draft:
        """The faithful draft with a fault, or unchanged if it offers no place for one."""
        draft = super().draft(question, prompt, messages)
        # Determinism is the point here; nothing is kept secret.
        rng = random.Random(f"{self._seed}:{question.id}")  # noqa: S311
        if not draft.claims:
            return Draft((_fabricated(prompt, rng),))
        context = _Context(prompt, frozenset(n for claim in draft.claims for n in claim.numbers), rng)
        start = self._order[question.id] + self._seed
        for turn in range(len(_FAULTS)):
            fault, inject = _FAULTS[(start + turn) % len(_FAULTS)]
            for at, claim in enumerate(draft.claims):
                faulty = inject(claim, context)
                if faulty is not None:
                    claim_with_fault = replace(faulty, fault=fault)
                    return Draft((*draft.claims[:at], claim_with_fault, *draft.claims[at + 1 :]))
        return draft


def inject_fault(text: str, question: str, abstracts: str, seed: str) -> str | None:
    """A true sentence with a wrong figure, or turned into its opposite; ``None`` if neither is possible."""
    rng = random.Random(seed)  # noqa: S311 - as above
    prompt = ParsedPrompt((SourceText(1, "", (abstracts,)),), question)
    context = _Context(prompt, frozenset({1}), rng)
    claim = Claim(text, (1,))
    changed = _wrong_figure(claim, context) or _negate(claim, context)
    return changed.text if changed else None


@dataclass(frozen=True, slots=True)
class _Context:
    """What a fault is made from: the request, the numbers of the rightly cited papers, and a seeded generator."""

    prompt: ParsedPrompt
    cited: frozenset[int]
    rng: random.Random


Inject: TypeAlias = Callable[[Claim, _Context], Claim | None]


def _invent_citation(claim: Claim, context: _Context) -> Claim:
    invented = max(source.number for source in context.prompt.sources) + context.rng.randint(1, 9)
    # Beside the right one, or in its place.
    kept = claim.numbers if context.rng.random() < 0.5 else ()
    return replace(claim, numbers=(*kept, invented))


def _wrong_figure(claim: Claim, context: _Context) -> Claim | None:
    prompt, rng = context.prompt, context.rng
    # A figure of the question is an echo, and what every source states could hide a wrong one.
    known = prompt.question + " ".join(_text(source) for source in prompt.sources)
    figures = [m for m in _FIGURE.finditer(claim.text) if m.group() not in prompt.question]
    if not figures:
        return None
    figure = rng.choice(figures)
    for _ in range(20):
        other = _other_figure(figure.group(), rng)
        if other not in known:
            return replace(claim, text=f"{claim.text[: figure.start()]}{other}{claim.text[figure.end() :]}")
    return None


def _swap_paper(claim: Claim, context: _Context) -> Claim | None:
    others = [source.number for source in context.prompt.sources if source.number not in context.cited]
    return replace(claim, numbers=(context.rng.choice(others),)) if others and claim.numbers else None


def _negate(claim: Claim, context: _Context) -> Claim | None:  # noqa: ARG001 - one signature for all faults
    if _NEGATED.search(claim.text):
        return None
    auxiliary = _AUXILIARY.search(claim.text)
    if auxiliary:
        return replace(claim, text=f"{claim.text[: auxiliary.end()]} not{claim.text[auxiliary.end() :]}")
    turned = _OPPOSED.sub(lambda m: _OPPOSITES[m.group()], claim.text, count=1)
    return replace(claim, text=turned) if turned != claim.text else None


_FAULTS: tuple[tuple[str, Inject], ...] = (
    (UNKNOWN_CITATION, _invent_citation),
    ("wrong_figure", _wrong_figure),
    (SWAPPED_PAPER, _swap_paper),
    ("negation", _negate),
)


def _fabricated(prompt: ParsedPrompt, rng: random.Random) -> Claim:
    """The question's own words as a fact of the first source, with a figure or without."""
    words = [t.text for t in tokens(prompt.question) if t.text.lower() not in STOPWORDS][:_WORDS_OF_CLAIM]
    subject = " ".join(words) or "this"
    number = prompt.sources[0].number
    if rng.random() < 0.5:
        known = " ".join(_text(source) for source in prompt.sources)
        figure = next(f for f in (f"{rng.uniform(11, 99):.1f}" for _ in range(1000)) if f not in known)
        return Claim(f"The authors report {figure} for {subject}.", (number,), FABRICATED)
    return Claim(f"The authors confirm {subject} in all their experiments.", (number,), FABRICATED)


def _other_figure(figure: str, rng: random.Random) -> str:
    """Another figure of the same precision and order of magnitude."""
    whole, _, decimals = figure.partition(".")
    low, high = (10 ** (len(whole) - 1) if len(whole) > 1 else 1), 10 ** len(whole) - 1
    number = rng.choice([n for n in {rng.randint(low, high) for _ in range(8)} if str(n) != whole] or [int(whole) + 1])
    return f"{number}.{''.join(rng.choice('123456789') for _ in decimals)}" if decimals else str(number)


def _text(source: SourceText) -> str:
    return " ".join((source.title, source.about, *source.passages))
