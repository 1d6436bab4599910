"""What a computation did and why: stories, words, layout and numbers."""
