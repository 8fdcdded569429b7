"""How many faults injected into a model's text the checker catches, and how many sound sentences it rejects.

A scripted model says what it wrote: the record's ``written`` is a list of ``{"text", "fault", "papers"}``, a sentence
each without markers, with the name of the fault planted in it or ``null``, and the titles of the papers it cites.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from eval.metrics.correctness import plain
from eval.metrics.metric import AnswerRecord, metric
from eval.sets.questions import Question

FAMILY = "checker"
#: The fault that is mended by taking out a citation number, not the sentence.
UNKNOWN_CITATION = "unknown_citation"
#: The fault that is also mended by citing another paper.
SWAPPED_PAPER = "swapped_paper"


def checker_detection(_question: Question, answer: AnswerRecord) -> float | None:
    """Share of the faults planted in the model's text that do not reach the reader unmarked: the sentence is gone, is
    called unsupported or has its problems named; a number of no source is taken out and told of; a wrong paper is no
    longer cited. Over answers of a scripted model that planted any."""
    planted = [written for written in answer.get("written", ()) if written["fault"]]
    return sum(caught(written, answer) for written in planted) / len(planted) if planted else None


def checker_false_alarms(_question: Question, answer: AnswerRecord) -> float | None:
    """Share of the sound sentences of the model's text that are gone, called unsupported, have problems named, or cite
    none of their papers any more. Over answers of a scripted model with a sound sentence."""
    sound = [written for written in answer.get("written", ()) if not written["fault"]]
    return sum(_disturbed(written, answer) for written in sound) / len(sound) if sound else None


def caught(written: Mapping[str, Any], answer: AnswerRecord) -> bool:
    """Return whether the reader does not see an injected fault, or sees it marked."""
    if written["fault"] == UNKNOWN_CITATION:
        known = {citation["number"] for citation in answer.get("citations", ())}
        cited = {number for sentence in answer.get("sentences", ()) for number in sentence["citations"]}
        told = any(entry["kind"] == UNKNOWN_CITATION for entry in answer.get("ledger", ()))
        return told and cited <= known
    if written["fault"] == SWAPPED_PAPER and not _cites(written, answer):
        return True
    return _marked(written["text"], answer)


def detection_by_fault(answers: Iterable[AnswerRecord]) -> dict[str, tuple[int, int]]:
    """How many planted faults of each kind were caught, and how many there were, by the fault's name."""
    found: Counter[str] = Counter()
    planted: Counter[str] = Counter()
    for answer in answers:
        for written in answer.get("written", ()):
            if written["fault"]:
                planted[written["fault"]] += 1
                found[written["fault"]] += caught(written, answer)
    return {fault: (found[fault], planted[fault]) for fault in sorted(planted)}


def _marked(text: str, answer: AnswerRecord) -> bool:
    """Return whether a written sentence is not in the answer or is marked there."""
    kept = _kept(text, answer)
    return not kept or any(s["support"] == "unsupported" or s["problems"] for s in kept)


def _disturbed(written: Mapping[str, Any], answer: AnswerRecord) -> bool:
    """Return whether a sound sentence was removed or changed."""
    return _marked(written["text"], answer) or (bool(written.get("papers")) and not _cites(written, answer))


def _cites(written: Mapping[str, Any], answer: AnswerRecord) -> bool:
    """Return whether a written sentence still cites a paper that its writer cited."""
    titles = {c["number"]: c["paper"]["title"] for c in answer.get("citations", ())}
    cited = {titles.get(number) for s in _kept(written["text"], answer) for number in s["citations"]}
    return not cited.isdisjoint(written.get("papers", ()))


def _kept(text: str, answer: AnswerRecord) -> list[Mapping[str, Any]]:
    """The sentences of the answer that hold a written one, or parts of it."""
    wanted = _letters(text)
    # The checker may cut a text at other places than its writer.
    return [s for s in answer.get("sentences", ()) if (own := _letters(s["text"])) and (own in wanted or wanted in own)]


def _letters(text: str) -> str:
    return "".join(c for c in plain(text) if c.isalnum())


CHECKER = (
    metric("checker_detection", FAMILY, checker_detection, companions=("checker_false_alarms",)),
    metric("checker_false_alarms", FAMILY, checker_false_alarms, "lower", companions=("checker_detection",)),
)
