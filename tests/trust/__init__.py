"""Runs that try to lose a row, change a number or bring the service down; figures in var/trust."""
