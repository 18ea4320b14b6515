"""What is known of a layer: its levels, their places, where every number comes from."""
