"""The scripts and styles of the player; they are read, not imported."""
