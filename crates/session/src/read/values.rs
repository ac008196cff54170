//! Single values: what was expected, what was found, what to do.

use tonmeister_core::{Diagnostic, Note, ParamKind, ParamSpec, Unit};

use super::Reader;
use crate::keys::{Key, MAX_ID};
use crate::report::suggestion;
use crate::tables::SILENCE_DB;
use crate::tree::{Kind, Node, Span, Table, shortened};

/// Ids that addresses and routes use themselves.
pub(crate) const RESERVED: &[&str] = &["master", "song"];
/// Ids that an insert cannot have, for its address would not be told from the strip's own.
pub(crate) const RESERVED_INSERTS: &[&str] =
    &["send", "clip", "check", "insert", "automation", "audio", "role", "output", "id"];

impl Reader<'_> {
    /// Reports an error at a place.
    pub(super) fn error(&mut self, code: &'static str, message: String, span: &Span, label: String) {
        self.report.add(Diagnostic::error(code, message).at(span.clone(), label));
    }

    /// Reports an error at a place, with a remedy.
    pub(super) fn error_with_help(
        &mut self,
        code: &'static str,
        message: String,
        (span, label): (&Span, String),
        help: Option<String>,
    ) {
        let diagnostic = Diagnostic::error(code, message).at(span.clone(), label);
        self.report.add(match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        });
    }

    /// The remedy for a name that is none of the candidates.
    pub(super) fn suggest<'c>(&self, word: &str, candidates: impl Iterator<Item = &'c str> + Clone) -> Option<String> {
        if self.report.wants_suggestions() { suggestion(word, candidates) } else { None }
    }

    /// Reports a value of the wrong type.
    pub(super) fn wrong_type(&mut self, what: &str, node: &Node, expected: &str, help: Option<String>) {
        let found = node.describe();
        let label = format!("expected {expected}, found {found}");
        self.error_with_help("wrong-type", format!("`{what}` cannot be {found}"), (&node.span, label), help);
    }

    /// Reports every key of a table that is not among the candidates.
    pub(super) fn known(&mut self, what: &str, table: &Table, candidates: &[&str]) {
        for entry in &table.entries {
            if candidates.contains(&entry.key.as_str()) {
                continue;
            }
            let key = shortened(&entry.key);
            let near = self.suggest(&entry.key, candidates.iter().copied());
            let help = near.or_else(|| {
                Some(format!(
                    "remove it; docs/document.md (songs) and docs/release.md (albums) list the keys of {what}"
                ))
            });
            let label = format!("expected a key of {what}, found `{key}`");
            let message = format!("`{key}` is not a key of {what}");
            self.error_with_help("unknown-key", message, (&entry.key_span, label), help);
        }
    }

    /// What a required key holds; told when it is missing.
    pub(super) fn required<'t>(&mut self, what: &str, table: &'t Table, key: &Key) -> Option<&'t Node> {
        let node = table.get(key.id);
        if node.is_none() {
            let label = format!("expected `{}` here", key.id);
            let message = format!("{what} has no `{}`", key.id);
            self.error_with_help("missing-key", message, (&table.span, label), Some(key.doc.into()));
        }
        node
    }

    /// A table.
    pub(super) fn table<'t>(&mut self, what: &str, node: &'t Node) -> Option<&'t Table> {
        let table = node.table();
        if table.is_none() {
            let help = format!("write it under a header of its own: `[{what}]`");
            self.wrong_type(what, node, "a table", Some(help));
        }
        table
    }

    /// The tables of a list, at most so many; each with its place in the list.
    pub(super) fn tables<'t>(&mut self, what: &str, node: &'t Node, most: usize) -> Vec<&'t Table> {
        let (Kind::List(items) | Kind::Headers(items)) = &node.kind else {
            let key = what.rsplit('.').next().unwrap_or(what);
            let help = format!("each one stands under its own header, in double brackets: `[[{what}]]`");
            self.wrong_type(key, node, "a list of tables", Some(help));
            return Vec::new();
        };
        if let Some(surplus) = items.get(most) {
            self.too_many(&format!("{} tables `{what}`", items.len()), most, &surplus.span);
        }
        let mut tables = Vec::new();
        for item in items.iter().take(most) {
            match item.table() {
                Some(table) => tables.push(table),
                None => self.wrong_type(what, item, "a table", None),
            }
        }
        tables
    }

    /// Reports more of something than is read.
    pub(super) fn too_many(&mut self, found: &str, most: usize, span: &Span) {
        let label = format!("expected at most {most}, found {found}");
        self.error("too-many", format!("there are {found}; at most {most} are read"), span, label);
    }

    /// A text.
    pub(super) fn text<'t>(&mut self, what: &str, node: &'t Node) -> Option<&'t str> {
        let text = node.text();
        if text.is_none() {
            self.wrong_type(what, node, "text in quotes", None);
        }
        text
    }

    /// The path of an audio file.
    pub(super) fn path(&mut self, what: &str, node: &Node) -> Option<String> {
        let path = self.text(what, node)?;
        if path.trim().is_empty() || path.contains('\0') {
            let label = format!("expected the path of an audio file, found {}", node.describe());
            self.error("audio", format!("`{what}` names no file"), &node.span, label);
            return None;
        }
        Some(path.to_owned())
    }

    /// An id: ASCII letters, digits, `-` and `_`, and none of the reserved words.
    pub(super) fn id<'t>(&mut self, node: &'t Node, reserved: &[&str]) -> Option<&'t str> {
        let id = self.text("id", node)?;
        let expected = "expected letters, digits, `-` and `_`";
        if id.is_empty() {
            self.error("illegal-id", "an id cannot be empty".into(), &node.span, format!("{expected}, found nothing"));
            return None;
        }
        if let Some(wrong) = id.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))) {
            let help = legal_id(id);
            let message = format!("the id \"{}\" has a `{}` in it", shortened(id), wrong.escape_debug());
            let label = format!("{expected}, found `{}`", wrong.escape_debug());
            self.error_with_help("illegal-id", message, (&node.span, label), help);
            return None;
        }
        if id.len() > MAX_ID {
            let label = format!("expected at most {MAX_ID} characters, found {}", id.len());
            self.error("illegal-id", format!("the id \"{}\" is too long", shortened(id)), &node.span, label);
            return None;
        }
        if reserved.contains(&id) {
            let label = format!("expected an id of its own, found the reserved word \"{id}\"");
            let help = Some(format!("give it another id, such as \"{id}-1\""));
            self.error_with_help("reserved-id", format!("the id \"{id}\" is reserved"), (&node.span, label), help);
            return None;
        }
        Some(id)
    }

    /// What a parameter takes: a number, `true` or `false`, or a word.
    pub(super) fn param(&mut self, spec: &ParamSpec, node: &Node) -> Option<f64> {
        match spec.kind {
            ParamKind::Switch => {
                if let Kind::Switch(on) = node.kind {
                    return Some(f64::from(u8::from(on)));
                }
                self.wrong_type(spec.id, node, "true or false", switch_help(node));
                None
            }
            ParamKind::Choice(choices) => {
                let Kind::Text(word) = &node.kind else {
                    self.wrong_type(spec.id, node, &spec.expected(), None);
                    return None;
                };
                let place = choices.iter().position(|choice| choice.id == word);
                if place.is_none() {
                    let help = self.suggest(word, choices.iter().map(|choice| choice.id));
                    let label = format!("expected {}, found \"{}\"", spec.expected(), shortened(word));
                    let message = format!("`{}` cannot be \"{}\"", spec.id, shortened(word));
                    self.error_with_help("unknown-choice", message, (&node.span, label), help);
                }
                place.map(|place| place as f64)
            }
            ParamKind::Number { .. } | ParamKind::Integer { .. } | ParamKind::Steps(_) => self.number(spec, node),
        }
    }

    /// What a parameter of an effect takes: the same, and a note where that has a meaning.
    pub(super) fn timed(&mut self, spec: &ParamSpec, node: &Node) -> Option<(f64, Option<Note>)> {
        let Some(text) = node.text().filter(|text| spec.takes_notes() && text.contains('/')) else {
            return self.param(spec, node).map(|value| (value, None));
        };
        let Ok(note) = text.parse::<Note>() else {
            let label = format!("expected {}, found \"{}\"", Note::EXPECTED, shortened(text));
            let parts: Vec<String> = Note::PARTS.iter().map(|part| format!("1/{part}")).collect();
            let help = format!("up to {} of these, straight, dotted or triplet: {}", Note::MAX_COUNT, parts.join(", "));
            let message = format!("`{}` cannot be \"{}\", which is no note", spec.id, shortened(text));
            self.error_with_help("no-note", message, (&node.span, label), Some(help));
            return None;
        };
        match spec.resolve(note, self.tempo_bpm) {
            Ok(value) => Some((value, Some(note))),
            Err(error) => {
                let at = note.value(spec.unit, self.tempo_bpm).map(rounded).unwrap_or_default();
                let label = format!("expected {}, found {}", spec.expected(), with_unit(at, spec.unit));
                let help = nearest_help(spec, at);
                self.error_with_help("out-of-range", error.to_string(), (&node.span, label), help);
                None
            }
        }
    }

    fn number(&mut self, spec: &ParamSpec, node: &Node) -> Option<f64> {
        let value = match node.kind {
            Kind::Integer(whole) => whole as f64,
            Kind::Float(number) => number,
            _ => {
                let number = || node.text().and_then(number_in);
                let help = self
                    .note_help(spec, node)
                    .or_else(|| number().map(|n| format!("write it without quotes: `{} = {n}`", spec.id)));
                self.wrong_type(spec.id, node, &spec.expected(), help);
                return None;
            }
        };
        if !value.is_finite() {
            let label = format!("expected {}, found {value}", spec.expected());
            let silence = value == f64::NEG_INFINITY && spec.check(SILENCE_DB).is_ok() && spec.unit == Unit::Db;
            let help = silence.then(|| format!("{SILENCE_DB} dB is silence"));
            self.error_with_help("not-finite", format!("`{}` cannot be {value}", spec.id), (&node.span, label), help);
            return None;
        }
        if spec.check(value).is_err() {
            let label = format!("expected {}, found {}", spec.expected(), plain(value));
            let message = format!("`{}` cannot be {}", spec.id, with_unit(value, spec.unit));
            self.error_with_help("out-of-range", message, (&node.span, label), range_help(spec, value));
            return None;
        }
        Some(value)
    }
}

