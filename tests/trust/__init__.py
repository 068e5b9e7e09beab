"""Runs that try to lose a row, change a number or stop the service; figures go to var/trust."""
