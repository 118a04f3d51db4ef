//! Diffs with the colours of their code.
//!
//! A hunk has no beginning of its file, so no parser can know what it is in the middle of. Words, strings, comments
//! and numbers are told apart line by line; that is what makes a diff readable, and needs no grammar a language.

use super::text::{escape, push_visible};

/// Characters of one line that are shown.
const LINE_CHARS: usize = 1_000;

/// One file of a diff.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(super) struct DiffFile {
    /// As git names it now.
    pub(super) path: String,
    /// Lines that were not there before.
    pub(super) added: usize,
    /// Lines that are gone.
    pub(super) deleted: usize,
    /// Rows of a table, as HTML.
    pub(super) rows: String,
}

/// The files of a unified diff.
#[must_use]
pub(super) fn diff_files(diff: &str) -> Vec<DiffFile> {
    let mut files: Vec<Reader> = Vec::new();
    for line in diff.lines() {
        if let Some(names) = line.strip_prefix("diff --git ") {
            files.push(Reader::new(new_name(names)));
        } else if let Some(file) = files.last_mut() {
            file.take(line);
        }
    }
    files.into_iter().map(|reader| reader.file).collect()
}

/// `a/x b/x` names the same file twice, unless it was renamed.
fn new_name(names: &str) -> String {
    let half = names.len() / 2;
    let same = names.get(half + 1..).is_some_and(|b| names.get(2..half) == b.get(2..));
    let name = if same { names.get(half + 1..) } else { names.rsplit_once(" b/").map(|(_, name)| name) };
    let name = name.unwrap_or(names);
    if same { name.trim_start_matches("b/").to_owned() } else { name.to_owned() }
}

struct Reader {
    file: DiffFile,
    language: Language,
    old: u64,
    new: u64,
    in_hunk: bool,
}

impl Reader {
    fn new(path: String) -> Self {
        let language = Language::of(&path);
        let file = DiffFile { path, added: 0, deleted: 0, rows: String::new() };
        Self { file, language, old: 0, new: 0, in_hunk: false }
    }

    fn take(&mut self, line: &str) {
        if let Some(hunk) = line.strip_prefix("@@ ") {
            (self.old, self.new) = starts(hunk);
            self.in_hunk = true;
            return self.wide("hunk", line);
        }
        if !self.in_hunk {
            // What git says of modes, names and binary files; the two names are in the head already.
            if !["index ", "--- ", "+++ "].iter().any(|start| line.starts_with(start)) && !line.is_empty() {
                self.wide("meta", line);
            }
            return;
        }
        match line.split_at_checked(1) {
            Some(("+", code)) => {
                self.row("add", None, Some(self.new), "+", code);
                (self.new, self.file.added) = (self.new + 1, self.file.added + 1);
            }
            Some(("-", code)) => {
                self.row("del", Some(self.old), None, "−", code);
                (self.old, self.file.deleted) = (self.old + 1, self.file.deleted + 1);
            }
            Some((" ", code)) => {
                self.row("", Some(self.old), Some(self.new), " ", code);
                (self.old, self.new) = (self.old + 1, self.new + 1);
            }
            _ => self.wide("meta", line),
        }
    }

    fn wide(&mut self, class: &str, line: &str) {
        let mut text = String::new();
        line.chars().take(LINE_CHARS).for_each(|c| push_visible(&mut text, c));
        self.file
            .rows
            .push_str(&format!("<tr class=\"{class}\"><td colspan=\"4\"><bdi>{text}</bdi></td></tr>"));
    }

    fn row(&mut self, class: &str, old: Option<u64>, new: Option<u64>, sign: &str, code: &str) {
        let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
        let code = self.language.paint(code);
        self.file.rows.push_str(&format!(
            "<tr class=\"{class}\"><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"s\">{sign}</td>\
             <td class=\"c\"><bdi>{code}</bdi></td></tr>",
            number(old),
            number(new)
        ));
    }
}

/// `-12,3 +14,5 @@` begins at 12 and 14.
fn starts(hunk: &str) -> (u64, u64) {
    let mut numbers = hunk.split(' ').map(|part| {
        let digits = part.trim_start_matches(['-', '+']).split(',').next().unwrap_or_default();
        digits.parse().unwrap_or(1)
    });
    (numbers.next().unwrap_or(1), numbers.next().unwrap_or(1))
}

