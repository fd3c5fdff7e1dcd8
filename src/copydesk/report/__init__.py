"""What a person looks at: rules and changes on a terminal, and pages."""
