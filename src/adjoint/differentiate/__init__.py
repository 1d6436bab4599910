"""Derivatives as walks over the graph: reverse, forward, and the transforms built on them."""