impl Reader<'_> {
    /// The remedy for a note where only numbers stand.
    pub(super) fn note_help(&self, spec: &ParamSpec, node: &Node) -> Option<String> {
        let note: Note = node.text()?.parse().ok()?;
        let value = note.value(spec.unit, self.tempo_bpm).filter(|_| spec.takes_notes())?;
        let number = with_unit(rounded(value), spec.unit);
        Some(format!("a note stands only where an insert is set; at {} BPM this is {number}", self.tempo_bpm))
    }
}

/// As many decimals as a reader wants.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The id that an illegal one may have meant.
fn legal_id(id: &str) -> Option<String> {
    let legal = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' };
    let clean: String = id.chars().take(MAX_ID).map(legal).collect();
    let words: Vec<&str> = clean.split('-').filter(|word| !word.is_empty()).collect();
    if words.is_empty() { None } else { Some(format!("such as \"{}\"", words.join("-").to_ascii_lowercase())) }
}

/// A number with its unit, as a reader writes it.
fn with_unit(value: f64, unit: Unit) -> String {
    match unit.symbol() {
        "" => plain(value),
        symbol if symbol.starts_with([':', '%']) => format!("{}{symbol}", plain(value)),
        symbol => format!("{} {symbol}", plain(value)),
    }
}

