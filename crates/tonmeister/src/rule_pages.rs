//! The reference pages of the check: every rule described from its table.
//!
//! No page is written by hand. [`pages`] gives them all as text; a test holds what is committed under `docs/rules`
//! against it, and `BLESS=1` writes it anew.

use std::fmt::Write as _;

use tonmeister_core::{Level, Severity};
use tonmeister_measure::check::rules::{Group, RULES, Rule};

use crate::check::answer;
use crate::rack_pages::Page;

/// The index, and a page for every rule.
pub fn pages() -> Vec<Page> {
    let mut pages = vec![Page { name: "README.md".into(), text: index() }];
    pages.extend(RULES.iter().map(|rule| Page { name: format!("{}.md", rule.id), text: page(rule) }));
    pages
}

/// A group's name, and what its rules are about.
fn about(group: Group) -> (&'static str, &'static str) {
    match group {
        Group::File => ("File", "what a file holds, how long it is, how it was stored"),
        Group::Level => ("Level", "levels and peaks"),
        Group::Signal => ("Signal", "faults of the waveform"),
        Group::Stereo => ("Stereo", "left against right"),
        Group::Tone => ("Tone", "the spectrum"),
        Group::Session => ("Session", "the files of a song against each other"),
    }
}

fn index() -> String {
    let mut out = format!(
        "# The rules of `check`\n\n{} rules. Every page is made by the program from the table that the check itself \
         goes by. [`check.md`](../check.md) tells how to work with it.\n",
        RULES.len()
    );
    for group in Group::ALL {
        let mut rules = RULES.iter().filter(|rule| rule.group == group).peekable();
        if rules.peek().is_none() {
            continue;
        }
        let (name, what) = about(group);
        let _ = write!(out, "\n## {name}: {what}\n\n| rule | level | limit | |\n|---|---|---|---|\n");
        for rule in rules {
            let (level, limit) = (level(rule), limit(rule, rule.limit));
            let _ = writeln!(out, "| [`{0}`]({0}.md) | {level} | {limit} | {1} |", rule.id, rule.title);
        }
    }
    out
}

/// `` `note`, `warn` from 0.01 of full scale ``.
fn level(rule: &Rule) -> String {
    let word = |severity: Severity| Level::from(severity).word();
    match rule.graver {
        Some((from, severity)) => {
            format!("`{}`, `{}` from {}", word(rule.severity), word(severity), limit(rule, from))
        }
        None => format!("`{}`", word(rule.severity)),
    }
}

/// A limit with its unit.
fn limit(rule: &Rule, value: f64) -> String {
    format!("{} {}", plain(value), rule.unit).trim_end().to_owned()
}

/// With a true minus sign.
fn plain(value: f64) -> String {
    format!("{value}").replace('-', "−")
}

/// The page of a rule, as Markdown.
pub(crate) fn page(rule: &Rule) -> String {
    let mut out = format!("# `{}`: {}\n\n{}\n", rule.id, rule.title, rule.doc);
    let _ = write!(out, "\n## Why it matters\n\n{}\n", rule.why);
    let remedy = capital(rule.remedy);
    let stop = if remedy.ends_with(['.', '!', '?']) { "" } else { "." };
    let _ = write!(out, "\n## How to mend it\n\n{remedy}{stop}\n");
    if let Some(mend) = crate::check::fix::described(rule.id) {
        let _ = write!(out, "\n`tonmeister check --fix song.toml` {mend}\n");
    }
    if let Some(answered) = answer::described(rule.id) {
        let _ = write!(out, "\n{answered}\n");
    }
    let _ = write!(out, "\n## Level and limit\n\n");
    let _ = writeln!(out, "- Level: {}.", level(rule));
    let _ = writeln!(out, "- Limit: {}.", limit(rule, rule.limit));
    let _ = writeln!(out, "- Group: `{}`.", rule.group.name());
    let number = tonmeister_session::written(&tonmeister_session::keys::LIMIT, rule.limit);
    let _ = write!(
        out,
        "\n```toml\n[check]\n{id} = {{ level = \"deny\", limit = {number} }}   # for the whole song\n\n[[track]]\nid = \
         \"voice\"\naudio = \"voice.wav\"\n\n[track.check]\n{id} = \"allow\"   # not on this track\n```\n",
        id = rule.id
    );
    let _ = write!(
        out,
        "\n```\ntonmeister check --deny {id} song.toml\ntonmeister check --limit {id}={value} song.toml\n```\n",
        id = rule.id,
        value = rule.limit
    );
    if rule.group == Group::Session {
        out.push_str("\nIt lays several files side by side: a track sets how it counts, the song its limit.\n");
    }
    if !rule.source.is_empty() {
        let _ = write!(out, "\n## Source\n\n{}\n", rule.source);
    }
    out
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
