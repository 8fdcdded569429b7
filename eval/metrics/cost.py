"""What an answer costs: time by stage, tokens, model calls, money."""

from __future__ import annotations

from eval.metrics.metric import AnswerRecord, Metric, Reducer, failed, median, metric, p95
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


def prompt_tokens(_question: Question, answer: AnswerRecord) -> float | None:
    """Tokens sent to the model for a question, all calls together (mean over questions)."""
    return _usage(answer, "prompt_tokens")


def completion_tokens(_question: Question, answer: AnswerRecord) -> float | None:
    """Tokens the model wrote for a question, all calls together (mean over questions)."""
    return _usage(answer, "completion_tokens")


def model_calls(_question: Question, answer: AnswerRecord) -> float | None:
    """Model calls for a question (mean over questions)."""
    return _usage(answer, "model_calls")


def cost(question: Question, answer: AnswerRecord) -> float | None:
    """Money for a question's tokens at the prices given for a million prompt and completion tokens (mean over
    questions), in their currency; no prices, no score."""
    prices, sent, written = answer.get("prices"), prompt_tokens(question, answer), completion_tokens(question, answer)
    if prices is None or sent is None or written is None:
        return None
    return Price(prices["prompt"], prices["completion"]).of(sent, written)


def _usage(answer: AnswerRecord, name: str) -> float | None:
    value = answer.get("usage", {}).get(name)
    return None if failed(answer) or value is None else float(value)


COST = (
    *(latency_metric(stage, "p50", median) for stage in STAGES),
    latency_metric("total", "p95", p95),
    metric("prompt_tokens", FAMILY, prompt_tokens, "lower", unit="tokens"),
    metric("completion_tokens", FAMILY, completion_tokens, "lower", unit="tokens"),
    metric("model_calls", FAMILY, model_calls, "lower", unit="calls"),
    metric("cost", FAMILY, cost, "lower", unit="money"),
)
