"""Quality signals of documents, computed for many texts at once."""
