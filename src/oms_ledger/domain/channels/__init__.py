"""Settings of sales channels: each channel's have their own stream."""