/// What a file's code looks like, as far as colours go.
#[derive(Clone, Copy)]
struct Language {
    comments: &'static [&'static str],
    quotes: &'static str,
    words: bool,
}

const SLASHES: Language = Language { comments: &["//", "/*"], quotes: "\"'`", words: true };
/// A Rust apostrophe is a lifetime more often than a character.
const RUST: Language = Language { comments: &["//", "/*"], quotes: "\"", words: true };
const HASHES: Language = Language { comments: &["#"], quotes: "\"'`", words: true };
const DASHES: Language = Language { comments: &["--", "/*"], quotes: "\"'", words: true };
const MARKUP: Language = Language { comments: &["<!--"], quotes: "\"'", words: false };
const PLAIN: Language = Language { comments: &[], quotes: "", words: false };

/// Words that most languages keep for themselves.
const WORDS: &[&str] = &[
    "abstract",
    "as",
    "async",
    "await",
    "begin",
    "bool",
    "boolean",
    "break",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "continue",
    "crate",
    "def",
    "default",
    "defer",
    "del",
    "do",
    "done",
    "double",
    "elif",
    "else",
    "end",
    "enum",
    "except",
    "export",
    "extends",
    "extern",
    "false",
    "fi",
    "final",
    "finally",
    "float",
    "fn",
    "for",
    "from",
    "func",
    "function",
    "go",
    "goto",
    "if",
    "impl",
    "implements",
    "import",
    "in",
    "int",
    "interface",
    "is",
    "lambda",
    "let",
    "local",
    "long",
    "loop",
    "match",
    "mod",
    "module",
    "move",
    "mut",
    "namespace",
    "new",
    "nil",
    "None",
    "not",
    "null",
    "or",
    "override",
    "package",
    "pass",
    "private",
    "protected",
    "pub",
    "public",
    "raise",
    "ref",
    "return",
    "Self",
    "self",
    "short",
    "static",
    "string",
    "struct",
    "super",
    "switch",
    "then",
    "this",
    "throw",
    "trait",
    "true",
    "True",
    "False",
    "try",
    "type",
    "typedef",
    "typeof",
    "undefined",
    "union",
    "unsafe",
    "use",
    "using",
    "var",
    "virtual",
    "void",
    "where",
    "while",
    "with",
    "yield",
    "and",
    "SELECT",
    "FROM",
    "WHERE",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "TABLE",
    "INDEX",
    "NOT",
    "NULL",
    "AND",
    "OR",
    "JOIN",
    "ON",
    "SET",
    "VALUES",
    "INTO",
];

impl Language {
    fn of(path: &str) -> Self {
        let name = path.trim_matches('"').rsplit('/').next().unwrap_or_default();
        match name.rsplit('.').next().unwrap_or_default() {
            "rs" => RUST,
            "c" | "h" | "cc" | "cpp" | "hpp" | "cs" | "go" | "java" | "js" | "jsx" | "mjs" | "cjs" | "ts"
            | "tsx" | "kt" | "swift" | "scala" | "php" | "css" | "scss" | "json" | "jsonc" | "wit"
            | "proto" | "dart" | "zig" => SLASHES,
            "py" | "rb" | "sh" | "bash" | "zsh" | "toml" | "yml" | "yaml" | "pl" | "r" | "ex" | "exs"
            | "nix" | "Makefile" | "Dockerfile" | "cfg" | "ini" | "gitignore" | "jl" | "ps1" => HASHES,
            "sql" | "lua" | "hs" | "elm" | "adb" => DASHES,
            "html" | "htm" | "xml" | "svg" | "vue" => MARKUP,
            _ => PLAIN,
        }
    }

