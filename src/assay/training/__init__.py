"""How a network is trained: loop, schedule, saved state, several processes, faster layers."""
