"""Flat source: a recorded computation and its gradient as Python that anyone can read and run."""
