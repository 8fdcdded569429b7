"""Every metric by name, family by family."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from eval.metrics.checker import CHECKER
from eval.metrics.citation import CITATION
from eval.metrics.correctness import CORRECTNESS
from eval.metrics.cost import COST
from eval.metrics.faithfulness import FAITHFULNESS
from eval.metrics.metric import Metric
from eval.metrics.outcome import OUTCOME
from eval.metrics.retrieval import RETRIEVAL

METRICS: Mapping[str, Metric] = MappingProxyType(
    {metric.name: metric for metric in (*RETRIEVAL, *OUTCOME, *CITATION, *CORRECTNESS, *FAITHFULNESS, *CHECKER, *COST)}
)
