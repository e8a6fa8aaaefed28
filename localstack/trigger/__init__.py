"""What the emulator lacks: the poller behind an MSK event source mapping."""
