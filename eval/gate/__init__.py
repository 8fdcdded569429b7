"""Does a change cost quality? Way in: :func:`eval.gate.verdict.gate_run`."""
