"""What a cold start loads: nothing heavy on a path that does not need it."""

import json
import subprocess
import sys

import pytest

DATABASE, KAFKA, CACHE, AI, AWS, PASSWORDS = "psycopg", "kafka", "redis", "openai", "boto3", "argon2"
HEAVY = {DATABASE, KAFKA, CACHE, AI, AWS, PASSWORDS, "aws_cdk", "aws_xray_sdk", "httpx2"}
# Kafka, openai and boto3 are loaded at their first use, if it comes.
NEEDED = {
    "auth": {DATABASE, CACHE, PASSWORDS},
    "authorizer": set(),
    "submit": {DATABASE, CACHE},
    "query": {DATABASE},
    "replay": {DATABASE, CACHE},
    "process": {DATABASE, CACHE, "httpx2"},
    "classify": {DATABASE, CACHE},
    "relay": {DATABASE, CACHE},
    "metrics": {DATABASE, CACHE},
    "migrate": {DATABASE, "httpx2"},
    "rotate": {DATABASE, AWS},
    "seal": {DATABASE, CACHE, AWS},
    "docs": set(),
    "export": {"httpx2"},
}


@pytest.mark.parametrize("function", NEEDED)
def test_a_cold_start_loads_only_what_its_function_needs(function: str) -> None:
    code = f"import functions.{function}.handler, json, sys; print(json.dumps(sorted(sys.modules)))"
    listed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, timeout=60)
    loaded = {name.split(".")[0] for name in json.loads(listed.stdout)}
    assert loaded & HEAVY == NEEDED[function]
