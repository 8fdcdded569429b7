"""The page as a reader meets it, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import GRADIO_WARNINGS, Visit
from tests.support.scripted import Scripted

# The first test pays for loading Gradio and starting the browser.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), *GRADIO_WARNINGS]

QUESTION = "Which optimizer trains BERT in 76 minutes?"


def test_a_citation_opens_the_paper_with_the_deciding_sentence_highlighted(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask(QUESTION)
    here.page.get_by_role("link", name="Source 1: Large Batch Optimization").first.click()
    paper = here.page.get_by_role("article", name="Large Batch Optimization for Deep Learning")
    assert "BERT trains in 76 minutes instead of 3 days." in paper.locator("mark:visible").inner_text()
    assert paper.locator(".cw-authors").inner_text().startswith("Yang You")
    assert paper.get_by_text("Supports this sentence", exact=True).is_visible()


def test_each_number_opens_the_paper_at_the_sentence_that_decides_there(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask(QUESTION)
    here.page.locator("a.cw-cite", has_text="[1]").nth(1).click()
    assert here.page.locator("mark:visible").inner_text().startswith("LARS, the most prominent algorithm")
    assert here.page.get_by_text("Does not support this sentence").is_visible()
    here.page.locator("#cw-messages .cw-row", has_text="Large Batch Optimization").click()
    assert "76 minutes" in here.page.locator("mark:visible").inner_text()


def test_the_highlighted_sentence_is_scrolled_into_view(visit: Callable[..., Visit]) -> None:
    here = visit(height=420)
    here.ask(QUESTION)
    here.page.locator("a.cw-cite").first.click()
    box, panel = here.page.locator("mark:visible").bounding_box(), here.page.locator("#cw-panel").bounding_box()
    assert box is not None
    assert panel is not None
    assert panel["y"] <= box["y"] <= panel["y"] + panel["height"]


def test_links_of_a_paper_open_apart_and_tell_nothing(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask(QUESTION)
    here.page.locator("a.cw-cite").first.click()
    link = here.page.locator(".cw-paper:not([hidden]) .cw-links a")
    assert link.get_attribute("href") == "https://arxiv.org/abs/1904.00962"
    assert link.get_attribute("rel") == "noopener noreferrer"
    assert link.get_attribute("target") == "_blank"


def test_doubted_sentences_are_marked_in_plain_words(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask(QUESTION)
    assert here.page.locator(".cw-sentence.cw-weak").inner_text().startswith("Multi-level training saves 51.6%")
    notes = here.page.get_by_role("note").all_inner_texts()
    assert notes == ["weak support", "the figure 900 is not in [1]"]
    here.page.get_by_text("3 sentences checked").click()
    assert here.page.locator(".cw-ledger").inner_text() == "Figure not found: 900 stands in no cited abstract"


def test_everything_works_from_the_keyboard(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask(QUESTION)
    cite = here.page.locator("a.cw-cite").first
    cite.focus()
    here.page.keyboard.press("Enter")
    assert here.page.evaluate("document.activeElement.innerText").startswith("[1] Large Batch Optimization")
    here.page.keyboard.press("Escape")
    assert here.page.locator(".cw-paper:not([hidden])").count() == 0
    assert cite.evaluate("element => element === document.activeElement")


def test_shift_and_enter_break_the_line_of_a_question(visit: Callable[..., Visit], scripted: Scripted) -> None:
    here = visit()
    box = here.page.get_by_role("textbox", name="Your question")
    box.press_sequentially("one")
    box.press("Shift+Enter")
    box.press_sequentially("two")
    box.press("Enter")
    here.page.locator("a.cw-cite").first.wait_for()
    assert [question for question, _ in scripted.asked] == ["one\ntwo"]


def test_a_paper_being_read_stays_where_it_is_when_the_next_answer_comes(visit: Callable[..., Visit]) -> None:
    here = visit(height=420)
    here.ask(QUESTION)
    here.page.locator("a.cw-cite").first.click()
    scrolled = here.page.locator("#cw-panel").evaluate("panel => panel.scrollTop")
    assert scrolled > 0
    here.ask("And then?")
    assert here.page.locator(".cw-overview .cw-asked").count() == 2
    assert here.page.locator("mark:visible").count() == 1
    assert here.page.locator("#cw-panel").evaluate("panel => panel.scrollTop") == scrolled


def test_all_cited_papers_are_listed_beside_the_chat(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask(QUESTION)
    here.page.locator(".cw-overview").wait_for()
    assert here.page.locator(".cw-overview .cw-row").count() == 2
    here.page.locator(".cw-overview .cw-row").nth(1).click()
    assert here.page.get_by_role("article", name="A Multi-Level Framework").is_visible()
    here.page.get_by_role("button", name="All cited papers").click()
    assert here.page.locator(".cw-overview").is_visible()


def test_an_example_question_is_asked_with_one_click(visit: Callable[..., Visit], scripted: Scripted) -> None:
    here = visit()
    here.page.get_by_role("button", name=QUESTION).click()
    here.page.locator("a.cw-cite").first.wait_for()
    assert scripted.asked[-1] == (QUESTION, [])


def test_a_follow_up_carries_the_conversation(visit: Callable[..., Visit], scripted: Scripted) -> None:
    here = visit()
    here.ask(QUESTION)
    here.ask("And on how many machines?")
    question, history = scripted.asked[-1]
    assert question == "And on how many machines?"
    assert [turn.role for turn in history] == ["user", "assistant"]
    assert history[1].content.startswith("LAMB trains BERT")


def test_stop_keeps_the_partial_answer_and_closes_the_stream(visit: Callable[..., Visit], scripted: Scripted) -> None:
    here = visit()
    here.ask("a slow question", wait=False)
    here.page.get_by_text("76 minutes", exact=True).wait_for()
    here.page.get_by_role("button", name="Stop").click()
    here.page.get_by_text("Stopped. What is above was not checked.").wait_for()
    assert scripted.closed.wait(5)
    assert not scripted.go_on.is_set()
    assert here.page.get_by_text("76 minutes", exact=True).is_visible()
    here.page.get_by_role("button", name="Ask", exact=True).wait_for()


def test_stop_by_key_puts_the_focus_where_the_next_question_is_typed(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("a slow question", wait=False)
    here.page.get_by_text("76 minutes", exact=True).wait_for()
    here.page.get_by_role("button", name="Stop").press("Enter")
    here.page.get_by_text("Stopped. What is above was not checked.").wait_for()
    assert here.page.get_by_role("textbox", name="Your question").evaluate("box => box === document.activeElement")


def test_stop_by_mouse_puts_the_focus_where_the_next_question_is_typed(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("a slow question", wait=False)
    here.page.get_by_text("76 minutes", exact=True).wait_for()
    here.page.get_by_role("button", name="Stop").click()
    here.page.get_by_text("Stopped. What is above was not checked.").wait_for()
    assert here.page.get_by_role("textbox", name="Your question").evaluate("box => box === document.activeElement")


def test_a_new_question_is_in_sight_also_for_a_reader_who_had_scrolled_back(visit: Callable[..., Visit]) -> None:
    from playwright.sync_api import expect

    here = visit(height=420)
    here.ask(QUESTION)
    here.ask("And how?")
    first = here.page.locator(".cw-question").first
    expect(first).not_to_be_in_viewport()
    here.page.locator("#cw-messages .bubble-wrap").hover()
    here.page.mouse.wheel(0, -5_000)
    expect(first).to_be_in_viewport()
    here.ask("a slow question", wait=False)
    expect(here.page.locator(".cw-question", has_text="a slow question")).to_be_in_viewport()
    expect(first).not_to_be_in_viewport()


def test_a_failure_in_the_middle_keeps_the_text_and_says_why(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("one that breaks")
    assert "76 minutes" in here.page.locator(".cw-answer").inner_text()
    alert = here.page.get_by_role("alert").inner_text()
    assert alert == "The model server closed the connection; ask again"


def test_an_answer_that_ends_without_a_word_says_so(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("one with a fault")
    assert "broke off" in here.page.get_by_role("alert").inner_text()


@pytest.mark.parametrize(("question", "label"), [("about nowhere", "Not found"), ("the unstated", "Not stated")])
def test_an_answer_that_is_none_offers_the_nearest_papers(
    visit: Callable[..., Visit], question: str, label: str
) -> None:
    here = visit()
    here.ask(question)
    assert here.page.get_by_text(label, exact=True).is_visible()
    here.page.locator(".cw-list .cw-row", has_text="Multi-Level Framework").click()
    assert here.page.get_by_role("article", name="A Multi-Level Framework").is_visible()


def test_an_empty_question_asks_nothing(visit: Callable[..., Visit], scripted: Scripted) -> None:
    here = visit()
    here.ask("   ", wait=False)
    assert here.page.get_by_role("alert").inner_text() == "Please type a question first."
    assert scripted.asked == []


def test_a_question_of_20000_characters_stays_in_its_field(visit: Callable[..., Visit], scripted: Scripted) -> None:
    here = visit()
    here.ask("w" * 20_000, wait=False)
    assert "20,000 characters" in here.page.get_by_role("alert").inner_text()
    assert len(here.page.get_by_role("textbox", name="Your question").input_value()) == 20_000
    assert scripted.asked == []


def test_markup_in_a_question_is_text(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("Is <b>BERT</b> <img src=x onerror=alert(1)> *good*?")
    assert here.page.locator(".cw-question").inner_text() == "Is <b>BERT</b> <img src=x onerror=alert(1)> *good*?"


def test_nothing_from_outside_runs_or_loads(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("a hostile question")
    here.page.locator("a.cw-cite").first.click()
    here.page.get_by_role("article").wait_for()
    assert here.page.evaluate("window.pwned") is None
    assert here.page.locator("#cw-main img, #cw-main script, #cw-main a[href^='javascript']").count() == 0
    assert "It costs < 1% & more {{7*7}} ${window.pwned=1}." in here.page.locator("article:visible").inner_text()


def test_two_tabs_talk_apart(visit: Callable[..., Visit], scripted: Scripted) -> None:
    first, second = visit(), visit()
    first.ask("a slow question", wait=False)
    first.page.get_by_text("76 minutes", exact=True).wait_for()
    second.ask(QUESTION)
    assert second.page.locator(".cw-question").all_inner_texts() == [QUESTION]
    scripted.go_on.set()
    first.page.locator("a.cw-cite").first.wait_for()
    assert first.page.locator(".cw-question").all_inner_texts() == ["a slow question"]


def test_a_reload_in_the_middle_closes_the_stream_and_starts_afresh(
    visit: Callable[..., Visit], scripted: Scripted
) -> None:
    here = visit()
    here.ask("a slow question", wait=False)
    here.page.get_by_text("76 minutes", exact=True).wait_for()
    here.page.reload()
    here.page.locator(".cw-welcome").wait_for()
    assert scripted.closed.wait(15)
    here.errors.clear()  # what the interrupted stream left in the console belongs to the page that is gone
    here.ask(QUESTION)
    assert scripted.asked[-1] == (QUESTION, [])


def test_a_new_chat_forgets_the_old_one(visit: Callable[..., Visit], scripted: Scripted) -> None:
    here = visit()
    here.ask(QUESTION)
    here.page.get_by_role("button", name="New chat").click()
    here.page.locator(".cw-welcome").wait_for()
    assert here.page.locator(".cw-paper").count() == 0
    here.ask("Another one?")
    assert scripted.asked[-1] == ("Another one?", [])


def test_a_new_chat_in_the_middle_of_an_answer_stays_empty(visit: Callable[..., Visit], scripted: Scripted) -> None:
    here = visit()
    here.ask("a slow question", wait=False)
    here.page.get_by_text("76 minutes", exact=True).wait_for()
    here.page.get_by_role("button", name="New chat").click()
    here.page.locator(".cw-welcome").wait_for()
    assert scripted.closed.wait(5)
    here.ask(QUESTION)
    assert here.page.locator(".cw-question").all_inner_texts() == [QUESTION]
    assert scripted.asked[-1] == (QUESTION, [])


def test_the_chosen_light_outlasts_a_reload(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.page.get_by_role("button", name="Switch between light and dark").click()
    assert "dark" in (here.page.locator("body").get_attribute("class") or "")
    here.page.reload()
    here.page.locator("body.dark").wait_for()


def test_a_narrow_window_shows_one_thing_at_a_time(visit: Callable[..., Visit]) -> None:
    here = visit(width=390, height=844)
    here.ask(QUESTION)
    assert not here.page.locator("#cw-panel").is_visible()
    here.page.locator("a.cw-cite").first.click()
    assert here.page.locator("mark:visible").is_visible()
    here.page.get_by_role("button", name="Close").click()
    assert not here.page.locator("#cw-panel").is_visible()
    assert here.page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_page_says_what_answers_from_how_much(visit: Callable[..., Visit]) -> None:
    here = visit()
    assert here.page.locator("#cw-facts .cw-fact").all_inner_texts() == ["95 papers", "extractive · no model"]


def test_an_answer_is_saved_as_a_file_and_copied_without_asking_the_server(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask(QUESTION)
    asked: list[str] = []
    here.page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    with here.page.expect_download() as saving:
        here.page.locator("a.cw-save", has_text="BibTeX").click()
    assert saving.value.suggested_filename == "which-optimizer-trains-bert-in-76-minutes.bib"
    assert "@misc{you2019large," in saving.value.path().read_text(encoding="utf-8")
    here.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    here.page.locator("a.cw-copy").click()
    here.page.locator("a.cw-copy", has_text="Copied").wait_for()
    copied = here.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"# {QUESTION}\n\n*Answered.*\n\nLAMB trains BERT in **76 minutes** [1].")
    assert asked == []


def test_an_answer_is_copied_where_there_is_no_clipboard_to_write_to(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    here.ask(QUESTION)
    here.page.locator("a.cw-copy").click()
    here.page.locator("a.cw-copy", has_text="Copied").wait_for()
    assert here.page.locator("body > textarea").count() == 0


def test_a_comparison_is_a_table_whose_citations_open_their_papers(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("a table, please")
    table = here.page.get_by_role("table")
    assert table.get_by_role("columnheader").all_inner_texts() == [
        "Method",
        "What it changes",
        "Tried on",
        "Time saved",
    ]
    assert table.get_by_role("row").count() == 4
    assert here.page.get_by_role("note").all_inner_texts() == ["weak support", "the figure 99% is not in [2]"]
    table.get_by_role("row").nth(2).get_by_role("link", name="Source 2").last.click()
    paper = here.page.get_by_role("article", name="A Multi-Level Framework")
    assert "51.6%" in paper.locator("mark:visible").inner_text()
    assert paper.get_by_text("Supports this sentence", exact=True).is_visible()


def test_code_nested_lists_and_quotations_are_drawn_as_such(visit: Callable[..., Visit]) -> None:
    here = visit()
    here.ask("nested, please")
    answer = here.page.locator(".cw-answer .cw-prose")
    assert (
        answer.locator("pre code").inner_text() == "for level in levels[1]:\n    loss = x<y  # [2]\n\n    train(level)"
    )
    assert answer.locator("pre a").count() == 0
    assert answer.locator("ol").get_attribute("start") == "5"
    assert (
        answer.locator("ol > li > ul > li > ul > li .cw-sentence").inner_text() == "It was tried on 900 machines [1]."
    )
    assert answer.locator("blockquote").inner_text().strip() == "It saves 51.6% on BERT-Large [2]."
    assert "if p<0.05:" in answer.inner_text()
    answer.locator("blockquote").get_by_role("link", name="Source 2").click()
    assert (
        "51.6%" in here.page.get_by_role("article", name="A Multi-Level Framework").locator("mark:visible").inner_text()
    )


def test_a_table_is_drawn_row_by_row_while_it_is_written(visit: Callable[..., Visit], scripted: Scripted) -> None:
    here = visit()
    here.ask("a slow table", wait=False)
    table = here.page.get_by_role("table")
    table.get_by_role("cell", name="51.6%").wait_for()
    assert table.get_by_role("row").count() == 3
    assert here.page.locator(".cw-streaming").inner_text().count("|") == 1  # the one that belongs to a cell
    scripted.go_on.set()
    table.get_by_role("row", name="Both").wait_for()


def test_a_table_wider_than_the_window_scrolls_by_itself(visit: Callable[..., Visit]) -> None:
    here = visit(width=390, height=844)
    here.ask("a table, please")
    frame = here.page.get_by_role("region", name="Table")
    frame.focus()
    assert frame.evaluate("frame => frame.scrollWidth > frame.clientWidth")
    assert here.page.evaluate("document.documentElement.scrollWidth") == 390
