"""What the page's components are sent for a question."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from rag.settings import Settings
from tests.support.scripted import SampleShelf, Scripted
from ui.page.conversation import Conversation


def _sent(question: str) -> list[dict[str, Any]]:
    """Return the values sent for a question, by the element's id, in order."""
    from ui.page.app import build

    async def collect() -> list[dict[str, Any]]:
        shelf = SampleShelf()
        # Built inside the loop: without one Gradio makes its own and never closes it.
        page = build(shelf, Scripted(shelf), Settings())
        asking = next(function for function in page.fns.values() if getattr(function.fn, "__name__", "") == "ask")
        ids = [component.elem_id for component in asking.outputs]
        sent = asking.fn(question, Conversation(), SimpleNamespace(session_hash="s"))
        return [dict(zip(ids, values, strict=True)) async for values in sent]

    return asyncio.run(collect())


def _visible(value: Any) -> bool | None:
    return value.get("visible") if isinstance(value, dict) else None


def test_the_last_update_of_an_answer_gives_the_buttons_back_and_resends_no_chat() -> None:
    first, *_, last = _sent("Which?")
    assert (_visible(first["cw-send"]), _visible(first["cw-stop"])) == (False, True)
    assert (_visible(last["cw-send"]), _visible(last["cw-stop"])) == (True, False)
    assert not isinstance(last["cw-messages"], list)


def test_the_last_update_of_a_refused_question_leaves_the_buttons_to_the_answer_being_written() -> None:
    last = _sent("  ")[-1]
    assert _visible(last["cw-send"]) is None
