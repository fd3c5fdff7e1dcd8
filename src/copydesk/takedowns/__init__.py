"""Taking a document down: where it still occurs, and how it leaves past releases."""
