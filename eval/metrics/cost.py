"""What an answer costs: time by stage, tokens, model calls, money."""

from __future__ import annotations

from eval.metrics.metric import AnswerRecord, Metric, Reducer, Unit, failed, median, metric, p95
from eval.sets.questions import Question
from rag.models.prices import Price

FAMILY = "cost"
STAGES = ("condense", "embed", "dense", "lexical", "rerank", "generate", "check", "total")


def latency_metric(stage: str, suffix: str, reduce: Reducer) -> Metric:
    """Milliseconds spent in a stage of the way of a question."""

    def score(_question: Question, answer: AnswerRecord) -> float | None:
        value = answer.get("timings_ms", {}).get(stage)
        return None if failed(answer) or value is None else float(value)

    shown = "median" if suffix == "p50" else "95th percentile"
    definition = f"Milliseconds of stage {stage} ({shown} over questions), by the system's own clock."
    return Metric(f"{stage}_ms_{suffix}", FAMILY, score, "lower", definition, "ms", reduce)


def usage_metric(name: str, unit: Unit, definition: str) -> Metric:
    """What the model calls of a question use, as the backend reports it."""

    def score(_question: Question, answer: AnswerRecord) -> float | None:
        value = answer.get("usage", {}).get(name)
        return None if failed(answer) or value is None else float(value)

    return Metric(name, FAMILY, score, "lower", f"{definition} (mean over questions).", unit)


PROMPT_TOKENS = usage_metric("prompt_tokens", "tokens", "Tokens sent to the model for a question, all calls together")
COMPLETION_TOKENS = usage_metric(
    "completion_tokens", "tokens", "Tokens the model wrote for a question, all calls together"
)


def cost(question: Question, answer: AnswerRecord) -> float | None:
    """Money for a question's tokens at the prices given for a million prompt and completion tokens (mean over
    questions), in their currency; no prices, no score."""
    prices, sent, written = (
        answer.get("prices"),
        *(m.score(question, answer) for m in (PROMPT_TOKENS, COMPLETION_TOKENS)),
    )
    if prices is None or sent is None or written is None:
        return None
    return Price(prices["prompt"], prices["completion"]).of(sent, written)


COST = (
    *(latency_metric(stage, "p50", median) for stage in STAGES),
    latency_metric("total", "p95", p95),
    PROMPT_TOKENS,
    COMPLETION_TOKENS,
    usage_metric("model_calls", "calls", "Model calls for a question"),
    metric("cost", FAMILY, cost, "lower", unit="money"),
)
