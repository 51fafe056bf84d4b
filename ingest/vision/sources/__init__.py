"""Where pictures come from: cameras' streams, clips, folders; guarded against what an address or a stream may do."""
