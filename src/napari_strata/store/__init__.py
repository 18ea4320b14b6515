"""Read-only access to a container's metadata: every file once, nothing outside the root."""
