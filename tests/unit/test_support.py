"""Support: what backs a sentence, what contradicts it, and what of it claims anything at all."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.answering.checking.rules.checkworthy import is_checkworthy
from rag.answering.checking.rules.figure_context import figures_outside, swapped_figures
from rag.answering.checking.rules.polarity import contradictions, is_negated, read_polarity
from rag.answering.checking.scorer import SUPPORTED, WEAK, SupportScorer, clauses
from rag.answering.checking.source_index import SourceText
from rag.language.names import NameIndex, named_words
from rag.language.stems import stem
from rag.paper import Paper
from tests.support.adversarial import evidence

PRUNING = Paper.create(
    title="Pruning with PrunerX",
    abstract=(
        "Large language models are slow. We present PrunerX, which removes attention heads in blocks. "
        "It is 60% smaller and 30% faster than DistilGPT2 on GLUE. It does not need any retraining."
    ),
)
RETRIEVAL = Paper.create(
    title="Late interaction for passage search",
    abstract=(
        "We introduce a late interaction architecture that encodes query and document independently. "
        "It executes two orders-of-magnitude faster than earlier rankers."
    ),
)


def bench(texts: Sequence[str], similarity: object = None) -> SupportScorer:
    sources = [SourceText(evidence(PRUNING)), SourceText(evidence(RETRIEVAL))]
    return SupportScorer(sources, texts, similarity)  # type: ignore[arg-type]


def opposed(said: str, *stated: str) -> list[str]:
    readings = [read_polarity(text) for text in stated]
    return contradictions(read_polarity(said), readings[0], readings)


def test_a_sentence_is_supported_by_the_paper_that_says_it_and_not_by_another() -> None:
    text = "PrunerX removes attention heads and is 60% smaller and 30% faster than DistilGPT2."
    held = bench([text])
    own, other = held.best_support(text, [0]), held.best_support(text, [1])
    assert own is not None
    assert other is not None
    assert own.score >= SUPPORTED
    assert other.score < WEAK


def test_the_deciding_sentence_is_the_one_that_says_most_of_it() -> None:
    text = "On GLUE it is 30% faster than DistilGPT2."
    backing = bench([text]).best_support(text, [0, 1])
    assert backing is not None
    assert PRUNING.abstract[backing.start : backing.end].startswith("It is 60% smaller")


def test_a_claim_joined_from_another_paper_pulls_a_sentence_down() -> None:
    true = "PrunerX is 60% smaller than DistilGPT2"
    merged = f"{true}, and the architecture encodes query and document independently in late interaction."
    held = bench([merged])
    alone, both = held.best_support(merged, [0]), held.best_support(merged, [0, 1])
    assert alone is not None
    assert both is not None
    assert alone.score < WEAK < SUPPORTED <= both.score


def test_without_an_abstract_there_is_no_backing() -> None:
    empty = SourceText(evidence_of_empty())
    assert SupportScorer([empty], ["Anything."]).best_support("Anything.", [0]) is None


def evidence_of_empty() -> object:
    return evidence(Paper.create(title="A title alone", abstract="", paper_id="empty"))


def counting(asked: list[tuple[list[str], int]], cosine: float = 0.5) -> object:
    """A similarity that takes down what it is asked: the texts, and how many sentences they are compared with."""

    def similarity(texts: Sequence[str], lines: Sequence[str]) -> NDArray[np.floating]:
        asked.append((list(texts), len(lines)))
        return np.full((len(texts), len(lines)), cosine)

    return similarity


OPEN = ["PrunerX drops parts of attention.", "It was 30% quicker than another model."]


def test_similarity_is_asked_once_of_each_source_for_all_texts_that_words_leave_open() -> None:
    asked: list[tuple[list[str], int]] = []
    held = bench(OPEN, counting(asked))
    held.embed_undecided([(text, [0, 1]) for text in OPEN])
    held.embed_undecided([(text, [0]) for text in OPEN])
    assert held.best_support(OPEN[0], [0]) is not None
    assert asked == [(sorted(OPEN), 4), (sorted(OPEN), 2)]


@pytest.mark.parametrize(
    "text",
    [
        "It is 60% smaller and 30% faster than DistilGPT2 on GLUE.",  # word for word
        "On GLUE, PrunerX is 60% smaller and 30% faster than DistilGPT2.",  # the same words
        "Bananas ripen in warm countries under the sun.",  # nothing of it
    ],
)
def test_nothing_is_embedded_where_words_settle_it(text: str) -> None:
    asked: list[tuple[list[str], int]] = []
    held = bench([text], counting(asked))
    held.embed_undecided([(text, [0])])
    assert held.best_support(text, [0]) is not None
    assert asked == []


def test_what_words_settle_comes_out_the_same_whatever_the_likeness() -> None:
    text = "On GLUE, PrunerX is 60% smaller and 30% faster than DistilGPT2."
    levels = []
    for cosine in (0.0, 1.0):
        held = bench([text], counting([], cosine))
        held.embed_undecided([(text, [0])])
        backing = held.best_support(text, [0])
        assert backing is not None
        levels.append(backing.score >= SUPPORTED)
    assert levels == [True, True]


def test_a_sentence_word_for_word_is_supported_in_full_and_quotes_itself() -> None:
    text = "According to “Pruning with PrunerX”: it does not need any retraining."
    backing = bench([text]).best_support(text, [1, 0])
    assert backing is not None
    assert backing.score == 1.0
    assert PRUNING.abstract[backing.start : backing.end] == "It does not need any retraining."


@pytest.mark.parametrize(
    "text",
    [
        "need any retraining.",  # a part: what was left out said "not"
        "It is 6.0% smaller and 30% faster than DistilGPT2 on GLUE.",
        "It does need any retraining.",
        "According to “Late interaction for passage search”: It does not need any retraining.",
    ],
)
def test_what_differs_in_a_word_or_point_is_not_word_for_word(text: str) -> None:
    assert not bench([text]).is_verbatim(text, [0])


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("It is 60% smaller and 30% faster.", 1),
        ("PrunerX removes attention heads; the ranker encodes query and document.", 2),
        ("PrunerX removes attention heads, and the ranker encodes query and document.", 2),
        ("The premise is wrong: PrunerX removes attention heads in blocks.", 1),
        ("It scores 3:1, and more.", 1),
    ],
)
def test_a_sentence_is_cut_where_another_claim_begins(sentence: str, parts: int) -> None:
    assert len(clauses(sentence)) == parts


@pytest.mark.parametrize(
    ("said", "stated"),
    [
        ("PrunerX does not remove attention heads.", "PrunerX removes attention heads in blocks."),
        ("Ten baseline tasks were not used.", "We evaluate both models on ten baseline tasks."),
        ("It never outperformed DistilGPT2 on GLUE.", "It outperforms DistilGPT2 on GLUE."),
        ("It is 60% larger than DistilGPT2.", "It is 60% smaller than DistilGPT2."),
        ("SPT increases peak memory consumption.", "SPT reduces peak memory consumption by half."),
        ("with more than 2% accuracy drop", "a 10x speedup with < 2% accuracy drop"),
        ("PrunerX needs retraining of the heads.", "PrunerX does not need retraining of the heads."),
    ],
)
def test_the_opposite_is_a_contradiction(said: str, stated: str) -> None:
    assert opposed(said, stated)


@pytest.mark.parametrize(
    ("said", "stated"),
    [
        ("PrunerX removes attention heads.", "PrunerX removes attention heads in blocks."),
        ("It does not need retraining.", "It works without any retraining."),
        ("It is not only smaller but faster on GLUE.", "It is smaller and faster on GLUE."),
        ("No, it is smaller on GLUE.", "It is smaller on GLUE."),
        ("It can capture long context.", "Earlier models cannot capture long context. We capture long context."),
        ("Small and large models gain.", "Large models gain more than small ones."),
        ("LLMs fail to generate fluent text.", "LLMs often struggle to generate fluent texts."),
        ("It reports higher speed.", "It reports lower cost."),
    ],
)
def test_what_agrees_or_speaks_of_something_else_is_none(said: str, stated: str) -> None:
    assert opposed(said, *stated.split(". ")) == []


def test_a_figure_or_name_behind_a_denial_is_denied() -> None:
    text = "It is not 5 points but 0.1 points."
    assert is_negated(text, text.index("5"))
    assert not is_negated(text, text.index("0.1"))


@pytest.mark.parametrize(
    "text",
    [
        "The abstracts do not say.",
        "None of the sources mentions the vocabulary size.",
        "It is not stated which hardware was used.",
        "There is no information on training time.",
        "Here is a comparison:",
        "Yes.",
        "The premise is wrong.",
        "Which one is faster?",
        "I could not find this in the library.",
    ],
)
def test_what_leads_through_an_answer_claims_nothing(text: str) -> None:
    assert not is_checkworthy(text)


@pytest.mark.parametrize(
    "text",
    [
        "PrunerX is fast.",
        "No, PrunerX is slower.",
        "42.",
        "The abstract does not say why 9 of 10 models fail.",
        "The paper does not improve accuracy.",
        "There is no evidence that PrunerX is fast.",
    ],
)
def test_what_says_something_of_the_papers_is_a_claim(text: str) -> None:
    assert is_checkworthy(text)


@pytest.mark.parametrize("name", ["GPT2", "GPT-2", "LLaMA", "RoBERTa's", "NER", "LLMs", "CPU", "BERT-based", "Korean"])
def test_a_name_is_found_in_another_spelling(name: str) -> None:
    text = "We compare GPT-2, LLaMA and RoBERTa in named entity recognition with CPU-only BERT for korean."
    assert name in NameIndex([text])


@pytest.mark.parametrize("name", ["GPT-3", "GPT-2.5", "T5", "ALBERT", "BERTa", "NLI", "GPU", "Japanese"])
def test_a_name_that_is_not_there_is_not_found(name: str) -> None:
    text = "We compare GPT-2, LLaMA and RoBERTa in named entity recognition with CPU-only BERT for korean."
    assert name not in NameIndex([text])


def test_names_are_told_from_the_first_word_of_a_sentence() -> None:
    found = named_words("The PrunerX method by Smith beats GPT-2")
    assert [(name.word, name.strong) for name in found] == [("PrunerX", True), ("Smith", False), ("GPT-2", True)]


@pytest.mark.parametrize(
    "words", ["outperforms outperformed outperforming", "reduce reduces reduced reduction", "use uses", "model models"]
)
def test_inflections_share_a_stem(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == 1


def test_a_figure_beside_another_noun_is_swapped() -> None:
    stated = ["The corpus has 4 million paragraphs covering 500 entity types."]
    assert [f.text for f in swapped_figures("It has 500 paragraphs.", stated)] == ["500"]
    assert swapped_figures("It covers 500 entity types.", stated) == []


def test_a_figure_of_another_sentence_is_stray() -> None:
    assert [f.text for f in figures_outside("It reaches 15.1 points.", ["It reaches 10.8 points."], "Title")] == [
        "15.1 points"
    ]
    assert figures_outside("It reaches 10.8 points.", ["It reaches 10.8 points."], "Title") == []


@pytest.mark.parametrize(
    "unit", ["not ", "no abstract ", "a, and b ", "BERT-", "the source does not ", "more less ", "- "]
)
def test_hostile_repetition_costs_linear_time(unit: str) -> None:
    text = unit * (12_000 // len(unit))
    start = time.process_time()
    is_checkworthy(text)
    clauses(text[:4_000])
    read_polarity(text)
    named_words(text)
    assert time.process_time() - start < 5
