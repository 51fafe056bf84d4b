"""Rules: events become alerts, and alerts become incidents."""
