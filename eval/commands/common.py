"""The packages of the extra ``eval``: asked for by name before work begins, not by a traceback in the middle of it."""

from __future__ import annotations

from importlib.util import find_spec

from rag.errors import UsageError

_PACKAGES = {"ir_measures": "ir-measures", "jinja2": "jinja2", "respx": "respx", "vcr": "vcrpy"}


def require(*modules: str) -> None:
    """Makes sure that modules can be imported, without importing them.

    Raises:
        UsageError: one is not installed.
    """
    missing = [_PACKAGES.get(module, module) for module in modules if find_spec(module) is None]
    if missing:
        raise UsageError(f"this needs {' and '.join(missing)}, not installed here; run: pip install 'citewell[eval]'")
