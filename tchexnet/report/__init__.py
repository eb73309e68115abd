"""An evaluation: its numbers as tables and JSON, and as one HTML page."""
