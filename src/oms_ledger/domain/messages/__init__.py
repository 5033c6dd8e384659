"""Messages to customers: what is to be sent, and whether it was. Each has its own stream."""
