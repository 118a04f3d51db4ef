//! Private keys and signed tokens.

use crate::row::{Row, token};

pub(super) const ROWS: &[Row] = &[
    token(
        "private-key",
        "Private key in PEM or OpenPGP armour",
        // The body is lines of base64, plain or escaped, perhaps with line numbers or marks of a diff before them.
        // A header without a body, as in source code, is no key.
        concat!(
            r"-----BEGIN(?: [A-Z0-9]{2,12}){0,3} PRIVATE KEY(?: BLOCK)?-----",
            r"(?:(?:\\+[nrt]|[\s\x22'+,;|>#*\-]|[0-9]{1,6}(?:[:\t]|\xE2\x86\x92))*",
            r"(?:(?:Proc-Type|DEK-Info|Version|Comment|Charset): ?[^\r\n\\]{0,120}|[A-Za-z0-9+/=]{16,}))+",
            r"(?:(?:(?:\\+[nrt]|[\s\x22'+,;|>#*\-])*[A-Za-z0-9+/=]{0,15}){0,3}",
            r"(?:\\+[nrt]|[\s\x22'+,;|>#*])*-----END(?: [A-Z0-9]{2,12}){0,3} PRIVATE KEY(?: BLOCK)?-----)?"
        ),
        &["private key"],
        "RFC 7468, RFC 4880 and the OpenSSH key format",
        &[
            "-----BEGIN RSA PRIVATE KEY-----\n{base64:64}\n{base64:64}\n{base64:20}==\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN OPENSSH PRIVATE KEY-----\n{base64:70}\n{base64:40}\n-----END OPENSSH PRIVATE KEY-----",
            "-----BEGIN EC PRIVATE KEY-----\n{base64:64}\n-----END EC PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\\n{base64:64}\\n{base64:8}\\n-----END PRIVATE KEY-----\\n",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{base64:64}\n",
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{hex:32}\n\n{base64:64}\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n{base64:64}\n{base64:30}\n={base64:4}\n-----END PGP PRIVATE KEY BLOCK-----",
        ],
        &[
            "if text.starts_with(\"-----BEGIN RSA PRIVATE KEY-----\") {",
            "-----BEGIN PUBLIC KEY-----\n{base64:64}\n-----END PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----\n{base64:64}\n-----END CERTIFICATE-----",
            "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        ],
    )
    .entropy(3.5),
    token(
        "putty-private-key",
        "Private key in PuTTY's format",
        r"PuTTY-User-Key-File-[23]: [\s\S]{20,2000}?Private-Lines: [0-9]{1,3}\s+((?:[A-Za-z0-9+/=]{20,}\s+)+)",
        &["putty-user-key-file"],
        "PuTTY documentation, PPK file format",
        &["PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: a\nPublic-Lines: 1\n{base64:64}\nPrivate-Lines: 1\n{base64:48}\n"],
        &["PuTTY-User-Key-File-3: ssh-ed25519"],
    )
    .inside(),
    token(
        "age-secret-key",
        "age identity",
        r"\bAGE-SECRET-KEY-(?:PQ-)?1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58,80}\b",
        &["age-secret-key-"],
        "The age specification",
        &["AGE-SECRET-KEY-1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LLQPZRY9X8GF2TVDW0S3JN54KHCE6"],
        &["AGE-SECRET-KEY-1..."],
    ),
    token(
        "json-web-token",
        "JSON web token",
        r"\beyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{16,}",
        &["eyj"],
        "RFC 7519",
        &["eyJhbGciOiJIUzI1NiJ9.eyJ{url:60}.{url:43}"],
        &["eyJhbGciOiJIUzI1NiJ9", "keyJump.eyJolt"],
    )
    .entropy(4.0),
    token(
        "json-web-key",
        "Private part of a JSON web key",
        r#""d"[ \t]*:[ \t]*"([A-Za-z0-9_\-]{40,700})""#,
        &["\"kty\""],
        "RFC 7517",
        &["{\"kty\":\"EC\",\"d\":\"{url:43}\"}", "{\"d\": \"{url:300}\",\"kty\":\"RSA\"}"],
        &["{\"kty\":\"EC\",\"x\":\"{url:43}\"}"],
    )
    .inside()
    .entropy(4.0),
];
