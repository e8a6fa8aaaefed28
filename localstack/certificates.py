"""Certificates for TLS servers on this machine, each from an authority of its own that signs nothing else."""

import uuid
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CRITICAL = (x509.BasicConstraints, x509.KeyUsage)
SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def make_certificates(folder: Path, *hosts: str, lifetime: timedelta = timedelta(hours=1)) -> tuple[Path, Path]:
    """Write a certificate for `hosts` with its key, and the authority that signed it; return both paths."""
    authority_key, host_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    # Authorities of one name would be taken for one another, and fail for another reason than being unknown.
    issuer = f"Test authority {uuid.uuid4()}"

    authority_id = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())

    def build(subject: str, key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType) -> bytes:
        builder = x509.CertificateBuilder(
            issuer_name=_name(issuer),
            subject_name=_name(subject),
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(hours=1),
            not_valid_after=now + lifetime,
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=isinstance(extension, CRITICAL))
        return builder.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    folder.mkdir(parents=True, exist_ok=True)
    authority = folder / "authority.pem"
    authority.write_bytes(
        build(issuer, authority_key, x509.BasicConstraints(ca=True, path_length=0), SIGNS_CERTIFICATES, authority_id)
    )
    certificate = folder / "host.pem"
    certificate.touch(mode=0o600)
    certificate.write_bytes(
        host_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + build(
            hosts[0],
            host_key,
            x509.SubjectAlternativeName([_alternative(host) for host in hosts]),
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id),
        )
    )
    return certificate, authority


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
