"""Where an export may go, and how it gets there whole or not at all."""
