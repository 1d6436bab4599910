"""The tape machine: scalar graphs of thousands to millions of nodes, run by one small native loop."""
