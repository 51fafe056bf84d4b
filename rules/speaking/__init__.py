"""Which incident speaks for an alert: its own, that of a group, of a storm, or of something larger."""
