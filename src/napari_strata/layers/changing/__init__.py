"""What is done with a layer: another place, another level, another reader's replaced, a copy."""
