"""Markup is built from values, and values stay values."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError

from rag.bibliography.addresses import safe_address
from ui.draw.fill import fill
from ui.draw.html import el, join


class _Read(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(), st.text())
def test_whatever_the_text_an_element_holds_it_as_text(child: str, title: str) -> None:
    markup = el("p", child, title=title, class_="x")
    read = _Read(markup)
    assert read.tags == ["p"]
    assert set(read.attributes) == {"title", "class"}
    assert "\n" not in markup
    assert "\r" not in markup


def test_markup_inside_an_element_is_not_escaped_twice() -> None:
    assert el("p", el("b", "a < b"), "&") == "<p><b>a &lt; b</b>&amp;</p>"


def test_attributes_without_value_are_left_out_or_bare() -> None:
    assert el("details", open=True, hidden=False, id=None, aria_label="x") == '<details open aria-label="x"></details>'


def test_characters_that_turn_the_reading_direction_are_dropped() -> None:
    assert join(["a\u202eb\u2066c\x00d"]) == "abcd"


def test_names_of_elements_come_from_us_only() -> None:
    with pytest.raises(ValueError, match="not the name"):
        el("p onclick=x", "text")


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "https://",
        "https://user:secret@evil.example/",
        "https://a b.example",
        "java\nscript:alert(1)",
        "http://[::1",
    ],
)
def test_addresses_that_are_not_plain_web_addresses_are_no_links(url: str | None) -> None:
    assert safe_address(url) is None


def test_whatever_a_template_is_given_is_text_on_one_line() -> None:
    markup = fill("notice", message="<b>&\"'\n\n\u202e</b>")
    assert markup == '<p class="cw-notice" role="alert">&lt;b&gt;&amp;&#34;&#39;  &lt;/b&gt;</p>'


def test_a_value_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        fill("notice")
