"""More ways to lie, worded otherwise than those in :mod:`tests.support.adversarial`, which the checker was built on.

Nothing in rag/ was fitted to these words: they tell whether it catches a way of lying or only a way of putting it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from random import Random

from rag.answering.checking.rules.figures import figures
from rag.language.names import named_words
from rag.language.sentences import sentences
from rag.paper import Paper
from tests.support.adversarial import Case, Gold, read_gold

Template = Callable[[str, Gold, Gold], str | None]


def sample_golds(questions: Path) -> list[Gold]:
    """The gold answers of the question set on the sample papers that ship with the engine."""
    lines = files("rag.sample").joinpath("papers.jsonl").read_text(encoding="utf-8").splitlines()
    return read_gold(questions, [Paper.create(**json.loads(line)) for line in lines])


def sentence_golds(papers: Sequence[Paper], count: int, distractors: int = 5) -> list[Gold]:
    """Sentences of abstracts as answers, each among other papers of the list; the same every time."""
    chance = Random(1)  # noqa: S311 - nothing secret
    told = [paper for paper in papers if len(list(sentences(paper.abstract))) >= 4]
    found: list[Gold] = []
    for at, paper in enumerate(chance.sample(told, min(count, len(told)))):
        spans = [paper.abstract[a:b] for a, b in sentences(paper.abstract)]
        said = max(spans[1:], key=lambda text: (8 <= len(text.split()) <= 40, len(text)))
        mixed = [paper, *chance.sample([p for p in told if p is not paper], distractors)]
        chance.shuffle(mixed)
        found.append(Gold(f"s{at}", paper.title, (said,), tuple(mixed), (mixed.index(paper) + 1,)))
    return found


def other_attacks(golds: Sequence[Gold]) -> Iterator[Case]:
    """Every template on the first sentence of every answer that it can change."""
    for at, gold in enumerate(golds):
        others = [*golds[at + 5 :], *golds]
        donor = next(g for g in others if not {p.id for p in g.papers} & {p.id for p in gold.papers})
        for name, template in TEMPLATES.items():
            for place, sentence in enumerate(gold.said):
                told = template(sentence, gold, donor)
                if told is not None and told != sentence:
                    yield gold.changed(name, [*gold.said[:place], told, *gold.said[place + 1 :]])
                    break


_VERBS = dict(
    pair.split("/")
    for pair in """reduces/reduce improves/improve outperforms/outperform achieves/achieve enables/enable allows/allow
    provides/provide gives/give shows/show increases/increase decreases/decrease agrees/agree depends/depend
    requires/require uses/use introduces/introduce reaches/reach covers/cover trains/train surpasses/surpass beats/beat
    supports/support predicts/predict matches/match yields/yield produces/produce occurs/occur becomes/become
    cuts/cut exceeds/exceed combines/combine contains/contain generates/generate""".split()
)
_PAST = dict(
    pair.split("/")
    for pair in """reduced/reduce improved/improve achieved/achieve obtained/obtain showed/show increased/increase
    decreased/decrease reached/reach gave/give agreed/agree outperformed/outperform""".split()
)


def _first(pattern: str, change: Callable[[re.Match[str]], str]) -> Template:
    def template(sentence: str, gold: Gold, donor: Gold) -> str | None:
        told, count = re.subn(pattern, change, sentence, count=1)
        return told if count else None

    return template


def _swapped(pairs: str) -> Template:
    table = {
        a: b for pair in pairs.split() for one, other in [pair.split("/")] for a, b in ((one, other), (other, one))
    }
    return _first("|".join(rf"\b{word}\b" for word in table), lambda m: table[m.group()])


def _unit(sentence: str, gold: Gold, donor: Gold) -> str | None:
    units = """minutes/hours days/weeks hours/seconds million/billion thousand/million ms/minutes GB/TB KB/MB
    percent/times points/orders inches/feet degrees/radians tokens/words layers/heads"""
    table = {
        a: b for pair in units.split() for one, other in [pair.split("/")] for a, b in ((one, other), (other, one))
    }
    told, count = re.subn(
        rf"(?<=\d)([ -]?)({'|'.join(table)})\b", lambda m: m.group(1) + table[m.group(2)], sentence, count=1
    )
    return told if count else None


def _number_words(sentence: str, gold: Gold, donor: Gold) -> str | None:
    words = (
        "two/six three/eight four/nine five/twelve six/two seven/eleven eight/three nine/four ten/thirty twelve/five"
    )
    table = dict(pair.split("/") for pair in words.split())
    told, count = re.subn("|".join(rf"\b{word}\b" for word in table), lambda m: table[m.group()], sentence, count=1)
    if count:
        return told
    for figure in figures(sentence):
        if figure.kind == "number" and figure.text.isdigit() and int(figure.text) < 1000:
            return f"{sentence[: figure.start]}ninety-seven{sentence[figure.end :]}"
    return None


def _merged_before(sentence: str, gold: Gold, donor: Gold) -> str | None:
    claim = donor.said[0].rstrip(".")
    return f"{claim}; in addition, {sentence[0].lower()}{sentence[1:]}"


def _merged_behind(sentence: str, gold: Gold, donor: Gold) -> str | None:
    claim = re.sub(r"^(?:No|Yes)[,:] ", "", donor.said[-1]).rstrip(".")
    return f"{sentence.rstrip('.')}, which also means that {claim[0].lower()}{claim[1:]}."


def _other_entity(sentence: str, gold: Gold, donor: Gold) -> str | None:
    own = " ".join(f"{gold.papers[n - 1].title} {gold.papers[n - 1].abstract}" for n in gold.numbers).lower()
    strange = [
        n.word for n in named_words(" ".join(p.title for p in gold.papers)) if n.word.lower() not in own and n.strong
    ]
    mine = [n.word for n in named_words(sentence) if n.word.lower() in own]
    if not strange or not mine:
        return None
    return re.sub(rf"(?<!\w){re.escape(mine[-1])}(?!\w)", lambda _: strange[0], sentence)


_BOUNDS = {
    **{"up to": "at least", "at least": "at most", "at most": "at least", "less than": "more than"},
    **{"more than": "less than", "upwards of": "fewer than"},
}
TEMPLATES: dict[str, Template] = {
    "fails to": _first("|".join(rf"\b{v}\b" for v in _VERBS), lambda m: f"fails to {_VERBS[m.group()]}"),
    "did not": _first("|".join(rf"\b{v}\b" for v in _PAST), lambda m: f"did not {_PAST[m.group()]}"),
    "no longer": _first(r"\b(is|are|was|were)\b(?! not| no)", lambda m: f"{m.group()} no longer"),
    "cannot": _first(r"\b(can|could|may|will)\b(?! not)", lambda m: f"{m.group()} in no case"),
    "without": _first(r"\bwith\b", lambda _: "without"),
    "hardly ever": _first("|".join(rf"\b{v}\b" for v in _VERBS), lambda m: f"hardly ever {m.group()}"),
    "not the case": _first(r"\A(.)", lambda m: f"It is not the case that {m.group().lower()}"),
    "antonym": _swapped(
        """larger/smaller higher/lower increase/decrease increases/decreases increased/decreased increasing/decreasing
        more/less fast/slow faster/slower good/poor greater/less better/worse high/low large/small long/short
        positive/negative stable/unstable similar/different linear/nonlinear best/worst before/after most/few
        strong/weak many/few always/never early/late upper/lower maximum/minimum inside/outside thick/thin"""
    ),
    "unit": _unit,
    "number words": _number_words,
    "merged before": _merged_before,
    "merged behind": _merged_behind,
    "other entity": _other_entity,
    "far from": _first(r"\b(is|are|was|were)\b(?! not| no)", lambda m: f"{m.group()} far from"),
    "no evidence": _first(r"\A(.)", lambda m: f"There is no evidence that {m.group().lower()}"),
    "absence": _first(r"\bwith\b", lambda _: "in the absence of"),
    "bound": _first("|".join(_BOUNDS), lambda m: _BOUNDS[m.group()]),
    "points": _first(r"(\d)(?:\s?%| points\b)", lambda m: m[1] + ("%" if "points" in m[0] else " points")),
    "hedge": _first(r"\b(?:some|most|often|usually|sometimes|generally)\b", lambda _: "always"),
    "merged because": lambda sentence, _, donor: f"{sentence.rstrip('.')}, because {donor.said[0]}",
}
