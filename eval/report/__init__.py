"""How is a run shown? Way in: :func:`eval.report.report.write_reports`."""
