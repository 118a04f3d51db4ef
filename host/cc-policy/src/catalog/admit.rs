//! Whether a package may come into the home: who signed it, and that it is not an older or another one.

use super::{
    keys::{KeyName, Signed},
    lock::Seen,
    parcel::{Consent, Origin},
};
use crate::{PolicyError, manifest::Manifest};

/// All that the answer depends on.
pub(super) struct Case<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) manifest_sha256: &'a str,
    pub(super) origin: &'a Origin,
    pub(super) signed: Signed,
    pub(super) consent: &'a Consent,
    /// The newest version of it that ever was in this home.
    pub(super) seen: Option<&'a Seen>,
}

/// The key that vouches for the package; none when the user does so.
pub(super) fn admit(case: &Case<'_>) -> Result<Option<KeyName>, PolicyError> {
    let signer = signer(case)?;
    if let Some(seen) = case.seen {
        check_version(case, seen)?;
        check_signer(case, seen, signer.as_ref())?;
    }
    Ok(signer)
}

fn signer(case: &Case<'_>) -> Result<Option<KeyName>, PolicyError> {
    let wanted = case.consent.key.as_ref();
    match (&case.signed, case.origin) {
        (Signed::By(name), _) => Ok(Some(name.clone())),
        (Signed::Broken(name), _) => Err(refused(
            case,
            &format!(
                "has a signature of the key '{name}' for other bytes: it was changed after it was signed. \
                      Download it again, and ask its publisher if it stays so"
            ),
        )),
        (Signed::Stranger | Signed::Not, _) if wanted.is_some() => {
            let name = wanted.map(ToString::to_string).unwrap_or_default();
            Err(refused(
                case,
                &format!("is not signed by the key '{name}': ask its publisher for a signed one"),
            ))
        }
        (Signed::Stranger | Signed::Not, Origin::Folder(_)) => Ok(None),
        (signed, Origin::Remote { digest, .. }) => unsigned(case, signed, digest).map(|()| None),
    }
}

/// What comes from the network without a signature needs the user's word for exactly these bytes.
fn unsigned(case: &Case<'_>, signed: &Signed, digest: &str) -> Result<(), PolicyError> {
    match &case.consent.unsigned {
        Some(expected) if expected == digest => return Ok(()),
        Some(expected) => {
            return Err(refused(case, &format!("has the digest {digest}, and you allowed {expected}")));
        }
        None => {}
    }
    let what = match signed {
        Signed::Stranger => {
            "is signed by a key that you have not pinned: pin it with 'plugin key add NAME KEY'"
        }
        _ => "is not signed",
    };
    Err(refused(case, &format!("{what}. To add these bytes all the same: --unsigned --digest {digest}")))
}

fn check_version(case: &Case<'_>, seen: &Seen) -> Result<(), PolicyError> {
    let order = case.manifest.version.cmp_precedence(&seen.version);
    if order.is_lt() && !case.consent.downgrade {
        let what = format!(
            "is older than {}, which was in this home: an old version may have mistakes that are known. \
             To go back all the same: --downgrade",
            seen.version
        );
        return Err(refused(case, &what));
    }
    let remote = matches!(case.origin, Origin::Remote { .. }) && seen.remote;
    if order.is_eq() && remote && seen.manifest_sha256 != case.manifest_sha256 {
        let what = "is not the one of that version that was in this home before, and a published version never \
                    changes: ask its publisher";
        return Err(refused(case, what));
    }
    Ok(())
}

/// A plugin that was signed by one key does not silently become another key's.
fn check_signer(case: &Case<'_>, seen: &Seen, signer: Option<&KeyName>) -> Result<(), PolicyError> {
    match (&seen.signed_by, signer) {
        (Some(before), Some(now)) if before != now && case.consent.key.as_ref() != Some(now) => Err(refused(
            case,
            &format!(
                "is signed by the key '{now}', and was by '{before}' before. If that is right: --key {now}"
            ),
        )),
        _ => Ok(()),
    }
}

