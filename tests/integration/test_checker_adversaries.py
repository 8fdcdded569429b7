"""The checker against hundreds of answers that lie, made from true ones, and against the true ones themselves."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rag.answering.checking.check import check_answer
from rag.library import Library
from tests.conftest import ROOT
from tests.support.adversarial import Case, Gold, adversaries, read_gold, read_page
from tests.support.other_attacks import other_attacks, sample_golds

SHARED = ROOT.parent / "shared"
SAMPLE = ROOT / "eval" / "sets" / "sample.jsonl"


def caught(library: Library, cases: Sequence[Case]) -> list[bool]:
    """Of every answer, whether the reader is told that something is wrong with it."""
    found: list[bool] = []
    for case in cases:
        checked = check_answer(case.text, case.sources, similarity=library.similarity, question=case.question)
        marked = any(s.support == "unsupported" or s.problems for s in checked.sentences)
        found.append(marked or bool(checked.ledger))
    return found


def share(found: Sequence[bool]) -> float:
    return sum(found) / len(found)


def true_ones(golds: Sequence[Gold]) -> list[Case]:
    return [gold.changed("gold") for gold in golds]


@pytest.fixture(scope="module")
def golds() -> list[Gold]:
    return sample_golds(SAMPLE)


@pytest.mark.timeout(300)
def test_of_the_samples_answers_few_are_doubted(sample_library: Library, golds: list[Gold]) -> None:
    assert len(golds) > 100
    assert share(caught(sample_library, true_ones(golds))) <= 0.05


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_nine_lies_of_ten_are_caught_in_the_ways_the_checker_was_built_on(
    sample_library: Library, golds: list[Gold]
) -> None:
    lies = list(adversaries(golds))
    assert len(lies) >= 300
    assert share(caught(sample_library, lies)) >= 0.9


@pytest.mark.timeout(300)
def test_nine_lies_of_ten_are_caught_in_ways_it_was_not_built_on(sample_library: Library, golds: list[Gold]) -> None:
    lies = list(other_attacks(golds))
    assert len(lies) >= 300
    assert share(caught(sample_library, lies)) >= 0.9


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_on_the_dev_questions_lies_are_caught_and_the_truth_is_left_alone(sample_library: Library) -> None:
    page, questions = SHARED / "seed" / "papers-page.txt", SHARED / "evalset" / "questions.dev.jsonl"
    if not (page.exists() and questions.exists()):
        pytest.skip("the development questions are not part of this repository")
    dev = read_gold(questions, read_page(page))
    lies = list(adversaries(dev))
    assert len(lies) >= 300
    assert share(caught(sample_library, lies)) >= 0.9
    assert share(caught(sample_library, true_ones(dev))) <= 0.05
