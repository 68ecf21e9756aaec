"""What developers run: the local system, benchmarks, simulations, documents from the code."""
