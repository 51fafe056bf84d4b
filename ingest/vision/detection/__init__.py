"""Frame -> detections: which objects there are in a picture, where, and how sure that is."""
