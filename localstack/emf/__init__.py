"""What CloudWatch does with embedded-metric-format log lines and the emulator does not: turn them into metrics."""
