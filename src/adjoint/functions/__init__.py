"""The functions that users call, with NumPy's names and signatures, composed of primitives."""
