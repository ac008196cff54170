//! The text as a tree with a place for everything: tables, lists and values, whichever of TOML's forms they took.
//!
//! `[[track]]` headers and `track = [{ … }]` are the same list here, so the reader asks once; how a table was written
//! is kept beside it, for edits. Depth is bounded by the parser (80 levels), so recursion over the tree is safe.

use std::ops::Range;

use tonmeister_core::Diagnostic;

use crate::report::{MOST, Report};

/// A stretch of bytes of the text.
pub(crate) type Span = Range<usize>;

/// How a table was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Not at all: the document itself.
    Root,
    /// Under its own `[header]` or `[[header]]`.
    Header,
    /// `{ … }`.
    Inline,
    /// By dotted keys: `highpass.hz = 30.0`.
    Dotted,
    /// By the headers of its children only: `[[master.insert]]` without `[master]`.
    Implied,
}

/// A table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// The header, the braces and all between them, or the first key that implies it.
    pub(crate) span: Span,
    pub(crate) form: Form,
    /// Of a dotted table, the keys before its own, with their dots: `highpass.`; else empty.
    pub(crate) prefix: String,
    pub(crate) entries: Vec<Entry>,
}

/// A key and what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) node: Node,
}

/// What a key or a list holds.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// The sorts of value.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Text(String),
    Integer(i64),
    Float(f64),
    Switch(bool),
    Time,
    /// A list in brackets.
    List(Vec<Node>),
    /// A list of tables under `[[headers]]`.
    Headers(Vec<Node>),
    Table(Table),
}

impl Table {
    /// What a key holds.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// A key and what it holds.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The tables of a list of tables; empty when it is not there or is something else.
    pub(crate) fn tables(&self, key: &str) -> Vec<&Table> {
        let items = match self.get(key).map(|node| &node.kind) {
            Some(Kind::List(items) | Kind::Headers(items)) => items.as_slice(),
            _ => &[],
        };
        items.iter().filter_map(Node::table).collect()
    }
}

