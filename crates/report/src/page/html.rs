//! A page as one file of HTML (which is XML, too).

use std::fmt::Write as _;

use super::part::{Part, Problem, Reading, Table};
use super::{Page, Section};
use crate::draw::{DARK, LIGHT, Mark, PAGE, REGULAR, SEMIBOLD};
use crate::figures::{gravity, scale};
use crate::text::{base64, escaped, number};

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// Said at the end, on a screen and on paper.
pub(crate) const COLOPHON: &str = "Measured and drawn by Tonmeister. Loudness: ITU-R BS.1770, EBU R 128, Tech 3341 and 3342. \
                                   Typeface: Inter, SIL Open Font License.";

impl Table {
    /// As markup.
    pub fn html(&self) -> String {
        let class = if self.prose { " class=\"left\"" } else { "" };
        let mut out = format!("<div class=\"scroll\"><table{class}><caption>{}</caption>", escaped(&self.caption));
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

fn part(out: &mut String, part: &Part) {
    let _ = match part {
        Part::Words(text) => writeln!(out, "<p>{}</p>", escaped(text)),
        Part::Verdict(text) => writeln!(out, "<p class=\"verdict\">{}</p>", escaped(text)),
        Part::Heading(text) => writeln!(out, "<h3>{}</h3>", escaped(text)),
        Part::Table(table) => write!(out, "{}", table.html()),
        Part::Figure(drawing) => write!(out, "{}", drawing.html),
        Part::Said(all) => write!(out, "{}", said(all)),
        Part::Readings(all) => write!(out, "{}", readings(all)),
        Part::Problems(all) => write!(out, "{}", problems(all)),
        Part::Sources(all) => {
            out.push_str("<details><summary>Who says so</summary><ul>");
            for source in all {
                let _ = write!(out, "<li>{}</li>", escaped(source));
            }
            writeln!(out, "</ul></details>")
        }
    };
}

fn said(all: &[(String, String)]) -> String {
    let mut out = String::from("<dl class=\"said\">\n");
    for (about, words) in all {
        let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", escaped(about), escaped(words));
    }
    out.push_str("</dl>\n");
    out
}

fn readings(all: &[Reading]) -> String {
    let mut out = String::from("<ul class=\"readings\">\n");
    for (n, Reading { name, unit, places, value, scale: on }) in all.iter().enumerate() {
        let text = value.map_or("–".into(), |v| number(v, *places));
        let _ = writeln!(
            out,
            "<li><span class=\"name\">{name}</span><span class=\"value\">{text}<small>{unit}</small></span>{}</li>",
            scale(PAGE, &format!("scale-{n}"), on, *value)
        );
    }
    out.push_str("</ul>\n");
    out
}

/// The outline of a mark in a square of fourteen units.
pub(crate) fn outline(mark: Mark) -> &'static str {
    match mark {
        Mark::Wedge => "M1 2h12l-6 11Z",
        Mark::Diamond => "M7 1l6 6l-6 6l-6 -6Z",
        Mark::Dot => "M2 7a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z",
    }
}

fn problems(all: &[Problem]) -> String {
    if all.is_empty() {
        return "<p>Nothing that looks like a fault.</p>\n".into();
    }
    let mut out = String::from("<ol class=\"problems\">\n");
    for problem in all {
        let (ink, mark, word) = gravity(problem.severity);
        let place = match &problem.at {
            None => "the whole file".into(),
            Some((when, _)) if problem.figure.is_empty() => escaped(when),
            Some((when, from)) => {
                format!("<a href=\"#{}\" data-at=\"{from:.3}\">{}</a>", escaped(&problem.figure), escaped(when))
            }
        };
        let channel = if problem.channel.is_empty() { String::new() } else { format!(", {}", problem.channel) };
        let why = if problem.why.is_empty() {
            String::new()
        } else {
            format!("<p class=\"why\">{}</p>", escaped(&problem.why))
        };
        let _ = writeln!(
            out,
            "<li><svg viewBox=\"0 0 14 14\" aria-hidden=\"true\"><path d=\"{}\" fill=\"{}\"/></svg><div class=\"gravity {word}\">{word}<span class=\"where\">{place}{channel}</span></div><div><p class=\"what\">{}</p><p class=\"remedy\">{}</p>{why}</div></li>",
            outline(mark),
            PAGE.ink(ink),
            escaped(&problem.what),
            escaped(&problem.remedy),
        );
    }
    out.push_str("</ol>\n");
    out
}

fn section(out: &mut String, section: &Section) {
    let id = if section.id.is_empty() { String::new() } else { format!(" id=\"{}\"", escaped(&section.id)) };
    let class = if section.own_sheet { " class=\"own\"" } else { "" };
    let _ = write!(out, "<section{id}{class}>");
    if !section.title.is_empty() {
        let _ = writeln!(out, "<h2>{}</h2>", escaped(&section.title));
    }
    for each in section.parts() {
        part(out, each);
    }
    let _ = writeln!(out, "</section>");
}

/// The whole page.
pub(super) fn page(page: &Page) -> String {
    let title = escaped(&page.title);
    let mut out = String::with_capacity(400_000);
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
    let facts: Vec<String> = page.facts.lines().map(escaped).collect();
    let _ = writeln!(out, "<p class=\"facts\">{}</p>\n</header>\n<main>", facts.join("<br/>"));
    for each in &page.sections {
        section(&mut out, each);
    }
    let _ = writeln!(out, "</main>\n<footer><p>{COLOPHON}</p></footer>");
    let drawings = page.sections.iter().flat_map(Section::parts).filter_map(|part| match part {
        Part::Figure(drawing) => drawing.readout.clone(),
        _ => None,
    });
    let readings: Vec<String> = drawings.collect();
    if !readings.is_empty() {
        let _ = writeln!(out, "<script type=\"application/json\" id=\"readings\">{{{}}}</script>", readings.join(","));
        let _ = writeln!(out, "<script>/*<![CDATA[*/\n{SCRIPT}/*]]>*/</script>");
    }
    out.push_str("</body>\n</html>\n");
    out
}
