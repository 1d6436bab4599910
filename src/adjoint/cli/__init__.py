"""The command line: ``adjoint explain``, ``adjoint check`` and ``adjoint demo``."""
