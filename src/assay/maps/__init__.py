"""The two-dimensional map of texts: neighbours, layout, projection."""
