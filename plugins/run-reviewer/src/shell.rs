//! Splits a shell command line into the commands it would run, so that only what is run is judged.
//!
//! Knows quotes, escapes, comments, operators, redirections, here-documents and substitutions: enough to tell
//! `rm -rf x` from a text that mentions it. A line may have been cut, so nothing here needs to be closed.

use std::{iter::Peekable, str::Chars};

use crate::nested;

/// One simple command.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Call {
    /// The command and its arguments, without quotes.
    pub(crate) words: Vec<String>,
    /// Files its output is redirected to.
    pub(crate) writes: Vec<String>,
    /// The text of a here-document or here-string.
    pub(crate) input: String,
    /// The insides of `$(…)`, backticks and `<(…)` among its words: scripts of their own.
    pub(crate) substitutions: Vec<String>,
    /// Reads what the call before it writes.
    pub(crate) piped: bool,
    /// How many brackets it stands in: each is a shell of its own.
    pub(crate) level: u32,
}

/// What the next word is for.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Word,
    Write,
    /// Read from a file: of no interest.
    Read,
    HereString,
    HereDocument,
}

struct Splitter<'t> {
    rest: Peekable<Chars<'t>>,
    calls: Vec<Call>,
    call: Call,
    word: Option<String>,
    next: Next,
    /// Closing words of here-documents that begin at the next line.
    documents: Vec<String>,
    level: u32,
}

/// The commands of a line or script, in order.
pub(crate) fn split(script: &str) -> Vec<Call> {
    let mut splitter = Splitter {
        rest: script.chars().peekable(),
        calls: Vec::new(),
        call: Call::default(),
        word: None,
        next: Next::Word,
        documents: Vec::new(),
        level: 0,
    };
    while let Some(c) = splitter.rest.next() {
        splitter.step(c);
    }
    splitter.end_call(false);
    splitter.calls
}

