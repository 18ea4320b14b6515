"""The inspector: what is known of a layer, where its numbers come from, and changing them."""
