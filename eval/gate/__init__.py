"""Does a change cost quality? Way in: :func:`eval.gate.verdict.judge_run`."""
