"""Language models: the built-in practice model, local models, and any OpenAI-compatible service."""
