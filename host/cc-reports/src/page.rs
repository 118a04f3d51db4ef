//! A page for people, as Markdown and as HTML.
//!
//! What workers wrote is shown as it is and never obeyed: in Markdown it stands in fences, in HTML it is escaped, and
//! neither loads anything from elsewhere.

use std::fmt::Write as _;

use crate::{
    Table,
    plain::{plain, plain_lines},
};

/// A page: a title, and blocks below it.
#[derive(Clone, Debug, Default)]
pub struct Page {
    title: String,
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
enum Block {
    Heading(usize, String),
    Text(String),
    Table(Vec<String>, Vec<Vec<String>>),
    List(Vec<String>),
    Verbatim(String),
}

impl Page {
    /// A page without blocks.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), blocks: Vec::new() }
    }

    /// A heading below the title; 1 is the highest level there.
    pub fn heading(&mut self, level: usize, text: impl Into<String>) {
        self.blocks.push(Block::Heading(level + 1, text.into()));
    }

    /// A paragraph.
    pub fn text(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Text(text.into()));
    }

    /// A table; nothing when it has no rows.
    pub fn table(&mut self, head: &[&str], rows: Vec<Vec<String>>) {
        if !rows.is_empty() {
            self.blocks.push(Block::Table(head.iter().map(ToString::to_string).collect(), rows));
        }
    }

    /// A list; nothing when it is empty.
    pub fn list(&mut self, items: Vec<String>) {
        if !items.is_empty() {
            self.blocks.push(Block::List(items));
        }
    }

    /// A text that keeps its lines.
    pub fn verbatim(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Verbatim(text.into()));
    }

    /// The page as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n", inline(&self.title));
        for block in &self.blocks {
            text.push('\n');
            block.markdown(&mut text);
        }
        text
    }

    /// The page as one HTML file that needs nothing else and runs nothing.
    #[must_use]
    pub fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut text = format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        );
        self.blocks.iter().for_each(|block| block.html(&mut text));
        text + "</body>\n</html>\n"
    }
}

const STYLE: &str = "\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; }
div { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid #8886; padding: .25rem .6rem; text-align: left; vertical-align: top; }
pre { background: #8882; padding: .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
";

impl Block {
    fn markdown(&self, text: &mut String) {
        let _ = match self {
            Self::Heading(level, heading) => writeln!(text, "{} {}", "#".repeat(*level), inline(heading)),
            Self::Text(paragraph) => writeln!(text, "{}", inline(paragraph)),
            Self::Table(head, rows) => {
                let mut table = Table::new(head.iter().map(|cell| inline(cell)));
                rows.iter().for_each(|row| table.row(row.iter().map(|cell| inline(cell))));
                writeln!(text, "{table}")
            }
            Self::List(items) => items.iter().try_for_each(|item| writeln!(text, "- {}", inline(item))),
            Self::Verbatim(lines) => {
                let lines = plain_lines(lines.trim_end());
                let fence = fence_for(&lines);
                writeln!(text, "{fence}text\n{lines}\n{fence}")
            }
        };
    }

    fn html(&self, text: &mut String) {
        let _ = match self {
            Self::Heading(level, heading) => writeln!(text, "<h{level}>{}</h{level}>", escaped(heading)),
            Self::Text(paragraph) => writeln!(text, "<p>{}</p>", escaped(paragraph)),
            Self::Table(head, rows) => {
                let row = |cells: &[String], tag: &str| {
                    let cells =
                        cells.iter().map(|cell| format!("<{tag} dir=\"auto\">{}</{tag}>", escaped(cell)));
                    format!("<tr>{}</tr>\n", cells.collect::<String>())
                };
                let rows: String = rows.iter().map(|cells| row(cells, "td")).collect();
                writeln!(text, "<div><table>\n{}{rows}</table></div>", row(head, "th"))
            }
            Self::List(items) => {
                let items: String =
                    items.iter().map(|item| format!("<li>{}</li>\n", escaped(item))).collect();
                writeln!(text, "<ul>\n{items}</ul>")
            }
            Self::Verbatim(lines) => {
                writeln!(text, "<pre dir=\"auto\">{}</pre>", escaped_lines(lines.trim_end()))
            }
        };
    }
}

/// Text on one line of Markdown, without tags, links and code of its own.
fn inline(text: &str) -> String {
    plain(text).replace('<', "&lt;").replace('[', "\\[").replace('`', "'")
}

/// Longer than any run of backticks in the text.
fn fence_for(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    "`".repeat(longest.max(2) + 1)
}

fn escaped(text: &str) -> String {
    escaped_lines(&plain(text))
}

fn escaped_lines(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in plain_lines(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(text: &str) -> Page {
        let mut page = Page::new(text);
        page.heading(1, text);
        page.text(text);
        page.table(&["a", "b"], vec![vec![text.into(), "2".into()]]);
        page.list(vec![text.into()]);
        page.verbatim(text);
        page
    }

    #[test]
    fn a_page_in_both_forms() {
        let mut page = Page::new("Run 1");
        page.table(&["what", "is"], vec![vec!["role".into(), "review".into()]]);
        page.table(&["empty"], Vec::new());
        page.heading(1, "Answer");
        page.verbatim("two\nlines with ``` in them\n");
        assert_eq!(
            page.markdown(),
            "# Run 1\n\n| what | is     |\n|------|--------|\n| role | review |\n\n## Answer\n\n\
             ````text\ntwo\nlines with ``` in them\n````\n"
        );
        let html = page.html();
        assert!(
            html.contains("<h2>Answer</h2>\n<pre dir=\"auto\">two\nlines with ``` in them</pre>"),
            "{html}"
        );
    }

    #[test]
    fn what_a_worker_writes_is_shown_and_not_obeyed() {
        let hostile = "</title><script>alert('1')</script> ![x](https://evil.test/a.png) \u{202e}\"&amp;";
        let html = page(hostile).html();
        assert!(!html.contains("<script") && !html.contains('\u{202e}'), "{html}");
        assert_eq!(html.matches("&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)").count(), 7, "{html}");
        let markdown = page(hostile).markdown();
        let outside = markdown.split("```").next().unwrap_or_default();
        assert!(!outside.contains("<script") && !outside.contains("![x]"), "{markdown}");
    }

    proptest! {
        #[test]
        fn no_text_adds_a_tag_or_ends_its_fence(text in "(\\PC|[`<>\"'&\n\r|-]){0,60}") {
            let tags = |page: &Page| page.html().matches('<').count();
            prop_assert_eq!(tags(&page(&text)), tags(&page("x")));
            let markdown = page(&text).markdown();
            let fences: Vec<usize> = markdown.lines().enumerate()
                .filter(|(_, line)| line.starts_with("```")).map(|(at, _)| at).collect();
            let open = markdown.lines().nth(fences[0]).unwrap().trim_end_matches("text").to_owned();
            let closes = markdown.lines().filter(|line| line.trim_end() == open).count();
            prop_assert_eq!(closes, 1, "{}", markdown);
        }
    }
}
