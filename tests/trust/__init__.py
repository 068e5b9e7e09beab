"""Runs that try to lose a row, change a number or bring the service down; each writes its figures to var/trust."""
