"""Faults that the product must bear: short runs are tests, long ones `python -m tests.trust.<name>`."""