/// As a reader writes it: 1e300 and not three hundred zeros.
fn plain(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-9..1e18).contains(&size) { format!("{value:e}") } else { value.to_string() }
}

fn switch_help(node: &Node) -> Option<String> {
    let on = match &node.kind {
        Kind::Integer(0) => false,
        Kind::Integer(1) => true,
        Kind::Text(word) if ["true", "yes", "on"].contains(&word.as_str()) => true,
        Kind::Text(word) if ["false", "no", "off"].contains(&word.as_str()) => false,
        _ => return None,
    };
    Some(format!("write `{on}`"))
}

/// The nearest value that is taken; kilohertz are understood.
fn range_help(spec: &ParamSpec, value: f64) -> Option<String> {
    if spec.unit == Unit::Hz && spec.check(value * 1000.0).is_ok() {
        return Some(format!("it is given in hertz: {}", value * 1000.0));
    }
    nearest_help(spec, value)
}

/// The nearest value that is taken.
fn nearest_help(spec: &ParamSpec, value: f64) -> Option<String> {
    let nearest = match spec.kind {
        ParamKind::Number { min, max, .. } => value.clamp(min, max),
        ParamKind::Integer { min, max } => value.round().clamp(min as f64, max as f64),
        ParamKind::Steps(steps) => {
            steps.iter().copied().min_by(|a, b| (a - value).abs().total_cmp(&(b - value).abs()))?
        }
        ParamKind::Switch | ParamKind::Choice(_) => return None,
    };
    Some(format!("the nearest it takes is {}", with_unit(nearest, spec.unit)))
}

/// The number at the head of a text such as "-3.5 dB" or "48 kHz".
fn number_in(text: &str) -> Option<f64> {
    let text = text.trim();
    let head = text.trim_end_matches(|c: char| c.is_alphabetic() || c == ' ' || c == '%');
    let thousands = if text[head.len()..].trim_start().starts_with('k') { 1000.0 } else { 1.0 };
    let number: f64 = head.trim().replace('−', "-").parse().ok()?;
    Some(number * thousands).filter(|n| n.is_finite())
}
