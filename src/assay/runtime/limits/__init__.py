"""What a model knows about its limits: when to abstain, and which texts are unlike its training data."""
