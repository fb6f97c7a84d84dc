"""What a person sees: text that grows in place, and the panels around it."""
