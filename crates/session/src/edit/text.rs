//! Where in the text a key, a table or an item goes, and what goes with it when it leaves.
//!
//! Keys under a header take a line each; keys in braces and items in brackets are parted by commas. Comments directly
//! above a header and behind a value on its line belong to it.

use super::Splice;
use crate::tree::{Entry, Form, Kind, Node, Span, Table, written_key};

/// The text with what an edit must know of it.
pub(crate) struct Script<'d> {
    text: &'d str,
    root: &'d Table,
    /// Each header, with the end of the last value of its own; in order of place.
    headers: Vec<(Span, usize)>,
    /// The ends of all headers and of all outermost values, in order.
    ends: Vec<usize>,
    /// Behind a byte order mark.
    begin: usize,
    newline: &'static str,
}

impl<'d> Script<'d> {
    pub(crate) fn new(text: &'d str, root: &'d Table) -> Self {
        let mut headers = Vec::new();
        let mut ends = Vec::new();
        walk(root, &mut headers, &mut ends);
        headers.sort_by_key(|(span, _)| span.start);
        ends.sort_unstable();
        let begin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let first_break = text.find('\n').map_or("", |at| &text[at.saturating_sub(1)..at]);
        Script { text, root, headers, ends, begin, newline: if first_break == "\r" { "\r\n" } else { "\n" } }
    }

    /// Replaces what stands at a span.
    pub(crate) fn replace(&self, span: &Span, by: &str) -> Splice {
        Splice { at: span.start, remove: self.text[span.clone()].to_owned(), insert: self.broken(by) }
    }

    fn insert(&self, at: usize, new: &str) -> Splice {
        self.replace(&(at..at), new)
    }

    fn remove(&self, span: Span) -> Splice {
        self.replace(&span, "")
    }

