"""Orders: lines, holds, statuses, placement, cancellation."""
