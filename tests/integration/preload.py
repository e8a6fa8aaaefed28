"""Imported once by the server that workers are forked from: what takes long the first time is done here."""

import boto3
from moto import mock_aws

import tests.integration.worker

__all__ = ["tests"]

with mock_aws():
    boto3.client("secretsmanager", region_name="us-east-1").create_secret(Name="first", SecretString="{}")
