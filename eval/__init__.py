"""Question sets, metrics, runner, report, gate, benchmarks."""
