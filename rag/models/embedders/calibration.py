"""How the cosines of an embedding model translate into relevance.

Cosines of different models are on different scales, so the numbers belong to the model they were measured with.
docs/retrieval.md says how, and on what.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calibration:
    """The coefficients of a logistic regression from cosine and lexical coverage to relevance, in units of cosine.

    Args:
        centre: cosine at which a paper is as likely relevant as not, nothing else being known.
        width: difference in cosine that changes the odds by a factor of e.
        coverage_weight: what full lexical coverage of the question is worth.
        found_name: what a rare name of the question in the best paper is worth.
        missing_name: what a name that no paper mentions costs.
        chance_spread: standard deviation of the cosines of papers and questions that have nothing in common.
        papers: papers in the library that the regression was fitted on; of more papers, some are near by chance.
    """

    centre: float
    width: float
    coverage_weight: float
    found_name: float
    missing_name: float
    chance_spread: float
    papers: int


_MINILM = Calibration(
    centre=0.40,
    width=0.07,
    coverage_weight=0.35,
    found_name=0.06,
    missing_name=0.35,
    chance_spread=0.07,
    papers=95,
)
_MEASURED: dict[str, Calibration] = {"all-MiniLM-L6-v2-int8@1": _MINILM}


def calibration_for(embedder: str) -> Calibration:
    """Return the calibration measured for an embedder, by its name; the bundled model's if none was measured."""
    return _MEASURED.get(embedder, _MINILM)
