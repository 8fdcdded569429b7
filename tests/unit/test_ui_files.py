"""The files an answer can be kept as, on their way to the page's script."""

from __future__ import annotations

import json
from dataclasses import replace

from lxml import html

from tests.unit.test_ui_render import ANSWER
from ui.draw import render
from ui.draw.files import files
from ui.draw.panel import delivery
from ui.page.conversation import Conversation


def test_each_link_below_an_answer_leads_to_a_file_that_is_there() -> None:
    conversation = Conversation()
    conversation.begin(ANSWER.question)
    conversation.finish(ANSWER)
    message = html.fromstring(conversation.messages()[1]["content"])
    held = html.fromstring(conversation.delivery() or "")
    targets = [a.get("href").removeprefix("#") for a in message.xpath("//p[@class='cw-files']/a")]
    assert len(targets) == 6
    assert all(held.xpath(f"//div[@id='{target}']/@data-text") for target in targets)


def test_a_file_comes_through_to_the_last_character() -> None:
    awkward = replace(ANSWER, question="Line\nbreak \u202e\x00 \"quoted\" <b> & 'x'?", text="a\n\n\n- b\t“c” [1]")
    held = html.fromstring(delivery(2, "Q", (), files(awkward, 2)))
    for file, element in zip(files(awkward, 2), held, strict=True):
        assert json.loads(element.get("data-text")) == file.text
        assert element.get("data-name") == file.name
    assert files(awkward, 2)[0].name == "line-break-quoted-b-x.md"


def test_without_citations_there_is_no_bibliography() -> None:
    empty = replace(ANSWER, outcome="not_found", citations=(), sentences=())
    assert [file.label for file in files(empty, 1)] == ["Markdown", "HTML"]


def test_without_files_there_is_no_row() -> None:
    assert "cw-files" not in render.answer(ANSWER, ())
