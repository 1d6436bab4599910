"""From a Python function to machine code: trace, rewrite, schedule, emit, enter."""
