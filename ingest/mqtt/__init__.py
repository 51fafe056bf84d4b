"""MQTT: a persistent session at QoS 1 whose messages are acknowledged by hand, when they are kept."""

from ingest.mqtt.session import MqttSource, open_mqtt

__all__ = ["MqttSource", "open_mqtt"]