impl Node {
    /// The table, if it is one.
    pub(crate) fn table(&self) -> Option<&Table> {
        match &self.kind {
            Kind::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What it is, as a message says it: `text "loud"`, `the number 3`, `a list`.
    pub(crate) fn describe(&self) -> String {
        match &self.kind {
            Kind::Text(text) => format!("the text \"{}\"", shortened(text)),
            Kind::Integer(number) => format!("the number {number}"),
            Kind::Float(number) => format!("the number {number}"),
            Kind::Switch(on) => on.to_string(),
            Kind::Time => "a date or time".into(),
            Kind::List(_) => "a list".into(),
            Kind::Headers(_) => "a list of tables".into(),
            Kind::Table(_) => "a table".into(),
        }
    }
}

/// At most 40 characters of a text, on one line, fit for a message.
pub(crate) fn shortened(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(40).map(clean).collect();
    if text.chars().nth(40).is_some() {
        short.push('…');
    }
    short
}

/// The text as a tree, or every syntax error in it.
pub(crate) fn grow(text: &str) -> Result<Table, Vec<Diagnostic>> {
    let errors = syntax_errors(text);
    if !errors.is_empty() {
        return Err(errors);
    }
    // What is left to find is keys and tables defined twice, which only the document's parser knows.
    let document = toml_edit::Document::parse(text).map_err(|error| {
        let message = first_upper(error.message());
        vec![syntax(message, error.span().unwrap_or(0..0), None)]
    })?;
    Ok(header_table(document.as_table(), 0..0, Form::Root, String::new()))
}

/// Every syntax error, in order of place.
fn syntax_errors(text: &str) -> Vec<Diagnostic> {
    let source = toml_parser::Source::new(text);
    let tokens = source.lex().into_vec();
    let mut errors: Vec<toml_parser::ParseError> = Vec::new();
    // One more than is told, so that the report can say that there are more.
    let mut first = |error: toml_parser::ParseError| {
        if errors.len() <= MOST {
            errors.push(error);
        }
    };
    let mut events: Vec<toml_parser::parser::Event> = Vec::with_capacity(tokens.len());
    {
        let mut spaces = toml_parser::parser::ValidateWhitespace::new(&mut events, source);
        let mut bounded = toml_parser::parser::RecursionGuard::new(&mut spaces, MAX_DEPTH);
        toml_parser::parser::parse_document(&tokens, &mut bounded, &mut first);
    }
    for event in &events {
        decode(source, event, &mut first);
    }
    let mut found: Vec<Diagnostic> = errors.iter().map(|error| syntax_error(text, error)).collect();
    found.sort_by_key(|d| d.span.as_ref().map(|s| s.start));
    found.dedup_by(|a, b| a.span == b.span);
    let mut report = Report::default();
    for error in found {
        report.add(error);
    }
    report.finish().1
}

/// The depth to which values nest: that of the parser of documents.
const MAX_DEPTH: u32 = 80;

/// Numbers, strings and keys are only looked into when they are decoded.
fn decode(
    source: toml_parser::Source<'_>,
    event: &toml_parser::parser::Event,
    errors: &mut dyn toml_parser::ErrorSink,
) {
    use toml_parser::parser::EventKind;
    let Some(raw) = source.get(event) else { return };
    let mut out = std::borrow::Cow::Borrowed("");
    match event.kind() {
        EventKind::SimpleKey => raw.decode_key(&mut out, errors),
        EventKind::Scalar => {
            let _kind = raw.decode_scalar(&mut out, errors);
        }
        EventKind::Comment => raw.decode_comment(errors),
        EventKind::Newline => raw.decode_newline(errors),
        _ => {}
    }
}

fn syntax_error(text: &str, error: &toml_parser::ParseError) -> Diagnostic {
    let span = error.unexpected().or(error.context()).map_or(text.len()..text.len(), |s| s.start()..s.end());
    let expected = error.expected().map(|expected| match expected {
        [] => "nothing more".to_string(),
        some if some.len() > 6 => "one of a few letters".into(),
        some => some.iter().map(expectation).collect::<Vec<_>>().join(" or "),
    });
    let label = expected.map(|expected| format!("expected {expected}, found {}", found_at(text, &span)));
    let mut found = syntax(first_upper(error.description()), span.clone(), label);
    let (before, behind) = (text.get(..span.start).unwrap_or_default(), text.get(span.start..).unwrap_or_default());
    let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    if behind.starts_with(',') && digit(before.chars().next_back()) && digit(behind.chars().nth(1)) {
        found = found.help("decimals are written with a point: `-3.5`");
    }
    found
}

fn expectation(expected: &toml_parser::Expected) -> String {
    match expected {
        toml_parser::Expected::Literal("\n") => "the end of the line".into(),
        toml_parser::Expected::Literal("#") => "a `#` comment".into(),
        toml_parser::Expected::Literal(literal) => format!("`{literal}`"),
        toml_parser::Expected::Description("literal string") => "text in quotes".into(),
        toml_parser::Expected::Description(words) => (*words).to_string(),
        _ => "something else".into(),
    }
}

/// What stands at a place, as a message says it.
fn found_at(text: &str, span: &Span) -> String {
    let rest = text.get(span.start..).unwrap_or_default();
    let found = match rest.get(..span.len()).unwrap_or_default() {
        "" => rest.get(..rest.chars().next().map_or(0, char::len_utf8)).unwrap_or_default(),
        found => found,
    };
    match found {
        "" => "the end of the text".into(),
        found if found.trim().is_empty() => "the end of the line".into(),
        found => format!("`{}`", shortened(found)),
    }
}

fn syntax(message: String, span: Span, label: Option<String>) -> Diagnostic {
    let help = match message.as_str() {
        m if m.contains("escape") => Some("write paths with `/`, or in single quotes: 'stems\\kick.wav'"),
        m if m.contains("recursion") || m.contains("exceed") => Some("lists and tables nest at most 80 deep"),
        m if m.starts_with("Duplicate key") => Some("keep one of the two"),
        _ => None,
    };
    let label = label.unwrap_or_else(|| "here".into());
    let diagnostic = Diagnostic::error("syntax", message).at(span, label);
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

fn first_upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// A key as it is written: in quotes where it needs them.
pub(crate) fn written_key(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if bare { key.to_owned() } else { crate::print::quoted(key) }
}

/// The prefix of the dotted table that a key holds.
fn dotted(prefix: &str, key: &str) -> String {
    format!("{prefix}{}.", written_key(key))
}

fn header_table(table: &toml_edit::Table, span: Span, form: Form, prefix: String) -> Table {
    let entries = table
        .iter()
        .filter_map(|(key, item)| {
            let key_span = table.key(key).and_then(toml_edit::Key::span).unwrap_or(span.clone());
            let node = item_node(item, &key_span, &dotted(&prefix, key))?;
            Some(Entry { key: key.to_owned(), key_span, node })
        })
        .collect();
    Table { span, form, prefix, entries }
}

fn item_node(item: &toml_edit::Item, key_span: &Span, dotted: &str) -> Option<Node> {
    match item {
        toml_edit::Item::None => None,
        toml_edit::Item::Value(value) => Some(value_node(value, key_span, dotted)),
        toml_edit::Item::Table(table) => {
            let form = match () {
                () if table.is_dotted() => Form::Dotted,
                () if table.is_implicit() => Form::Implied,
                () => Form::Header,
            };
            let span = if form == Form::Header { table.span() } else { None }.unwrap_or(key_span.clone());
            let prefix = if form == Form::Dotted { dotted.to_owned() } else { String::new() };
            Some(Node { span: span.clone(), kind: Kind::Table(header_table(table, span, form, prefix)) })
        }
        toml_edit::Item::ArrayOfTables(tables) => {
            let item = |table: &toml_edit::Table| {
                let span = table.span().unwrap_or(key_span.clone());
                Node { span: span.clone(), kind: Kind::Table(header_table(table, span, Form::Header, String::new())) }
            };
            let items: Vec<Node> = tables.iter().map(item).collect();
            let span = items.first().map_or(key_span.clone(), |node| node.span.clone());
            Some(Node { span, kind: Kind::Headers(items) })
        }
    }
}

fn value_node(value: &toml_edit::Value, key_span: &Span, dotted: &str) -> Node {
    let span = value.span().unwrap_or(key_span.clone());
    let kind = match value {
        toml_edit::Value::String(text) => Kind::Text(text.value().clone()),
        toml_edit::Value::Integer(number) => Kind::Integer(*number.value()),
        toml_edit::Value::Float(number) => Kind::Float(*number.value()),
        toml_edit::Value::Boolean(on) => Kind::Switch(*on.value()),
        toml_edit::Value::Datetime(_) => Kind::Time,
        toml_edit::Value::Array(items) => Kind::List(items.iter().map(|item| value_node(item, &span, "")).collect()),
        toml_edit::Value::InlineTable(table) => Kind::Table(inline_table(table, span.clone(), dotted)),
    };
    Node { span, kind }
}

fn inline_table(table: &toml_edit::InlineTable, span: Span, dotted: &str) -> Table {
    let form = if table.is_dotted() { Form::Dotted } else { Form::Inline };
    let prefix = if table.is_dotted() { dotted.to_owned() } else { String::new() };
    let entries = table
        .iter()
        .map(|(key, value)| {
            let key_span = table.key(key).and_then(toml_edit::Key::span).unwrap_or(span.clone());
            let node = value_node(value, &key_span, &self::dotted(&prefix, key));
            Entry { key: key.to_owned(), key_span, node }
        })
        .collect();
    Table { span, form, prefix, entries }
}
