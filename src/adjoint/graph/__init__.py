"""Graphs as plain data: specs, nodes, topological order and text; no rule is known here."""
