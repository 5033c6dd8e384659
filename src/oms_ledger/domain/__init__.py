"""What is true: events, states and the words they are made of. Pure; standard library only."""