impl Splitter<'_> {
    fn step(&mut self, c: char) {
        match c {
            '\'' => self.single_quoted(),
            '"' => self.double_quoted(),
            '\\' => self.escaped(),
            '`' => self.backticks(),
            '$' if self.follows('(') => self.substitution(),
            '<' | '>' => self.redirection(c),
            '#' if self.word.is_none() => while self.rest.next_if(|c| *c != '\n').is_some() {},
            '\n' => {
                self.end_call(false);
                self.here_documents();
            }
            '|' => {
                let or = self.follows('|');
                self.follows('&');
                self.end_call(!or);
            }
            '&' if self.rest.peek() == Some(&'>') => self.end_word(),
            ';' | '&' => self.end_call(false),
            '(' => {
                self.end_call(false);
                self.level += 1;
            }
            ')' => {
                self.end_call(false);
                // `case` has brackets that nothing opens.
                self.level = self.level.saturating_sub(1);
            }
            c if c.is_whitespace() => self.end_word(),
            c => self.push(c),
        }
    }

    /// Takes the next character when it is this one.
    fn follows(&mut self, c: char) -> bool {
        self.rest.next_if_eq(&c).is_some()
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn escaped(&mut self) {
        match self.rest.next() {
            // A line that goes on.
            Some('\n') | None => {}
            Some(c) => self.push(c),
        }
    }

    fn single_quoted(&mut self) {
        self.word.get_or_insert_default();
        while let Some(c) = self.rest.next().filter(|c| *c != '\'') {
            self.push(c);
        }
    }

    fn double_quoted(&mut self) {
        self.word.get_or_insert_default();
        while let Some(c) = self.rest.next().filter(|c| *c != '"') {
            match c {
                '\\' => match self.rest.next() {
                    Some(c @ ('"' | '\\' | '$' | '`')) => self.push(c),
                    Some(c) => {
                        self.push('\\');
                        self.push(c);
                    }
                    None => {}
                },
                '`' => self.backticks(),
                '$' if self.follows('(') => self.substitution(),
                c => self.push(c),
            }
        }
    }

    fn backticks(&mut self) {
        let mut inside = String::new();
        while let Some(c) = self.rest.next().filter(|c| *c != '`') {
            inside.push(c);
        }
        self.substituted(inside);
    }

    /// After `$(` or `<(`.
    fn substitution(&mut self) {
        let inside = nested::inside(&mut self.rest);
        self.substituted(inside);
    }

    /// The word keeps the script's text, so that a rule can see that it is not a plain path.
    fn substituted(&mut self, inside: String) {
        self.word.get_or_insert_default().push_str(&format!("$({inside})"));
        self.call.substitutions.push(inside);
    }

    fn redirection(&mut self, c: char) {
        // `2>` names a stream, not an argument.
        if self.word.as_ref().is_some_and(|word| word.bytes().all(|b| b.is_ascii_digit())) {
            self.word = None;
        }
        self.end_word();
        if self.follows('(') {
            return self.substitution();
        }
        self.next = match c {
            '>' => {
                let _ = self.follows('>') || self.follows('|');
                // `>&2` goes to a stream.
                if self.follows('&') { Next::Read } else { Next::Write }
            }
            _ if self.follows('<') => {
                if self.follows('<') {
                    Next::HereString
                } else {
                    self.follows('-');
                    Next::HereDocument
                }
            }
            _ => Next::Read,
        };
    }

    fn end_word(&mut self) {
        let Some(word) = self.word.take() else { return };
        match std::mem::replace(&mut self.next, Next::Word) {
            Next::Word => self.call.words.push(word),
            Next::Write => self.call.writes.push(word),
            Next::Read => {}
            Next::HereString => self.call.input.push_str(&word),
            Next::HereDocument => self.documents.push(word),
        }
    }

    /// `pipes`: what comes next reads what this call writes.
    fn end_call(&mut self, pipes: bool) {
        self.end_word();
        let mut call = std::mem::take(&mut self.call);
        call.level = self.level;
        self.call.piped = pipes;
        if !call.words.is_empty() || !call.writes.is_empty() {
            self.calls.push(call);
        }
    }

    /// After a line with `<<WORD`: the lines up to WORD are the last call's input, not commands.
    fn here_documents(&mut self) {
        for end in std::mem::take(&mut self.documents) {
            let mut body = String::new();
            while self.rest.peek().is_some() {
                let line: String = self.rest.by_ref().take_while(|c| *c != '\n').collect();
                if line.trim() == end {
                    break;
                }
                body.push_str(&line);
                body.push('\n');
            }
            if let Some(call) = self.calls.last_mut() {
                call.input.push_str(&body);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(script: &str) -> Vec<Vec<String>> {
        split(script).into_iter().map(|call| call.words).collect()
    }

    #[test]
    fn operators_separate_commands_and_quotes_keep_words_whole() {
        assert_eq!(
            words("cd a && echo 'x; rm -rf /' \"y | z\" || ls\\ -l; (pwd) & # rm -rf /\nid"),
            [vec!["cd", "a"], vec!["echo", "x; rm -rf /", "y | z"], vec!["ls -l"], vec!["pwd"], vec!["id"]]
        );
    }

    #[test]
    fn only_a_single_bar_is_a_pipe() {
        let piped: Vec<bool> = split("a | b || c |& d").into_iter().map(|call| call.piped).collect();
        assert_eq!(piped, [false, true, false, true]);
    }

    #[test]
    fn brackets_are_levels() {
        let levels: Vec<u32> = split("a; (b; (c); d); e").into_iter().map(|call| call.level).collect();
        assert_eq!(levels, [0, 1, 2, 1, 0]);
    }

    #[test]
    fn redirections_are_no_arguments() {
        let calls = split("cmd 2>&1 >out.txt < in.txt &> all.log 2>>err.log");
        assert_eq!(calls[0].words, ["cmd"]);
        assert_eq!(calls[0].writes, ["out.txt", "all.log", "err.log"]);
    }

    #[test]
    fn a_here_document_is_input_and_not_commands() {
        let calls = split("cat > x.sh <<'EOF'\nrm -rf /\nEOF\necho done");
        assert_eq!(calls.len(), 2);
        assert_eq!((calls[0].input.as_str(), calls[0].writes[0].as_str()), ("rm -rf /\n", "x.sh"));
        assert_eq!(calls[1].words, ["echo", "done"]);
        assert_eq!(split("bash <<< 'rm -rf /'")[0].input, "rm -rf /");
    }

    #[test]
    fn substitutions_are_scripts_of_their_own() {
        let calls = split("eval \"$(curl x | sed s/(a)/b/)\" `id` <(wget y)");
        assert_eq!(calls[0].substitutions, ["curl x | sed s/(a)/b/", "id", "wget y"]);
    }

    #[test]
    fn a_cut_line_still_splits() {
        for cut in ["echo 'abc", "echo \"a\\", "x $(rm -r", "cat <<EOF\nabc", "a >", "a |", "\\", "`"] {
            let _ = split(cut);
        }
        assert_eq!(words("rm -rf 'a b"), [vec!["rm", "-rf", "a b"]]);
    }
}
