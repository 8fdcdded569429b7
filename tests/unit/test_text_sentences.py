"""Sentences are whole, cover the text, and survive what abstracts of any field hold."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.language.sentences import sentences


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["We train BERT (e.g. Bert, GPT) fast.", "It works."],
        ["Accuracy is 3.5 points above Smith et al. (2019) and others.", "We agree."],
        ["This was shown by Jones et al.", "We extend it."],
        ["See Fig. 3 and Eq. (4) for details.", "Then stop."],
        ["Growth of E. coli and S. aureus was slow.", "C. elegans was fed."],
        ["Mice lacked vitamin C.", "Patients with hepatitis B.", "Controls had none."],
        ["The work of J. R. Smith and D. E. Knuth is known.", "This is new."],
        ["The U.S. Food and Drug Administration approved it in the U.S.", "The drug works."],
        ["Rats were injected i.p. with 5 mg/kg.", "They recovered."],
        ["Data from Jan. 2020 to Sept. 2021 were used (p. 12, No. 5).", "They are open."],
        ["Samples are i.i.d. Gaussian.", "Here we drop this."],
        ["Loss fell in the p53 cells.", "p53 binds DNA.", "mTOR does not."],
        ["Is more data enough?", "no, it is not."],
        ["We ask Yahoo! Answers users.", "They reply!", "Good."],
        ["It is great!", "The end..."],
        ["BACKGROUND: Heart failure is common.", "METHODS: We treated 12 patients (61.2 yr.).", "RESULTS: p < .05."],
        ["We contribute: 1. A method, 2. A data set.", "Both are open."],
        ["There are two.", "(i) We collect.", "(ii) We test."],
        ['He said "stop."', "She went."],
        ["It was measured before.[3]", "We measure again.[4,5]", "End."],
        ["Code is at https://github.com/a/b.", "Our model is free", ],
        ["Code is at https://github.com/VITA-Group/X.", "Models follow."],
        ["这是一句话。", "这是第二句！"],
        ["यह एक वाक्य है।", "यह दूसरा है।"],
        ["GPT-3.5 vs. Llama 2.0 was tested by Dr. Doe at St. Mary's.", "They tie."],
        ["The particle (sp. nov.) is new.", "In 2019.", "50 were found."],
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_would_end_them(parts: list[str]) -> None:
    glue = "" if "。" in parts[0] else " "
    assert split(glue.join(parts)) == parts


def test_text_without_capitals_is_split_at_its_stops() -> None:
    text = "a study of flow was made . the ratio was of . 5 and 10 . part of it, i.e. lift, agreed."
    assert split(text) == [
        "a study of flow was made .",
        "the ratio was of . 5 and 10 .",
        "part of it, i.e. lift, agreed.",
    ]
    assert split("mice were fed. rats were not.") == ["mice were fed.", "rats were not."]


@given(st.text(alphabet=st.sampled_from(list("aB .?!()[]\"'19e.gi,。\n")) | st.characters(), max_size=120))
def test_every_character_but_blanks_belongs_to_exactly_one_sentence(text: str) -> None:
    spans = sentences(text)
    ends = [0, *(place for span in spans for place in span), len(text)]
    assert ends == sorted(ends)
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
    assert not "".join(text[a:b] for a, b in zip(ends[::2], ends[1::2], strict=True)).strip()


@pytest.mark.parametrize(
    "piece", ["a. ", ". ", "A. ", ") ", ".) ", "[1] ", "?", "?x", ".)", "a . ", ". [1,", "x. [", "。", "1. "]
)
def test_a_hostile_text_takes_no_longer_than_its_length_asks_for(piece: str) -> None:
    started = time.process_time()
    sentences(piece * (400_000 // len(piece)))
    assert time.process_time() - started < 10
