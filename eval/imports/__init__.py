"""Reads what other benchmarks publish: BEIR folders, PubMedQA, ScholarQABench. A module a format."""
