"""Plain text out of LaTeX as bibliographies carry it: accents, symbols, emphasis, protected capitals.

The tables of accents and symbols are pylatexenc's. Its parser is not used on whole fields: it raises on nested or
broken input and drops the braces of macros it does not know, and an abstract is mostly prose.
"""

from __future__ import annotations

import re
from functools import cache

# An accent with the letter it stands on: \"o, \"{o}, {\"o}, \v{s}, \'\i, \H{o}, \c c.
_ACCENT = re.compile(
    r"\\(?:[\"'`^~=.]|[HcvudbrkG](?![A-Za-z]))\s{0,2}(?:\{\s{0,2}\\?[A-Za-z]{1,2}\s{0,2}\}|\\[ij](?![A-Za-z])|[A-Za-z])"
)
_MATHEMATICS = re.compile(
    r"(?<![\\$])\$(?!\s)([^$\n]{1,500}?)(?<![\s\\])\$(?![\d$])|\\\(([^()\\]{1,500}|.{1,500}?)\\\)"
)
_MACRO = re.compile(r"\\([A-Za-z]+)\*?(?:\s*\{\}|\s+(?=[^\s])|)")
_MARKUP = frozenset(
    """emph textit textbf texttt textsc textrm textsf textup textmd textnormal text mbox hbox mathrm mathbf mathit
    mathcal mathbb mathsf mathtt mathfrak boldsymbol bm operatorname underline uline ensuremath textsuperscript
    textsubscript em it bf rm sc tt sf sl itshape bfseries scshape ttfamily small large url nolinkurl href mkbibquote
    enquote displaystyle textstyle left right big Big nonbreaking protect relax noopsort""".split()
)
_DROPPED = re.compile(
    r"\\(?:cite[a-z]*|label|ref|eqref|footnote|thanks|hspace|vspace)\*?(?:\[[^\]]{0,100}\])?\{[^{}]{0,500}\}"
)
_FRACTION = re.compile(r"\\[dt]?frac\s?\{([^{}\\]{1,100})\}\s?\{([^{}\\]{1,100})\}")
_ROOT = re.compile(r"\\sqrt\s?\{([^{}\\]{1,100})\}")
_EXTRA = {
    "textbackslash": "\\",
    "textbraceleft": "{",
    "textbraceright": "}",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textdollar": "$",
    "textquotedbl": '"',
    "textquotesingle": "'",
    "textasciigrave": "`",
    "textunderscore": "_",
    "textpercent": "%",
    "ldots": "...",
    "dots": "...",
    "cdots": "...",
    "newline": " ",
    "par": " ",
    "quad": " ",
    "qquad": " ",
}
# Private-use stand-ins for signs that are text, while those that are LaTeX are taken away.
_LEFT, _RIGHT, _BACKSLASH = "\ue000", "\ue001", "\ue003"
_STAND_INS = frozenset("\ue000\ue001\ue002\ue003")
_DASHES = re.compile(r"(?<!-)(-{2,3})(?!-)")


def from_latex(text: str) -> str:
    """The text that LaTeX source shows, as far as a field of a bibliography needs it.

    Formulas keep their source without the dollar signs, so that ``$10^{-3}$`` reads ``10^-3``; macros that are not
    known stay as they are, because a model's name may be one (``\\ourMethod``). Ties and escaped signs are left to
    :func:`rag.language.normalise.normalise`.
    """
    if not any(c in text for c in "\\{}$") and "--" not in text:
        return text
    text = "".join(c for c in text if c not in _STAND_INS) if _STAND_INS & set(text) else text
    text = _ACCENT.sub(lambda match: _accented(match.group()), text)
    text = text.replace("\\\\", " ")
    text = _MATHEMATICS.sub(lambda match: match.group(1) or match.group(2) or "", text)
    text = _DROPPED.sub("", text)
    text = _ROOT.sub(r"sqrt(\1)", _FRACTION.sub(r"\1/\2", text))
    text = text.replace("\\{", _LEFT).replace("\\}", _RIGHT)
    text = _MACRO.sub(_macro, text)
    text = re.sub(r"\\[,;:! /]", lambda match: " " if match.group() in ("\\,", "\\;", "\\:", "\\ ") else "", text)
    text = re.sub(r"(?<=-)\{\}(?=-)", "\ue002", text.replace("\\-", ""))
    text = text.replace("{", "").replace("}", "")
    text = _DASHES.sub(lambda match: "–" if len(match.group()) == 2 else "—", text)
    return text.replace("\ue002", "").replace(_LEFT, "{").replace(_RIGHT, "}").replace(_BACKSLASH, "\\")


def _macro(match: re.Match[str]) -> str:
    name, whole = match.group(1), match.group()
    if name in _MARKUP:
        return ""
    symbol = _symbol(name)
    if symbol is None:
        return whole + " " if match.string[match.end() : match.end() + 1] == "{" else whole
    # LaTeX eats the blanks after a macro; a symbol that is a word of its own needs one all the same.
    blank = whole[-1].isspace() and not symbol.isalpha() and not symbol.isspace()
    safe = symbol.replace("{", _LEFT).replace("}", _RIGHT).replace("\\", _BACKSLASH)
    spaced = match.start() > 0 and match.string[match.start() - 1].isalnum()
    return f"{' ' if spaced else ''}{safe} " if blank else safe


@cache
def _accented(source: str) -> str:
    from pylatexenc.latex2text import LatexNodes2Text  # type: ignore[import-untyped]  # it ships no types

    return str(LatexNodes2Text().latex_to_text(source, tolerant_parsing=True)).strip()


@cache
def _symbol(name: str) -> str | None:
    """Return the character that a macro without arguments makes, or ``None`` if it is not one."""
    if name in _EXTRA:
        return _EXTRA[name]
    from pylatexenc.latex2text import get_default_latex_context_db

    shown = getattr(get_default_latex_context_db().get_macro_spec(name), "simplify_repl", None)
    return shown if isinstance(shown, str) and "%" not in shown and 0 < len(shown) <= 12 else None