    /// With the line breaks of the document.
    fn broken(&self, new: &str) -> String {
        if self.newline == "\n" { new.to_owned() } else { new.replace('\n', self.newline) }
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].rfind('\n').map_or(self.begin, |at| at + 1).max(self.begin)
    }

    /// Behind the line break, or the end of the text.
    fn line_end(&self, at: usize) -> usize {
        self.text[at..].find('\n').map_or(self.text.len(), |length| at + length + 1)
    }

    /// The start of a header's line, or of the comments directly above it.
    fn block_start(&self, header: &Span) -> usize {
        let before = self.ends.partition_point(|end| *end <= header.start);
        let floor = before.checked_sub(1).map_or(self.begin, |place| self.line_end(self.ends[place]));
        let mut start = self.line_start(header.start);
        while start > floor {
            let above = self.line_start(start - 1);
            if above < floor || !self.text[above..start].trim_start().starts_with('#') {
                break;
            }
            start = above;
        }
        start
    }

    /// Sets a key of a table, at its place or behind the table's last.
    pub(crate) fn set(&self, table: &Table, key: &str, value: &str) -> Splice {
        if let Some(entry) = table.entry(key) {
            return self.replace(&entry.node.span, value);
        }
        let pair = format!("{}{} = {value}", table.prefix, written_key(key));
        let braces = if table.form == Form::Inline { Some(table) } else { self.braces_around(table) };
        match (braces, own_end(table)) {
            (Some(_), Some(end)) => self.insert(end, &format!(", {pair}")),
            (Some(braces), None) => self.replace(&braces.span, &format!("{{ {pair} }}")),
            (None, _) if table.form == Form::Implied => self.insert_header(table, &pair),
            (None, end) => {
                let last = end.unwrap_or(table.span.end);
                let at = self.line_end(last);
                let line = &self.text[self.line_start(self.first_of_line(last))..];
                let indent = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
                let open = if self.text[..at].ends_with('\n') || at == self.begin { "" } else { "\n" };
                self.insert(at, &format!("{open}{indent}{pair}\n"))
            }
        }
    }

    /// Sets keys of a table that are not there yet, one behind the other.
    pub(crate) fn set_all(&self, table: &Table, pairs: &[(&str, &str)]) -> Vec<Splice> {
        pairs.iter().map(|(key, value)| self.set(table, key, value)).collect()
    }

    /// A place on the line on which the key that ends there begins: values may take several lines.
    fn first_of_line(&self, end: usize) -> usize {
        let mut start = end;
        leaves_under_headers(self.root, &mut |entry| {
            if entry.node.span.end == end {
                start = entry.key_span.start;
            }
        });
        self.headers.iter().find(|(span, _)| span.end == end).map_or(start, |(span, _)| span.start)
    }

    /// The header of a table that its children imply, above the first of them.
    fn insert_header(&self, table: &Table, pair: &str) -> Splice {
        let mut headers = Vec::new();
        walk(table, &mut headers, &mut Vec::new());
        let first = headers.iter().map(|(span, _)| span.clone()).min_by_key(|span| span.start);
        let name = self.root.entries.iter().find(|e| e.node.table().is_some_and(|t| std::ptr::eq(t, table)));
        let name = name.map_or("master", |entry| entry.key.as_str());
        let at = first.map_or(self.text.len(), |span| self.block_start(&span));
        self.block(at, &format!("[{name}]\n{pair}\n"))
    }

    /// The braces in which a dotted table stands.
    fn braces_around(&self, table: &Table) -> Option<&'d Table> {
        if table.form == Form::Dotted { innermost(self.root, &table.span) } else { None }
    }

    /// Takes a key out of a table, with all that it holds.
    pub(crate) fn unset(&self, entry: &Entry) -> Vec<Splice> {
        match &entry.node.kind {
            Kind::Headers(items) => items.iter().filter_map(Node::table).flat_map(|t| self.remove_blocks(t)).collect(),
            Kind::Table(table) if matches!(table.form, Form::Header | Form::Implied) => self.remove_blocks(table),
            Kind::Table(table) if table.form == Form::Dotted => {
                let braces = innermost(self.root, &table.span);
                let mut leaves = Vec::new();
                own_leaves(table, &mut leaves);
                self.remove_leaves(braces, &leaves)
            }
            _ => self.remove_leaves(innermost(self.root, &entry.key_span), std::slice::from_ref(&entry.node.span)),
        }
    }

    /// Takes out keys by the places of their values.
    fn remove_leaves(&self, braces: Option<&Table>, values: &[Span]) -> Vec<Splice> {
        let Some(braces) = braces else {
            let line =
                |value: &Span| self.remove(self.line_start(self.first_of_line(value.end))..self.line_end(value.end));
            return values.iter().map(line).collect();
        };
        let mut all = Vec::new();
        own_leaves(braces, &mut all);
        all.sort_by_key(|span| span.start);
        let mut pairs = Vec::new();
        let mut from = braces.span.start + 1;
        for value in &all {
            pairs.push(self.after_comma(from)..value.end);
            from = value.end;
        }
        let gone: Vec<bool> = all.iter().map(|value| values.contains(value)).collect();
        self.remove_items(&pairs, &gone)
    }

    /// The next thing behind spaces, comments and one comma.
    fn after_comma(&self, from: usize) -> usize {
        let mut at = from;
        let mut comma = false;
        while let Some(c) = self.text[at..].chars().next() {
            match c {
                '#' => at = self.line_end(at),
                ',' if !comma => {
                    comma = true;
                    at += 1;
                }
                c if c.is_whitespace() => at += c.len_utf8(),
                _ => break,
            }
        }
        at
    }

    /// Takes items out of a list parted by commas.
    fn remove_items(&self, items: &[Span], gone: &[bool]) -> Vec<Splice> {
        let last_kept = gone.iter().rposition(|gone| !gone);
        let going = gone.iter().enumerate().filter(|(_, gone)| **gone).map(|(place, _)| place);
        let span = |place: usize| match (last_kept, place) {
            (Some(kept), place) if place < kept => items[place].start..items[place + 1].start,
            (None, 0) => items[0].clone(),
            (_, place) => items[place - 1].end..items[place].end,
        };
        let mut splices: Vec<Splice> = going.map(|place| self.remove(span(place))).collect();
        if let (None, Some(last)) = (last_kept, items.last()) {
            // A comma behind the last item would stand alone.
            let rest = &self.text[last.end..];
            let blank = rest.len() - rest.trim_start().len();
            if rest[blank..].starts_with(',') {
                splices.push(self.remove(last.end..last.end + blank + 1));
            }
        }
        splices
    }

    /// Takes tables out of the list that a key holds.
    pub(crate) fn remove_tables(&self, entry: &Entry, gone: &[usize]) -> Vec<Splice> {
        match &entry.node.kind {
            Kind::Headers(items) => {
                let going = items.iter().enumerate().filter(|(place, _)| gone.contains(place));
                going.filter_map(|(_, item)| item.table()).flat_map(|table| self.remove_blocks(table)).collect()
            }
            Kind::List(items) if items.len() == gone.len() => self.unset(entry),
            Kind::List(items) => {
                let spans: Vec<Span> = items.iter().map(|item| item.span.clone()).collect();
                let gone: Vec<bool> = (0..items.len()).map(|place| gone.contains(&place)).collect();
                self.remove_items(&spans, &gone)
            }
            _ => Vec::new(),
        }
    }

    /// Takes out a table under its header, with the tables below it and the blank lines behind.
    fn remove_blocks(&self, table: &Table) -> Vec<Splice> {
        let mut own = Vec::new();
        walk(table, &mut own, &mut Vec::new());
        own.sort_by_key(|(span, _)| span.start);
        let mut spans: Vec<Span> = Vec::new();
        for (header, end) in own {
            let start = self.block_start(&header);
            let end = self.line_end(end);
            // Only what belongs to somebody else parts one stretch from the next.
            let alone = self.headers.iter().rfind(|(other, _)| other.start < header.start);
            match spans.last_mut() {
                Some(last) if alone.is_some_and(|(before, _)| last.contains(&before.start)) => last.end = end,
                _ => spans.push(start..end),
            }
        }
        for span in &mut spans {
            while span.end < self.text.len() && self.text[span.end..self.line_end(span.end)].trim().is_empty() {
                span.end = self.line_end(span.end);
            }
        }
        spans.into_iter().map(|span| self.remove(span)).collect()
    }

    /// A new block of lines, with a blank line before and behind it.
    fn block(&self, at: usize, block: &str) -> Splice {
        let (before, behind) = (&self.text[self.begin..at], &self.text[at..]);
        let closed = before.is_empty() || before.ends_with('\n');
        let last = before.trim_end_matches('\n').trim_end_matches('\r').len();
        let blank_before = before.is_empty() || before[last..].matches('\n').count() >= 2;
        let next = behind.split('\n').next().unwrap_or_default();
        let open = match (closed, blank_before) {
            (_, true) => "",
            (true, false) => "\n",
            (false, false) => "\n\n",
        };
        let close = if behind.is_empty() || next.trim().is_empty() { "" } else { "\n" };
        self.insert(at, &format!("{open}{block}{close}"))
    }

    /// Behind a table and all below it.
    fn end_of(&self, table: &Table) -> usize {
        let mut own = Vec::new();
        walk(table, &mut own, &mut Vec::new());
        own.iter().map(|(_, end)| self.line_end(*end)).max().unwrap_or(self.text.len())
    }

    /// Adds a table to the list `key` of `parent` at that place: `block` under a header, or `inline` in braces. When
    /// there is no list yet, it is begun before the first of the lists in `followers`.
    pub(crate) fn add_table(&self, parent: &Table, key: &str, at: usize, new: &New<'_>) -> Vec<Splice> {
        match parent.entry(key).map(|entry| &entry.node) {
            Some(Node { kind: Kind::Headers(items), .. }) => {
                let place = match items.get(at) {
                    Some(item) => self.block_start(&item.span),
                    None => items.last().and_then(Node::table).map_or(self.text.len(), |table| self.end_of(table)),
                };
                vec![self.block(place, &new.block)]
            }
            Some(Node { kind: Kind::List(items), span }) => self.add_item(items, span, at, &new.inline),
            _ if matches!(parent.form, Form::Inline | Form::Dotted) => {
                vec![self.set(parent, key, &format!("[{}]", new.inline))]
            }
            _ => {
                let followers = new.followers.iter().filter_map(|key| parent.get(key));
                let mut headers = Vec::new();
                for node in followers {
                    walk_node(node, &mut headers, &mut Vec::new());
                }
                let first = headers.iter().map(|(span, _)| span.clone()).min_by_key(|span| span.start);
                let last = if parent.form == Form::Root { self.text.len() } else { self.end_of(parent) };
                vec![self.block(first.map_or(last, |span| self.block_start(&span)), &new.block)]
            }
        }
    }

    /// Appends a block to the text.
    pub(crate) fn append(&self, block: &str) -> Splice {
        self.block(self.text.len(), block)
    }

    /// Adds an item to a list in brackets, on a line of its own where the others have theirs.
    pub(crate) fn add_item(&self, items: &[Node], list: &Span, at: usize, item: &str) -> Vec<Splice> {
        let Some(last) = items.last() else { return vec![self.insert(list.start + 1, item)] };
        let gap = match items {
            [.., before, last] => &self.text[before.span.end..last.span.start],
            _ => &self.text[list.start + 1..last.span.start],
        };
        let gap = gap.rsplit_once('\n').map_or_else(|| " ".to_owned(), |(_, indent)| format!("\n{indent}"));
        if let Some(next) = items.get(at) {
            return vec![self.insert(next.span.start, &format!("{item},{gap}"))];
        }
        let rest = &self.text[last.span.end..list.end];
        if !gap.contains('\n') || !rest.contains('\n') {
            return vec![self.insert(last.span.end, &format!(",{gap}{item}"))];
        }
        // A comment behind the last item stays on its line.
        let comma = rest.trim_start().starts_with(',');
        let line = self
            .insert(self.line_end(last.span.end), &format!("{}{item}{}\n", &gap[1..], if comma { "," } else { "" }));
        if comma { vec![line] } else { vec![self.insert(last.span.end, ","), line] }
    }
}

