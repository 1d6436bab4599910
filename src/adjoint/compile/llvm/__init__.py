"""Everything that knows LLVM: the only folder that imports llvmlite."""
