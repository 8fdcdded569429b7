"""The Gradio theme: system fonts only, so that nothing is fetched, and colours from the page's own style sheet."""

from __future__ import annotations

from gradio.themes import Base, Font

_SANS = ["-apple-system", "BlinkMacSystemFont", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace"]


def theme() -> Base:
    """Return Gradio's base theme with every colour taken from the variables of ``assets/page.css``."""
    both = {
        "body_background_fill": "var(--cw-paper)",
        "body_text_color": "var(--cw-ink)",
        "body_text_color_subdued": "var(--cw-quiet)",
        "background_fill_primary": "var(--cw-paper)",
        "background_fill_secondary": "var(--cw-surface)",
        "block_background_fill": "transparent",
        "border_color_primary": "var(--cw-rule)",
        "color_accent_soft": "var(--cw-accent-soft)",
        "input_background_fill": "transparent",
        "button_primary_background_fill": "var(--cw-accent)",
        "button_primary_background_fill_hover": "var(--cw-accent-strong)",
        "button_primary_text_color": "var(--cw-on-accent)",
        "button_secondary_background_fill": "transparent",
        "button_secondary_background_fill_hover": "var(--cw-accent-soft)",
        "button_secondary_text_color": "var(--cw-ink)",
    }
    plain = {
        "color_accent": "var(--cw-accent)",
        "block_border_width": "0",
        "block_shadow": "none",
        "block_padding": "0",
        "input_shadow": "none",
        "layout_gap": "0",
    }
    base = Base(font=[Font(name) for name in _SANS], font_mono=[Font(name) for name in _MONO])
    return base.set(**plain, **both, **{f"{name}_dark": value for name, value in both.items()})