    fn paint(self, code: &str) -> String {
        let code = match code.char_indices().nth(LINE_CHARS) {
            Some((at, _)) => format!("{}…", &code[..at]),
            None => code.to_owned(),
        };
        let mut out = String::with_capacity(code.len() * 2);
        let mut rest = code.as_str();
        while let Some(first) = rest.chars().next() {
            let (class, length) = self.token(rest, first);
            let (token, after) = rest.split_at(length);
            rest = after;
            if class.is_empty() {
                token.chars().for_each(|c| push_visible(&mut out, c));
            } else {
                out.push_str(&format!("<i class=\"{}\">", escape(class)));
                token.chars().for_each(|c| push_visible(&mut out, c));
                out.push_str("</i>");
            }
        }
        out
    }

    /// The next token's class and length in bytes.
    fn token(self, rest: &str, first: char) -> (&'static str, usize) {
        if self.comments.iter().any(|start| rest.starts_with(start)) {
            return ("k-c", rest.len());
        }
        if self.quotes.contains(first) {
            return ("k-s", string_end(rest, first));
        }
        if is_word(first) && self.quotes.is_empty() {
            return ("", length_while(rest, is_word));
        }
        if first.is_ascii_digit() {
            return ("k-n", length_while(rest, |c| is_word(c) || c == '.'));
        }
        if is_word(first) {
            let length = length_while(rest, is_word);
            let keyword = self.words && WORDS.contains(&&rest[..length]);
            return (if keyword { "k-w" } else { "" }, length);
        }
        ("", first.len_utf8())
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn length_while(text: &str, is: impl Fn(char) -> bool) -> usize {
    text.char_indices().find(|(_, c)| !is(*c)).map_or(text.len(), |(at, _)| at)
}

/// Just after the closing quote; a string that goes on ends with the line.
fn string_end(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIFF: &str = "diff --git a/src/login.rs b/src/login.rs\nindex 1..2 100644\n--- a/src/login.rs\n\
        +++ b/src/login.rs\n@@ -10,3 +10,3 @@ fn login() {\n let name = 7;\n-    return \"<b>\"; // old\n\
        +    return 'x';\ndiff --git a/old name b/new name\nsimilarity index 90%\nrename from old name\n";

    #[test]
    fn files_lines_and_figures_are_told_apart() {
        let files = diff_files(DIFF);
        assert_eq!(
            (files.len(), &*files[0].path, files[0].added, files[0].deleted),
            (2, "src/login.rs", 1, 1)
        );
        assert_eq!(files[1].path, "new name");
        let rows = &files[0].rows;
        for expected in [
            "<td class=\"n\">10</td><td class=\"n\">10</td>",
            "<td class=\"n\">11</td><td class=\"n\"></td><td class=\"s\">−</td>",
            "<i class=\"k-w\">return</i> <i class=\"k-s\">&quot;&lt;b&gt;&quot;</i>; <i class=\"k-c\">// old</i>",
            "<i class=\"k-n\">7</i>",
        ] {
            assert!(rows.contains(expected), "{expected} in {rows}");
        }
        assert!(files[1].rows.contains("rename from old name"), "{}", files[1].rows);
    }

    #[test]
    fn text_that_looks_like_a_head_inside_a_hunk_is_a_line() {
        let files = diff_files("diff --git a/a b/a\n@@ -1 +1,2 @@\n--- not a head\n+++ nor this\n");
        assert_eq!((files[0].added, files[0].deleted), (1, 1));
    }

    proptest! {
        #[test]
        fn no_code_breaks_out(code in "[\\PC\u{0}-\u{9f}<>&\"'/#]{0,200}", name in "[a-z]{1,3}\\.(rs|py|js|html|txt|sql)") {
            let diff = format!("diff --git a/{name} b/{name}\n@@ -1 +1 @@\n+{code}\n-{code}\n {code}\n");
            for file in diff_files(&diff) {
                let mut bare = file.rows.clone();
                for tag in ["<bdi>", "</bdi>", "</i>", "</td>", "</tr>", "</span>"] {
                    bare = bare.replace(tag, "");
                }
                for start in ["<i class=\"k-", "<tr class=\"", "<td class=\"", "<td colspan=\"", "<span class=\"ctl\""] {
                    while let Some(at) = bare.find(start) {
                        let end = at + bare[at..].find('>').expect("the tag ends");
                        bare.replace_range(at..=end, "");
                    }
                }
                prop_assert!(!bare.contains(['<', '>', '"', '\'']), "{bare}");
            }
        }
    }
}
