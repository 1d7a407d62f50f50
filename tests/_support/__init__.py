"""What tests share: small data, models, checkpoints and runs, a server and a Hub on loopback."""
