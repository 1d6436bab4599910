"""Pictures and pages made from a story: each view reads the same document."""
