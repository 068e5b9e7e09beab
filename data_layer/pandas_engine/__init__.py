"""The whole-history-in-memory engine: the way back, the oracle of the tests, the benchmarks' "before"."""
