"""Everything that looks for problems in data, and the file in which a person answers."""
