"""The word by which a near copy says the opposite."""

from __future__ import annotations

import pytest

from rag.answering.checking.rules.near_copies import reversing_edits

STATED = "The layerwise decay of learning rates is stable in large models and reduces training cost on every task."


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (STATED, []),
        (STATED.replace("is stable", "is not stable"), ["not"]),
        (STATED.replace("is stable", "is no longer stable"), ["no"]),
        (STATED.replace("reduces", "fails to reduce"), ["fails"]),
        (STATED.replace("reduces", "hardly ever reduces"), ["hardly"]),
        (STATED.replace("reduces", "in no case reduces"), ["no"]),
        (STATED.replace("stable", "unstable"), ["unstable"]),
        (STATED.replace("reduces", "increases"), ["increases"]),
        (f"It is not the case that {STATED}", ["not"]),
        (STATED.replace("large models", "large models, not small ones,"), []),
        (STATED.replace("is stable", "is far from stable"), ["not"]),
        (f"There is no evidence that {STATED}", ["not"]),
        (STATED.replace("in large models", "in the absence of large models"), ["without"]),
        (STATED.replace("is stable", "is always stable"), []),
        (f"No, {STATED}", []),
        (STATED.replace("stable", "steady").replace("reduces", "lowers"), []),
        ("Bananas do not ripen in cold countries.", []),
    ],
)
def test_what_turns_a_copy_around_is_found(said: str, words: list[str]) -> None:
    assert reversing_edits(said, STATED) == words


@pytest.mark.parametrize(
    ("said", "stated", "words"),
    [
        (
            "The method needs extra training data for tasks.",
            "The method never needs extra training data for tasks.",
            True,
        ),
        (
            "The method is unnecessary for large trained models.",
            "The method is not necessary for large trained models.",
            False,
        ),
        ("The tool always finds the right answer first.", "The tool often finds the right answer first.", True),
        ("The tool finds the right answer first here.", "The tool may find the right answer first here.", True),
        ("The tool can find the right answer first here.", "The tool may find the right answer first here.", False),
        (
            "The induced stresses could not be calculated from the observed shapes.",
            "It was not possible to calculate the induced stresses using the observed shapes.",
            False,
        ),
        ("It works without any extra labelled training data.", "It works with no extra labelled training data.", False),
    ],
)
def test_a_denial_left_out_is_found_and_one_put_otherwise_is_none(said: str, stated: str, words: bool) -> None:
    assert bool(reversing_edits(said, stated)) is words
