"""Ingest: what devices say over MQTT becomes events in the stream, kept before it is acknowledged."""
