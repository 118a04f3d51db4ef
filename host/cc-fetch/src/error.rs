//! What stops a fetch: what happened, to what, and what to do next.

/// A package that could not be brought here.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It is no place that packages come from.
    #[error("'{text}' is no source of plugins: {why}. Use oci://HOST/NAME:TAG or https://HOST/FOLDER/")]
    Source {
        /// What was asked for.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is no digest.
    #[error("'{0}' is no digest: write 'sha256:' and 64 lower-case hex digits")]
    NoDigest(String),
    /// It is not there.
    #[error("{0}. Check the name, and that it is public")]
    Missing(String),
    /// It is not for everybody.
    #[error("{0} asks for a login, and only what is public can be fetched: download it and add the folder")]
    Login(String),
    /// The server cannot be reached, or breaks off.
    #[error("{url} cannot be fetched: {why}. Check the address and the network, then try again")]
    Transport {
        /// What was fetched.
        url: String,
        /// The system's or server's word.
        why: String,
    },
    /// The server sends on to a place that is not asked.
    #[error("{from} sends on to '{to}': {why}. Ask whoever runs that server")]
    Redirect {
        /// What was fetched.
        from: String,
        /// Where it pointed.
        to: String,
        /// Why nobody goes there.
        why: &'static str,
    },
    /// More than is ever read of it.
    #[error("{what} is larger than the {most} bytes allowed: it is no plugin of this kind")]
    TooLarge {
        /// What was fetched.
        what: String,
        /// In bytes.
        most: u64,
    },
    /// Fewer or more bytes than were announced.
    #[error("{what} has {found} bytes, and {expected} were announced: try again, or ask who published it")]
    OtherSize {
        /// What was fetched.
        what: String,
        /// As announced.
        expected: u64,
        /// As they came.
        found: u64,
    },
    /// The bytes are not those that were asked for.
    #[error(
        "{what} is not what it should be: its digest is {found}, expected was {expected}. \
         Nothing was kept; ask who published it before you try again"
    )]
    OtherBytes {
        /// What was fetched.
        what: String,
        /// As asked for.
        expected: String,
        /// As it came.
        found: String,
    },
    /// An image that is no plugin's package.
    #[error(
        "{what} is no plugin: {why}. Push plugin.toml, plugin.wasm and plugin.toml.minisig as one artifact"
    )]
    NoPackage {
        /// The reference.
        what: String,
        /// What is wrong with it.
        why: String,
    },
}
