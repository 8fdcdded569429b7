"""Papers to bibliographies (:func:`export`) and answers to documents (:func:`rag.export.answer.export_answer`)."""

from rag.export.export import FORMATS, export

__all__ = ["FORMATS", "export"]
