//! Finds the end of a `$(…)`, whose script may itself hold quotes, brackets and here-documents.

use std::{iter::Peekable, str::Chars};

/// Takes all up to the bracket that closes the one before, and that bracket.
pub(crate) fn inside(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut taken = String::new();
    let mut open = 1;
    let mut documents: Vec<String> = Vec::new();
    while let Some(c) = rest.next() {
        match c {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            break;
        }
        taken.push(c);
        match c {
            '\\' => taken.extend(rest.next()),
            '\'' => quoted(rest, '\'', &mut taken),
            '"' => quoted(rest, '"', &mut taken),
            '<' if taken.ends_with("<<") && rest.peek() != Some(&'<') => {
                documents.extend(closing_word(rest, &mut taken))
            }
            '\n' => documents.drain(..).for_each(|end| document(rest, &end, &mut taken)),
            _ => {}
        }
    }
    taken
}

fn quoted(rest: &mut Peekable<Chars<'_>>, quote: char, taken: &mut String) {
    while let Some(c) = rest.next() {
        taken.push(c);
        if c == quote {
            break;
        }
        if c == '\\' && quote == '"' {
            taken.extend(rest.next());
        }
    }
}

/// What ends the here-document that begins here; none after `<<<`.
fn closing_word(rest: &mut Peekable<Chars<'_>>, taken: &mut String) -> Option<String> {
    if taken.ends_with("<<<") {
        return None;
    }
    let mut word = String::new();
    while let Some(c) =
        rest.next_if(|c| !matches!(c, '\n' | ' ' | ';' | ')' | '|' | '&') || (word.is_empty() && *c == ' '))
    {
        taken.push(c);
        if c.is_ascii_alphanumeric() || c == '_' {
            word.push(c);
        }
    }
    Some(word)
}

fn document(rest: &mut Peekable<Chars<'_>>, end: &str, taken: &mut String) {
    while rest.peek().is_some() {
        let line: String = rest.by_ref().take_while(|c| *c != '\n').collect();
        taken.push_str(&line);
        taken.push('\n');
        if line.trim() == end {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside_of(text: &str) -> (String, String) {
        let mut rest = text.chars().peekable();
        let taken = inside(&mut rest);
        (taken, rest.collect())
    }

    #[test]
    fn brackets_in_quotes_close_nothing() {
        for script in ["a (b) c", "echo ')'", "echo \"\\\")\"", "echo \\)", "a $(b $(c))"] {
            assert_eq!(inside_of(&format!("{script}) rest")), (script.to_owned(), " rest".to_owned()));
        }
    }

    #[test]
    fn a_here_document_is_taken_whole() {
        let script = "cat <<'EOF'\nDon't :) \"quote\nEOF\n";
        assert_eq!(inside_of(&format!("{script})\" rest")), (script.to_owned(), "\" rest".to_owned()));
        assert_eq!(inside_of("cat <<< x) rest").1, " rest");
    }

    #[test]
    fn what_is_cut_off_ends_where_it_ends() {
        for cut in ["", "'", "\"\\", "cat <<EOF", "cat <<EOF\nabc", "((("] {
            let _ = inside_of(cut);
        }
    }
}
