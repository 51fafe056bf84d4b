"""The web server: HTTP, the websocket and the built page."""
