"""The page as Gradio components, wired to the chat. Import it late: Gradio takes seconds to load."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from rag.settings import Settings
from ui.draw import render
from ui.draw.panel import empty_panel
from ui.page import header
from ui.page.chat import Chat, PageUpdate
from ui.page.conversation import Conversation
from ui.page.header import LibraryView
from ui.page.stream import Answering

#: Answers written at the same time, over all readers; further questions wait their turn.
CONCURRENT_ANSWERS = 16


def build(library: LibraryView, assistant: Answering, settings: Settings) -> gr.Blocks:
    """Return the page. Its theme, style sheet and script are given where it is mounted: see :mod:`ui.serve.web`."""
    chat = Chat(assistant)
    page = gr.Blocks(title="Citewell", analytics_enabled=False, fill_height=True, fill_width=True)
    with page:
        conversation = gr.State(Conversation())
        with gr.Row(elem_id="cw-header"):
            facts = gr.HTML(elem_id="cw-facts", apply_default_css=False)
            with gr.Row(elem_id="cw-tools"):
                new = gr.Button("New chat", elem_id="cw-new", size="sm")
                gr.HTML(header.theme_switch(), elem_id="cw-theme", apply_default_css=False)
        with gr.Row(elem_id="cw-main", equal_height=True):
            with gr.Column(elem_id="cw-chat"):
                messages = gr.Chatbot(
                    elem_id="cw-messages",
                    show_label=False,
                    container=False,
                    height="100%",
                    buttons=[],
                    latex_delimiters=[],
                    sanitize_html=True,
                    group_consecutive_messages=False,
                    feedback_options=None,
                )
                notice = gr.HTML(elem_id="cw-notices", apply_default_css=False)
                with gr.Row(elem_id="cw-composer"):
                    question = gr.Textbox(
                        elem_id="cw-question",
                        label="Your question",
                        show_label=False,
                        container=False,
                        placeholder="Ask the library …",
                        lines=1,
                        max_lines=8,
                        autofocus=True,
                        scale=1,
                    )
                    send = gr.Button("Ask", variant="primary", elem_id="cw-send", scale=0)
                    stop = gr.Button("Stop", variant="stop", elem_id="cw-stop", visible=False, scale=0)
            gr.HTML(empty_panel(), elem_id="cw-panel", apply_default_css=False)
        # The page's script takes from here what each answer adds to the panel.
        panel = gr.HTML(elem_id="cw-delivery", apply_default_css=False)

        outputs = [messages, panel, notice, question, send, stop, conversation]

        def draw(update: PageUpdate, state: Conversation | None) -> list[Any]:
            def given(value: Any) -> Any:
                return gr.skip() if value is None else value

            busy = update.answering
            return [
                given(update.messages),
                given(update.panel),
                gr.skip() if update.notice is None else render.notice(update.notice),
                given(update.question),
                gr.skip() if busy is None else gr.update(visible=not busy),
                gr.skip() if busy is None else gr.update(visible=busy),
                given(state),
            ]

        async def ask(text: str, state: Conversation, request: gr.Request) -> AsyncIterator[list[Any]]:
            update = PageUpdate()
            async for update in chat.ask(text or "", state, str(request.session_hash)):
                # The conversation is changed in place and set once: an answer that ends late must not put it back.
                yield draw(update, state if update.answering else None)
            # Gradio repeats the last update when a generator ends. The chat list need not be sent twice, but the
            # buttons must: on a busy machine the browser may apply the first update of a quick answer last.
            yield draw(PageUpdate(answering=update.answering), None)

        async def halt(request: gr.Request) -> None:
            chat.stop(str(request.session_hash))

        async def clear(request: gr.Request) -> list[Any]:
            chat.drop(str(request.session_hash))
            return draw(PageUpdate(messages=[], panel="", notice="", answering=False), Conversation())

        def opened() -> list[Any]:
            welcome = header.welcome(library)
            return [
                header.facts(library, settings),
                gr.update(placeholder=welcome.markup, examples=[{"text": text} for text in welcome.examples]),
            ]

        def picked(event: gr.SelectData) -> str:
            return str(event.value["text"])

        asking: dict[str, Any] = {
            "fn": ask,
            "inputs": [question, conversation],
            "outputs": outputs,
            "show_progress": "hidden",
            "concurrency_limit": CONCURRENT_ANSWERS,
            "concurrency_id": "ask",
            # Otherwise a question put right after "New chat", while the dropped answer is still ending, would be lost.
            # The chat itself refuses a second question during an answer.
            "trigger_mode": "multiple",
            "api_visibility": "private",
        }
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}

        def recover() -> list[Any]:
            return draw(PageUpdate(answering=False), None)

        for asked in (
            gr.on([question.submit, send.click], **asking),
            messages.example_select(picked, None, question, **quiet).then(**asking),
        ):
            asked.failure(recover, None, outputs, **quiet)
        stop.click(halt, None, None, **quiet)
        new.click(clear, None, outputs, **quiet)
        page.load(opened, None, [facts, messages], **quiet)
    return page
