"""How is a run shown? Way in: :func:`eval.report.render.write_reports`."""
