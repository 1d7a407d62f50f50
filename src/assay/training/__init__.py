"""How a network is trained: the loop, its schedule, its saved state, several processes, faster layers."""
