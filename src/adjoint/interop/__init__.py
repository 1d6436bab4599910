"""One module for each outside library; none of them is loaded by adjoint itself."""
