"""Does a change cost quality? Way in: :func:`eval.gate.gate.judge_run`."""
