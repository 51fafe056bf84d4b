"""Video -> detections: cameras' streams are read, looked at, and what is seen goes out as events over MQTT."""
