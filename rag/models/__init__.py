"""Embedding models and backends, built from settings."""
