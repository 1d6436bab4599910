"""Primitives: one record each, built by the family whose gate pattern gives the derivation."""
