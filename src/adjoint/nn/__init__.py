"""Neural networks: losses and activations as plain functions (so far)."""
