"""Imports all that a run needs, so that a forked process begins at once. Computes nothing: threads do not fork."""

from __future__ import annotations

from pipelines import cli, graph, instance, progress, run, summary
from quality import expectations

expectations.load()
__all__ = ["cli", "graph", "instance", "progress", "run", "summary"]
