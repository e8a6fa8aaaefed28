"""Imported once by the server that environments are forked from: what takes long the first time is done here."""

import boto3
import kafka

import functions.auth.handler
import functions.classify.handler
import functions.migrate.handler
import functions.process.handler
import functions.query.handler
import functions.relay.handler
import functions.replay.handler
import functions.submit.handler
import smartqueue.broker
import smartqueue.cache
import smartqueue.database
import smartqueue.store.outbox
import smartqueue.tokens
import tests.faults.runtime.environment

__all__ = ["boto3", "functions", "kafka", "smartqueue", "tests"]
