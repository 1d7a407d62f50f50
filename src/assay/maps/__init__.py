"""The two-dimensional map of texts: nearest neighbours, layout, projection."""
