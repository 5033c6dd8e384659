"""Orders from other systems' files, through the same command path as everybody else's."""
