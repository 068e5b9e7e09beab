"""What a person sees: functions from data to components and figures. No query, no callback, no state."""
