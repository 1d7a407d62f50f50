"""What several commands share: preparing data, fitting and finishing a model, budget, resuming."""
