"""The wire: server-sent events as bytes, and the typed events they carry."""
