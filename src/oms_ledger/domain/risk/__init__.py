"""Hold rules, the blocked list, and how many orders a buyer has placed."""
