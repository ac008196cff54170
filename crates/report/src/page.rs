//! A page: sections with words, tables and figures, in one file that needs nothing beside it.

use std::fmt::Write as _;

use crate::draw::{DARK, LIGHT, REGULAR, SEMIBOLD};
use crate::figure::Figure;
use crate::text::{base64, escaped};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/script.js");

/// A table of words and numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What it is about.
    pub caption: String,
    /// The names of its columns.
    pub head: Vec<String>,
    /// Its rows; the first cell names the row.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// Without rows.
    pub fn new(caption: &str, head: &[&str]) -> Self {
        Table { caption: caption.into(), head: head.iter().map(|h| (*h).into()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// As markup.
    pub fn html(&self) -> String {
        let mut out = format!("<div class=\"scroll\"><table><caption>{}</caption>", escaped(&self.caption));
        if self.head.iter().any(|head| !head.is_empty()) {
            out.push_str("<thead><tr>");
            for head in &self.head {
                let _ = write!(out, "<th scope=\"col\">{}</th>", escaped(head));
            }
            out.push_str("</tr></thead>");
        }
        out.push_str("<tbody>\n");
        for row in &self.rows {
            out.push_str("<tr>");
            for (n, cell) in row.iter().enumerate() {
                let _ = match n {
                    0 => write!(out, "<th scope=\"row\">{}</th>", escaped(cell)),
                    _ => write!(out, "<td>{}</td>", escaped(cell)),
                };
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table></div>\n");
        out
    }
}

/// A part of a page.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// For links; empty for none.
    pub id: String,
    /// Above it; empty for none.
    pub title: String,
    body: String,
}

impl Section {
    /// Empty.
    pub fn new(id: &str, title: &str) -> Self {
        Section { id: id.into(), title: title.into(), body: String::new() }
    }

    /// A paragraph.
    pub fn words(&mut self, text: &str) {
        let _ = writeln!(self.body, "<p>{}</p>", escaped(text));
    }

    /// A table.
    pub fn table(&mut self, table: &Table) {
        self.body.push_str(&table.html());
    }

    /// Ready markup; the caller has escaped what it holds.
    pub fn raw(&mut self, markup: &str) {
        self.body.push_str(markup);
    }
}

/// A page being written.
#[derive(Clone, Debug, Default)]
pub struct Page {
    title: String,
    facts: String,
    body: String,
    readings: Vec<String>,
}

impl Page {
    /// A page with a title and a line or two of facts under it.
    pub fn new(title: &str, facts: &str) -> Self {
        Page { title: title.into(), facts: facts.into(), ..Page::default() }
    }

    /// Adds a section.
    pub fn section(&mut self, section: &Section) {
        let (id, title) = (escaped(&section.id), escaped(&section.title));
        let _ = if id.is_empty() { write!(self.body, "<section>") } else { write!(self.body, "<section id=\"{id}\">") };
        if !title.is_empty() {
            let _ = writeln!(self.body, "<h2>{title}</h2>");
        }
        let _ = writeln!(self.body, "{}</section>", section.body);
    }

    /// Adds figures under one heading.
    pub fn figures(&mut self, id: &str, title: &str, figures: &[Figure<'_>]) {
        if figures.is_empty() {
            return;
        }
        let mut section = Section::new(id, title);
        for figure in figures {
            section.raw(&figure.html());
            self.readings.extend(figure.json());
        }
        self.section(&section);
    }

    /// The page.
    pub fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut out = String::with_capacity(self.body.len() + 220_000);
        out.push_str("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n");
        let _ = writeln!(out, "<title>{title} · Tonmeister</title>");
        out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
        out.push_str("<meta name=\"color-scheme\" content=\"dark light\"/>\n<meta name=\"generator\" content=\"Tonmeister\"/>\n<style>\n");
        for (font, weight) in [(REGULAR, 400), (SEMIBOLD, 600)] {
            let _ = writeln!(
                out,
                "@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/otf;base64,{}) format(\"opentype\")}}",
                base64(font)
            );
        }
        let _ = writeln!(out, ":root{{{}}}", DARK.variables());
        let _ = writeln!(out, "@media screen and (prefers-color-scheme:light){{:root{{{}}}}}", LIGHT.variables());
        let _ = writeln!(out, "@media print{{:root{{{}}}}}", LIGHT.variables());
        let _ = writeln!(out, "{STYLE}</style>\n</head>\n<body>\n<header>");
        let _ = writeln!(out, "<p class=\"maker\">tonmeister</p>\n<h1>{title}</h1>");
        let facts: Vec<String> = self.facts.lines().map(escaped).collect();
        let _ = writeln!(out, "<p class=\"facts\">{}</p>\n</header>\n<main>", facts.join("<br/>"));
        out.push_str(&self.body);
        out.push_str("</main>\n<footer><p>Measured and drawn by Tonmeister. Loudness: ITU-R BS.1770, EBU R 128, Tech 3341 and 3342. Typeface: Inter, SIL Open Font License.</p></footer>\n");
        if !self.readings.is_empty() {
            let _ = writeln!(
                out,
                "<script type=\"application/json\" id=\"readings\">{{{}}}</script>",
                self.readings.join(",")
            );
            let _ = writeln!(out, "<script>/*<![CDATA[*/\n{SCRIPT}/*]]>*/</script>");
        }
        out.push_str("</body>\n</html>\n");
        out
    }
}