/// A table to be added, in both forms.
pub(crate) struct New<'n> {
    /// Under its header.
    pub(crate) block: String,
    /// In braces.
    pub(crate) inline: String,
    /// The lists of the same parent that stand behind it.
    pub(crate) followers: &'n [&'n str],
}

/// Every header at and below a table with its own end, and the ends of headers and outermost values.
fn walk(table: &Table, headers: &mut Vec<(Span, usize)>, ends: &mut Vec<usize>) {
    if table.form == Form::Header {
        headers.push((table.span.clone(), own_end(table).unwrap_or(table.span.end)));
        ends.push(table.span.end);
    }
    for entry in &table.entries {
        walk_node(&entry.node, headers, ends);
    }
}

fn walk_node(node: &Node, headers: &mut Vec<(Span, usize)>, ends: &mut Vec<usize>) {
    match &node.kind {
        Kind::Table(table) if table.form != Form::Inline => walk(table, headers, ends),
        Kind::Headers(items) => items.iter().filter_map(Node::table).for_each(|table| walk(table, headers, ends)),
        _ => ends.push(node.span.end),
    }
}

/// The end of the last value that stands in a table's own lines or braces.
fn own_end(table: &Table) -> Option<usize> {
    let mut leaves = Vec::new();
    own_leaves(table, &mut leaves);
    leaves.iter().map(|span| span.end).max()
}

