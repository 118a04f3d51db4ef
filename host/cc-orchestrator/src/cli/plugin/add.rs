//! `plugin add`: keep a plugin in the home, from a folder or from the network.

use std::process::ExitCode;

use cc_fetch::{Bounds, Digest, FetchError, Fetched, Source, fetch};
use cc_ops::{ErrorKind, OpError, Setup};
use cc_policy::{Added, Consent, KeyName, MAX_MANIFEST, Origin, Parcel, add, engine::Limits};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::opened;

use crate::cli::output::Out;

const BOUNDS: Bounds = Bounds { manifest: MAX_MANIFEST, component: Limits::MAX.component_bytes };

pub(super) fn command() -> Command {
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new("add")
        .about("Keep a plugin in your home, named by plugins.lock")
        .arg(
            Arg::new("source")
                .value_name("PATH|URL")
                .required(true)
                .help("A package's folder or file, a prompt pack, a rule file, oci://HOST/NAME:TAG or https://HOST/FOLDER/"),
        )
        .arg(Arg::new("key").long("key").value_name("NAME").help("Only with a signature of this pinned key"))
        .arg(
            Arg::new("digest")
                .long("digest")
                .value_name("SHA256")
                .help("From the network: only these bytes, 'sha256:…'"),
        )
        .arg(flag("unsigned").help("From the network, without a signature that you trust; needs --digest"))
        .arg(flag("downgrade").help("A version older than one that you had"))
        .arg(flag("shadow").help("Record what it would decide; 'plugin promote' lets it act (routers only)"))
}

pub(super) fn run(matches: &ArgMatches, setup: &Setup, out: &Out) -> Result<ExitCode, OpError> {
    let text = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let source = text("source").unwrap_or_default();
    let expected = text("digest").map(str::parse::<Digest>).transpose().map_err(refused)?;
    let mut consent = Consent {
        key: text("key").map(str::parse::<KeyName>).transpose()?,
        unsigned: None,
        downgrade: matches.get_flag("downgrade"),
        shadow: matches.get_flag("shadow"),
    };
    let mut notices = Vec::new();
    let parcel = if Source::is_remote(source) {
        let source: Source = source.parse().map_err(refused)?;
        let expected = expected.or_else(|| source.digest().cloned());
        let fetched = fetch(&source, BOUNDS).map_err(refused)?;
        check(&fetched, expected.as_ref())?;
        consent.unsigned = expected.filter(|_| matches.get_flag("unsigned")).map(|digest| digest.to_string());
        parcel(fetched)
    } else {
        if expected.is_some() {
            return Err(OpError::invalid(
                "--digest is for what comes from the network",
                "leave it out for a path",
            ));
        }
        let source = opened(&setup.workspace.join(source))?;
        notices = source.notices;
        Parcel::of(&source.package)?
    };
    let added = add(setup.home.root(), &parcel, &consent)?;
    out.value(&added, || added_text(&added, &notices));
    Ok(ExitCode::SUCCESS)
}

fn check(fetched: &Fetched, expected: Option<&Digest>) -> Result<(), OpError> {
    match expected {
        Some(expected) if *expected != fetched.digest => Err(refused(FetchError::OtherBytes {
            what: fetched.source.clone(),
            expected: expected.to_string(),
            found: fetched.digest.to_string(),
        })),
        _ => Ok(()),
    }
}

fn parcel(fetched: Fetched) -> Parcel {
    let origin = Origin::Remote { source: fetched.source, digest: fetched.digest.to_string() };
    Parcel::of_component(fetched.manifest, fetched.component, fetched.signature, origin)
}

fn added_text(added: &Added, notices: &[String]) -> String {
    let plugin = &added.plugin;
    let signed = plugin.signed_by.as_ref().map_or("unsigned".to_owned(), |key| format!("signed by {key}"));
    let shadow = if plugin.shadow { ", in shadow" } else { "" };
    let mut text =
        format!("added {} {} ({signed}{shadow}) in {}", plugin.id, plugin.version, added.folder.display());
    notices.iter().for_each(|notice| text.push_str(&format!("\n- {notice}")));
    text
}

fn refused(error: FetchError) -> OpError {
    let (kind, hint) = match &error {
        FetchError::Source { .. } | FetchError::NoDigest(_) => {
            (ErrorKind::InvalidInput, "correct it and call again")
        }
        FetchError::Missing(_) => (ErrorKind::NotFound, "nothing was changed"),
        FetchError::Transport { .. } | FetchError::Login(_) => {
            (ErrorKind::Unavailable, "nothing was changed")
        }
        _ => (ErrorKind::Denied, "nothing was changed"),
    };
    OpError::new(kind, error.to_string(), hint)
}
