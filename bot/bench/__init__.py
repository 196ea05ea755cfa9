"""Benchmarks: the product against the raw libraries, interleaved in one run, reported as ratios."""