/// The values in a table's own lines or braces, dotted keys included.
fn own_leaves(table: &Table, leaves: &mut Vec<Span>) {
    for entry in &table.entries {
        match &entry.node.kind {
            Kind::Headers(_) => {}
            Kind::Table(table) if table.form == Form::Dotted => own_leaves(table, leaves),
            Kind::Table(table) if table.form != Form::Inline => {}
            _ => leaves.push(entry.node.span.clone()),
        }
    }
}

/// Every key that takes a line, or lines, of its own.
fn leaves_under_headers(table: &Table, each: &mut impl FnMut(&Entry)) {
    for entry in &table.entries {
        match &entry.node.kind {
            Kind::Headers(items) => items.iter().filter_map(Node::table).for_each(|t| leaves_under_headers(t, each)),
            Kind::Table(table) if table.form != Form::Inline => leaves_under_headers(table, each),
            _ => each(entry),
        }
    }
}

/// The innermost braces around a place.
fn innermost<'t>(table: &'t Table, place: &Span) -> Option<&'t Table> {
    let around = |span: &Span| span.start < place.start && place.end < span.end;
    let inner = table.entries.iter().find_map(|entry| innermost_node(&entry.node, place));
    inner.or_else(|| (table.form == Form::Inline && around(&table.span)).then_some(table))
}

fn innermost_node<'t>(node: &'t Node, place: &Span) -> Option<&'t Table> {
    match &node.kind {
        Kind::Table(table) => innermost(table, place),
        Kind::List(items) | Kind::Headers(items) => items.iter().find_map(|item| innermost_node(item, place)),
        _ => None,
    }
}
