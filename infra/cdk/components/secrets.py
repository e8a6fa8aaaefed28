"""The secrets of the application, made the same way in every stage."""

import json
from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.cdk.data_plane import SharedSecret
from infra.cdk.stages import Stage

PASSWORD_LENGTH = 32
KEY_LENGTH = 64


class ApplicationSecrets(Construct):
    """Creates secrets named `smartqueue/<stage>/<path>`."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage

    def generated(
        self, path: str, *, key: str, length: int, fields: Mapping[str, object], description: str
    ) -> SharedSecret:
        """A JSON secret of `fields`, plus `key` with a value that only Secrets Manager knows."""
        # The strings may hold references to parameters, which only the stack can put into JSON.
        template = cdk.Stack.of(self).to_json_string(dict(fields)) if fields else json.dumps({})
        return self._create(
            path,
            description=description,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=template,
                generate_string_key=key,
                password_length=length,
                exclude_punctuation=True,
            ),
        )

    def given(self, path: str, *, fields: Mapping[str, cdk.SecretValue], description: str) -> SharedSecret:
        """A JSON secret whose values come from outside, as NoEcho parameters."""
        return self._create(path, description=description, secret_object_value=fields)

    def _create(
        self,
        path: str,
        *,
        description: str,
        generate_secret_string: secretsmanager.SecretStringGenerator | None = None,
        secret_object_value: Mapping[str, cdk.SecretValue] | None = None,
    ) -> SharedSecret:
        name = f"smartqueue/{self._stage.name}/{path}"
        resource = secretsmanager.Secret(
            self,
            "".join(word.capitalize() for word in path.replace("/", "-").split("-")),
            secret_name=name,
            description=description,
            generate_secret_string=generate_secret_string,
            secret_object_value=secret_object_value,
            removal_policy=cdk.RemovalPolicy.RETAIN if self._stage.keeps_data else cdk.RemovalPolicy.DESTROY,
        )
        return SharedSecret(name=name, resource=resource)
