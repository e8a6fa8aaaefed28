"""The cloud on a laptop: embedded services, an AWS emulator, the MSK trigger and a command line, without Docker."""
