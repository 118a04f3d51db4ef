//! What a script's own variables hold, as far as the script says so.

/// Names and the values each may have.
#[derive(Debug, Default)]
pub(crate) struct Variables(Vec<(String, Vec<String>)>);

/// The most values that one word stands for.
const MOST: usize = 32;

/// Name and value of `NAME=value`.
pub(crate) fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then_some((name, value))
}

impl Variables {
    /// Takes note of a command's assignments, and of what a `for` goes through.
    pub(crate) fn learn(&mut self, words: &[String]) {
        for (name, value) in words.iter().filter_map(|word| assignment(word)) {
            self.set(name, vec![value.to_owned()]);
        }
        if let [keyword, name, within, values @ ..] = words
            && keyword == "for"
            && within == "in"
        {
            self.set(name, values.iter().take(MOST).cloned().collect());
        }
    }

    fn set(&mut self, name: &str, values: Vec<String>) {
        self.0.retain(|(own, _)| own != name);
        self.0.push((name.to_owned(), values));
    }

    /// The words that a word stands for: itself, unless it begins with a variable that is known.
    pub(crate) fn expand(&self, word: &str) -> Vec<String> {
        let Some(rest) = word.strip_prefix('$') else { return vec![word.to_owned()] };
        let (name, tail) = match rest.strip_prefix('{') {
            Some(braced) => braced.split_once('}').unwrap_or((braced, "")),
            None => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                rest.split_at(end)
            }
        };
        match self.0.iter().find(|(own, _)| own == name) {
            Some((_, values)) => values.iter().map(|value| format!("{value}{tail}")).collect(),
            None => vec![word.to_owned()],
        }
    }
}
