"""The long runs behind docs/trust.md: `make trust`. Their short versions run in `make test`."""
