"""What the local cloud raises: every message is a sentence that also says what to do."""

from __future__ import annotations


class LocalCloudError(Exception):
    """Something that the person at the keyboard can put right; the command line prints it and exits with 1."""


class ServiceError(LocalCloudError):
    """A service could not be started, or did not become ready."""


class DeployError(LocalCloudError):
    """The CDK app could not be synthesised or deployed."""