fn refused(case: &Case<'_>, what: &str) -> PolicyError {
    PolicyError::NotTrusted(format!("plugin '{}' {} {what}", case.manifest.id, case.manifest.version))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use proptest::prelude::*;
    use semver::Version;

    use super::*;

    const DIGEST: &str = "sha256:aa";

    fn manifest(version: &str) -> Manifest {
        let text =
            format!("id = \"acme.router\"\nversion = \"{version}\"\nworld = \"router\"\nhost = \"*\"\n");
        Manifest::parse("plugin.toml", &text).expect("a manifest")
    }

    fn remote() -> Origin {
        Origin::Remote { source: "oci://h/a:1".into(), digest: DIGEST.into() }
    }

    fn seen(version: &str, signed_by: Option<&str>) -> Seen {
        Seen {
            id: "acme.router".parse().expect("an id"),
            version: version.parse().expect("a version"),
            manifest_sha256: "old".into(),
            remote: true,
            signed_by: signed_by.map(name),
        }
    }

    fn name(text: &str) -> KeyName {
        text.parse().expect("a name")
    }

    fn judge(
        version: &str,
        origin: &Origin,
        signed: Signed,
        consent: &Consent,
        seen: Option<&Seen>,
    ) -> Result<Option<KeyName>, String> {
        let manifest = manifest(version);
        admit(&Case { manifest: &manifest, manifest_sha256: "new", origin, signed, consent, seen })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn from_the_network_a_pinned_key_or_the_users_word_for_the_bytes_is_needed() {
        let plain = Consent::default();
        let by = Signed::By(name("acme"));
        assert_eq!(judge("1.0.0", &remote(), by, &plain, None), Ok(Some(name("acme"))));
        for signed in [Signed::Not, Signed::Stranger] {
            let error = judge("1.0.0", &remote(), signed.clone(), &plain, None).expect_err("refused");
            assert!(error.contains("--unsigned --digest sha256:aa"), "{error}");
            let word = Consent { unsigned: Some(DIGEST.into()), ..Consent::default() };
            assert_eq!(judge("1.0.0", &remote(), signed.clone(), &word, None), Ok(None));
            let other = Consent { unsigned: Some("sha256:bb".into()), ..Consent::default() };
            assert!(judge("1.0.0", &remote(), signed, &other, None).is_err());
        }
    }

    #[test]
    fn a_broken_signature_is_refused_whatever_was_allowed() {
        let all = Consent { unsigned: Some(DIGEST.into()), downgrade: true, ..Consent::default() };
        for origin in [remote(), Origin::Folder(PathBuf::from("/x"))] {
            let error =
                judge("1.0.0", &origin, Signed::Broken(name("acme")), &all, None).expect_err("refused");
            assert!(error.contains("changed after it was signed"), "{error}");
        }
    }

    #[test]
    fn a_folder_may_be_unsigned_unless_a_key_is_asked_for() {
        let folder = Origin::Folder(PathBuf::from("/x"));
        assert_eq!(judge("1.0.0", &folder, Signed::Not, &Consent::default(), None), Ok(None));
        let wanted = Consent { key: Some(name("acme")), ..Consent::default() };
        assert!(judge("1.0.0", &folder, Signed::Not, &wanted, None).is_err());
    }

    #[test]
    fn a_published_version_never_changes_and_nor_does_its_signer_by_itself() {
        let (by, plain) = (|key: &str| Signed::By(name(key)), Consent::default());
        let before = seen("1.0.0", Some("acme"));
        let error = judge("1.0.0", &remote(), by("acme"), &plain, Some(&before)).expect_err("refused");
        assert!(error.contains("never changes"), "{error}");
        let error = judge("1.1.0", &remote(), by("other"), &plain, Some(&before)).expect_err("refused");
        assert!(error.contains("--key other"), "{error}");
        let wanted = Consent { key: Some(name("other")), ..Consent::default() };
        assert!(judge("1.1.0", &remote(), by("other"), &wanted, Some(&before)).is_ok());
    }

    proptest! {
        #[test]
        fn only_what_is_older_is_a_downgrade(old in (0u64..4, 0u64..4, 0u64..4), new in (0u64..4, 0u64..4, 0u64..4)) {
            let version = |(a, b, c)| Version::new(a, b, c).to_string();
            let before = Seen { manifest_sha256: "new".into(), ..seen(&version(old), None) };
            let by = Signed::By(name("acme"));
            let plain = judge(&version(new), &remote(), by.clone(), &Consent::default(), Some(&before));
            prop_assert_eq!(plain.is_err(), new < old);
            let back = Consent { downgrade: true, ..Consent::default() };
            prop_assert!(judge(&version(new), &remote(), by, &back, Some(&before)).is_ok());
        }
    }
}
