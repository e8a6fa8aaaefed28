"""Where the event source mappings report what they gave up, so that somebody hears of it."""

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.settings import StageSettings


def new_last_resort_queue(scope: Construct, construct_id: str, *, stage: StageSettings) -> sqs.Queue:
    """A queue of pointers to records in Kafka: topic, partition and offsets, never what the records hold."""
    queue = sqs.Queue(
        scope,
        construct_id,
        queue_name=f"smartqueue-{stage.name}-undelivered",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=cdk.Duration.days(14),
        removal_policy=stage.removal_policy,
    )
    reason = "It is the end of the line itself: people read it, and no function fails on it."
    acknowledge(queue, "AwsSolutions-SQS3", reason)
    acknowledge(queue, "Serverless-SQSRedrivePolicy", reason)
    return queue
