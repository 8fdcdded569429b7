"""How does something leave this program as a file? Papers by :func:`export`, answers by
:func:`rag.export.answer.export_answer`; a format is a module of ``formats`` with ``render``."""

from rag.export.export import FORMATS, export

__all__ = ["FORMATS", "export"]
