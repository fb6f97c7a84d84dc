"""Durable streams of events: the log that keeps them and the producer that owns a running turn."""
