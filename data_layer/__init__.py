"""NEMDesk's data layer: importable without Dash, from a notebook, a test or the command line."""
