"""Graph to equal but better graph: named passes of rules that each state identity and condition."""
