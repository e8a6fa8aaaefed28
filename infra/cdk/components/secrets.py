"""The secrets of the application, made the same way in every stage."""

import string
from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.cdk.data_plane import SharedSecret
from infra.cdk.settings import StageSettings

PASSWORD_LENGTH = 32
KEY_LENGTH = 64


class ApplicationSecrets(Construct):
    """Creates secrets named `smartqueue/<stage>/<path>`, encrypted with `key`, or else with AWS's own."""

    def __init__(
        self, scope: Construct, construct_id: str, *, stage: StageSettings, key: kms.IKey | None = None
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        # A view of the key whose policy CDK cannot widen: it leaves everything to IAM already.
        self._key = key and kms.Key.from_key_arn(self, "Key", key.key_arn)

    def generated(
        self, path: str, *, key: str, length: int, fields: Mapping[str, object], description: str
    ) -> SharedSecret:
        """A JSON secret of `fields`, plus `key` with a value that only Secrets Manager knows."""
        return self._create(
            path,
            description=description,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=self._json(fields),
                generate_string_key=key,
                password_length=length,
                # Not exclude_punctuation, which the emulator overlooks.
                exclude_characters=string.punctuation,
            ),
        )

    def given(self, path: str, *, fields: Mapping[str, object], description: str) -> SharedSecret:
        """A JSON secret whose confidential values are references to NoEcho parameters."""
        # "Unsafe" warns of values in the template; here it only holds references.
        value = cdk.SecretValue.unsafe_plain_text(self._json(fields))
        return self._create(path, description=description, secret_string_value=value)

    def token_keys(self) -> SharedSecret:
        """The key that signs access tokens."""
        return self.generated(
            "token-keys",
            key="key",
            length=KEY_LENGTH,
            fields={"kid": "1"},
            description="Signs and verifies access tokens.",
        )

    def metrics_credential(self) -> SharedSecret:
        """What scrapers show."""
        return self.generated(
            "metrics-credential",
            key="token",
            length=PASSWORD_LENGTH,
            fields={},
            description="What Prometheus shows to GET /metrics.",
        )

    def webhook_signing(self) -> SharedSecret:
        """The key that every tenant's webhook secret follows from."""
        return self.generated(
            "webhook-signing",
            key="key",
            length=PASSWORD_LENGTH,
            fields={},
            description="Signs outgoing webhooks.",
        )

    def _json(self, fields: Mapping[str, object]) -> str:
        # Only the stack can put references to parameters into JSON.
        return cdk.Stack.of(self).to_json_string(dict(fields))

    def _create(
        self,
        path: str,
        *,
        description: str,
        generate_secret_string: secretsmanager.SecretStringGenerator | None = None,
        secret_string_value: cdk.SecretValue | None = None,
    ) -> SharedSecret:
        name = f"smartqueue/{self._stage.name}/{path}"
        resource = secretsmanager.Secret(
            self,
            "".join(word.capitalize() for word in path.replace("/", "-").split("-")),
            secret_name=name,
            description=description,
            encryption_key=self._key,
            generate_secret_string=generate_secret_string,
            secret_string_value=secret_string_value,
            removal_policy=self._stage.removal_policy,
        )
        return SharedSecret(name=name, resource=resource)
