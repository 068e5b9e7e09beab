"""Long runs that show what can be relied on: `python -m tests.trust.<name>`."""
