"""What is measured, and against what. Each module is one command; see docs/performance.md."""
