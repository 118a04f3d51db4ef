//! Text with secrets and look-alikes in known places, the same for a seed: source trees, agents' logs, diffs,
//! settings. Nothing in this folder is a secret: values are made when a test runs.
#![allow(missing_docs, dead_code, unreachable_pub, clippy::expect_used)]

pub mod carriers;
pub mod decoys;
pub mod figures;
pub mod filler;
pub mod kinds;

/// A linear congruential generator: enough to look random, and the same everywhere.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0x9E37_79B9_7F4A_7C15)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    pub fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    pub fn letters(&mut self, alphabet: &str, count: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..count).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }

    /// The text with every `{kind:count}` replaced by so many characters.
    pub fn expand(&mut self, text: &str) -> String {
        let mut whole = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            whole.push_str(before);
            let part = after.split_once('}').and_then(|(inside, after)| {
                let (kind, count) = inside.split_once(':')?;
                Some((self.letters(alphabet(kind)?, count.parse().ok()?), after))
            });
            match part {
                Some((random, after)) => {
                    whole += &random;
                    rest = after;
                }
                None => {
                    whole.push('{');
                    rest = after;
                }
            }
        }
        whole + rest
    }
}

fn alphabet(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "digit" => "0123456789",
        "hex" => "0123456789abcdef",
        "HEX" => "0123456789ABCDEF",
        "az" => "abcdefghijklmnopqrstuvwxyz",
        "AZ" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "lower" => "abcdefghijklmnopqrstuvwxyz0123456789",
        "upper" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        "base32" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
        "bech32" => "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
        "alnum" => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        "url" => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-",
        "base64" => "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        "pass" => "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#%*+-_.",
        _ => return None,
    })
}

/// One file of the corpus.
pub struct File {
    pub path: String,
    pub text: String,
    pub planted: Vec<Planted>,
}

/// What was put into a file.
pub struct Planted {
    /// What it is.
    pub kind: &'static str,
    /// How it is written.
    pub carrier: &'static str,
    pub value: String,
    /// A secret, not a look-alike.
    pub secret: bool,
}

/// Files with so many values of every kind, some secrets and some look-alikes in each file.
pub fn build(seed: u64, each: usize, decoys: usize) -> Vec<File> {
    let mut rng = Rng::new(seed);
    let mut parts: Vec<(&'static str, kinds::Named, bool)> = Vec::new();
    for _ in 0..each {
        parts.extend(kinds::KINDS.iter().map(|kind| (kind.name, kind.make(&mut rng), true)));
    }
    for at in 0..decoys {
        let (kind, value) = decoys::make(&mut rng, at);
        parts.push((kind, value, false));
    }
    for at in (1..parts.len()).rev() {
        parts.swap(at, rng.below(at + 1));
    }
    parts.chunks(4).enumerate().map(|(number, chunk)| carriers::file(&mut rng, number, chunk)).collect()
}

/// Text that holds nothing, about so many bytes, in all the forms of the corpus.
pub fn quiet(seed: u64, bytes: usize) -> Vec<File> {
    let mut rng = Rng::new(seed);
    let mut files: Vec<File> = Vec::new();
    let mut size = 0;
    while size < bytes {
        let file = carriers::file(&mut rng, files.len(), &[]);
        size += file.text.len();
        files.push(file);
    }
    files
}
