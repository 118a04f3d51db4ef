//! Markdown tables that also line up in a terminal, in any script.

use std::fmt;

use comfy_table::{ContentArrangement, presets::ASCII_MARKDOWN};

/// A table with a head and rows.
pub struct Table(comfy_table::Table);

impl Table {
    /// A table with these columns.
    pub fn new<T: ToString>(head: impl IntoIterator<Item = T>) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(head.into_iter().map(cell));
        Self(table)
    }

    /// Adds a row.
    pub fn row<T: ToString>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.0.add_row(cells.into_iter().map(cell));
    }
}

/// One line, without what would end a Markdown cell or drive a terminal.
fn cell(text: impl ToString) -> String {
    let text = text.to_string().replace('|', "\\|");
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        f.write_str(&lines.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_line_up_in_any_script_and_no_cell_breaks_out() {
        let mut table = Table::new(["name", "note"]);
        table.row(["硅基流动", "a|b"]);
        table.row(["Kimi", "two\nlines \u{1b}[31mred"]);
        assert_eq!(
            table.to_string(),
            "| name     | note               |\n\
             |----------|--------------------|\n\
             | 硅基流动 | a\\|b               |\n\
             | Kimi     | two lines  [31mred |"
        );
    }
}
