"""Simulators: a pretend city that speaks over MQTT exactly as real devices do."""
