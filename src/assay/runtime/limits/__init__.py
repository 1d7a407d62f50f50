"""What a model knows about its limits: when to abstain, which texts are unlike its train split."""
