//! What the check is told, as splices.

use tonmeister_core::Level;

use super::locate::{self, Desk, nowhere};
use super::plan::{Splices, refused};
use super::text::Script;
use crate::document::Document;
use crate::keys::{LEVEL, LIMIT};
use crate::print::{check, decimal, quoted};
use crate::read::Place;
use crate::tree::{Form, Kind};

/// Sets a rule for a track or the song, or takes it out.
pub(super) fn set(
    document: &Document,
    text: &Script<'_>,
    (strip, rule): (&str, &str),
    level: Option<Level>,
    limit: Option<f64>,
) -> Splices {
    let known = document.registry.rules();
    let rule = document.registry.rule(rule).ok_or_else(|| nowhere(rule, known.iter().map(|rule| rule.id)))?;
    let parent = if strip == "song" {
        &document.tree
    } else {
        let desk = Desk::find(document, strip)?;
        if !matches!(desk.place, Place::Track(_)) {
            return Err(refused("unknown-address", format!("\"{strip}\" is no track; only tracks are checked")));
        }
        desk.table.ok_or_else(|| nowhere(strip, std::iter::empty()))?
    };
    let nothing = level.is_none() && limit.is_none();
    let value = check(level, limit);
    let Some(table) = locate::checks(document, strip) else {
        return Ok(match strip {
            _ if nothing => Vec::new(),
            "song" => vec![text.append(&format!("[check]\n{} = {value}\n", rule.id))],
            _ => vec![text.set(parent, "check", &format!("{{ {} = {value} }}", rule.id))],
        });
    };
    let Some(entry) = table.entry(rule.id) else {
        if table.form == Form::Implied {
            let message = format!("the check of \"{strip}\" is written rule by rule, `[….check.{}]`", rule.id);
            return Err(refused("edit-refused", message).help("write it as one table `[check]`"));
        }
        return Ok(if nothing { Vec::new() } else { vec![text.set(table, rule.id, &value)] });
    };
    match &entry.node.kind {
        // The last one takes the table along.
        _ if nothing && table.entries.len() == 1 => {
            Ok(parent.entry("check").map_or_else(Vec::new, |entry| text.unset(entry)))
        }
        _ if nothing => Ok(text.unset(entry)),
        Kind::Table(own) if own.form != Form::Inline => {
            let level = (LEVEL.id, level.map(|level| quoted(level.word())));
            let mut splices = Vec::new();
            for (key, value) in [level, (LIMIT.id, limit.map(decimal))] {
                match (value, own.entry(key)) {
                    (Some(value), _) => splices.push(text.set(own, key, &value)),
                    (None, Some(entry)) => splices.extend(text.unset(entry)),
                    (None, None) => {}
                }
            }
            Ok(splices)
        }
        _ => Ok(vec![text.replace(&entry.node.span, &value)]),
    }
}
