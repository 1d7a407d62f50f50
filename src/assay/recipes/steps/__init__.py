"""What several commands share: reading and cutting data, the time budget, the state of an interrupted run."""
