//! The part of `docs/document.md` that follows from the tables: every key, with what it takes and its default.

use std::fmt::Write as _;

use tonmeister_core::{Automatable, ParamKind, ParamSpec, Registry};

use crate::keys::{
    BUS, CLIP, CURVES, DOCUMENT, FOLLOW, INSERT, Key, LANE, LFO, LIMIT, LINK, LINKS, MARKER, METER, RANGE, ROUTE, RULE,
    SCENE, SEND, SONG, STEM, STRIP, TEMPO_CHANGE, TRACK, Takes, VCA, VERSION, WINDOW,
};
use crate::print::written;
use crate::tables;

/// Every key of a document and every effect that it may name, as Markdown.
pub fn reference(registry: &Registry) -> String {
    let mut out = String::new();
    keys(&mut out, "The document", "The tables at the top.", DOCUMENT);
    keys(&mut out, "`[song]`", "", SONG);
    keys(&mut out, "`[[tempo]]`", "", TEMPO_CHANGE);
    keys(&mut out, "`[[meter]]`", "", METER);
    keys(&mut out, "`[[marker]]`", "", MARKER);
    keys(&mut out, "`[[range]]`", "", RANGE);
    keys(&mut out, "`[[track]]`", "A track has `audio` or clips, and the keys of a strip and of a route.", TRACK);
    keys(&mut out, "`[[track.clip]]`", "", CLIP);
    keys(&mut out, "`window` of a clip", "", WINDOW);
    keys(&mut out, "`[[bus]]`", "A bus has the keys of a strip and of a route.", BUS);
    keys(&mut out, "A route: tracks and buses", "", ROUTE);
    keys(&mut out, "A strip: tracks, buses and `[master]`", "In the order of the signal.", STRIP);
    params(&mut out, tables::STRIP);
    keys(&mut out, "`[[….send]]`", "", SEND);
    params(&mut out, tables::SEND);
    keys(&mut out, "`[[….insert]]`", "And the keys of its effect, below.", INSERT);
    keys(&mut out, "`[[….automation]]`", "", LANE);
    out.push_str("\nCurves, each the way from the point before to this one:\n\n| curve | |\n|---|---|\n");
    for curve in CURVES {
        let _ = writeln!(out, "| `\"{}\"` | {} |", curve.id, curve.doc);
    }
    out.push_str("| `{ bend = 2.0 }` | exponential, from -10 to 10: above zero slow first, below zero fast first |\n");
    out.push_str("| `{ bezier = [0.4, 0.0, 0.6, 1.0] }` | a cubic Bézier by its two handles, each number 0 to 1 |\n");
    keys(&mut out, "`[[….automation.lfo]]`", "Generators; those of one lane add.", LFO);
    let text = "What is louder than the floor moves the value toward `at_ceiling`. Swap the two values and it goes the other way.";
    keys(&mut out, "`follow` of `[[….automation]]`", text, FOLLOW);
    let text =
        "A fader above others: its gain multiplies theirs, after their own automation. No signal runs through it.";
    keys(&mut out, "`[[vca]]`", text, VCA);
    let own: Vec<ParamSpec> = tables::STRIP.iter().filter(|spec| tables::ON_VCA.contains(&spec.id)).copied().collect();
    params(&mut out, &own);
    let text =
        "What one member is set to in a console, the others are set to, or by as much. It has no sound of its own.";
    keys(&mut out, "`[[link]]`", text, LINK);
    let text = "A part of the mix, as a file of its own. When every track is in one stem, the stems sum to the mix.";
    keys(&mut out, "`[[stem]]`", text, STEM);
    let text = "A state of strips that was put by. It sounds only when it is recalled, all of it or a part.";
    keys(&mut out, "`[[scene]]`", text, SCENE);
    let text = "A mix of the same song, as what it changes in it: solo, then mute, then values and inserts.";
    keys(&mut out, "`[[version]]`", text, VERSION);
    rules(&mut out, registry);
    out.push_str("\n## Effects\n");
    for effect in registry.specs() {
        let _ = write!(out, "\n### `effect = \"{}\"`\n\n{}. {}\n", effect.id, effect.name, effect.summary);
        if effect.takes_key() {
            out.push_str("Listens to a side-chain through `key`.\n");
        }
        if effect.stereo_only {
            out.push_str("Makes stereo of mono, and takes no `channels`.\n");
        }
        if !(effect.params.is_empty() && effect.files.is_empty()) {
            out.push('\n');
            head(&mut out);
            for file in effect.files {
                let otherwise = if file.required { "**required**" } else { "none" };
                let longest = format!("an audio file of at most {} s", file.max_seconds);
                let _ = writeln!(out, "| `{}` | {longest} | {otherwise} | | {} |", file.id, file.doc);
            }
            params(&mut out, effect.params);
        }
        for group in effect.groups {
            let form = if group.many() { format!("a list of at most {}", group.max) } else { "a table".into() };
            let _ = write!(out, "\n`{}`, {form}: {}\n\n", group.id, group.doc);
            head(&mut out);
            params(&mut out, group.params);
        }
    }
    out
}

/// What the check can be told.
fn rules(out: &mut String, registry: &Registry) {
    let text = "A key for each rule: its level alone, `dc-offset = \"deny\"`, or a table of the keys below. What a track \
                says goes before what the song says. A rule that lays several files side by side has its limit in \
                `[check]` only.";
    keys(out, "`[check]` and `[track.check]`", text, RULE);
    if registry.rules().is_empty() {
        return;
    }
    out.push_str("\n| rule | level | limit | |\n|---|---|---|---|\n");
    for rule in registry.rules() {
        let limit = written(&LIMIT, rule.limit);
        let limit = format!("{limit} {}", rule.unit);
        let together = if rule.together { " (between files)" } else { "" };
        let (level, title) = (rule.level.word(), rule.title);
        let _ = writeln!(out, "| `{}` | `\"{level}\"` | {} | {title}{together} |", rule.id, limit.trim_end());
    }
}

fn head(out: &mut String) {
    out.push_str("| key | takes | left out | moves | |\n|---|---|---|---|---|\n");
}

pub(crate) fn keys(out: &mut String, title: &str, text: &str, keys: &[Key]) {
    let _ = write!(out, "\n### {title}\n\n");
    if !text.is_empty() {
        let _ = write!(out, "{text}\n\n");
    }
    head(out);
    for key in keys {
        let otherwise = if key.required { "**required**" } else { key.otherwise };
        let _ = writeln!(out, "| `{}` | {} | {otherwise} | | {} |", key.id, takes(key.takes), key.doc);
    }
}

fn takes(takes: Takes) -> String {
    match takes {
        Takes::Text => "text".into(),
        Takes::Path | Takes::File => "a path, from the document's folder".into(),
        Takes::Id => "an id: letters, digits, `-`, `_`".into(),
        Takes::Effect => "the name of an effect".into(),
        Takes::Destination => "`\"master\"` or a bus's id".into(),
        Takes::Bus => "a bus's id".into(),
        Takes::Strip => "a track's or bus's id".into(),
        Takes::Strips => "a list of ids of tracks, buses and VCAs".into(),
        Takes::Ranges => "a list of ids of ranges".into(),
        Takes::Links => format!("a list of {}", values(&LINKS, false)),
        Takes::Inserts => "a list of inserts: `strip/insert`".into(),
        Takes::Version => "a version's id".into(),
        Takes::Settings => "a table of addresses and their values".into(),
        Takes::Address => "an address".into(),
        Takes::Points => "a list of points".into(),
        Takes::Value => "what the target takes".into(),
        Takes::Signature => "a time signature: `\"6/8\"`".into(),
        Takes::Place(spec) => format!("{}, or a bar and beat: `\"17\\|1\"`", values(spec, false)),
        Takes::Timed(spec) => format!("{}, or a note: `\"1/4\"`", values(spec, false)),
        Takes::Param(spec) => values(spec, false),
        Takes::Texts => "a list of texts".into(),
        Takes::Form(form) => form.into(),
        Takes::Rules | Takes::TrackRules => "a table of rules".into(),
        Takes::Table(_) => "a table".into(),
        Takes::Tables(_) => "a list of tables".into(),
    }
}

/// `notes`: whether a note may stand for it here.
fn values(spec: &ParamSpec, notes: bool) -> String {
    match spec.kind {
        ParamKind::Choice(choices) => {
            let words: Vec<String> = choices.iter().map(|c| format!("`\"{}\"` ({})", c.id, c.doc)).collect();
            words.join(", ")
        }
        _ if spec.takes_notes() && notes => format!("{}, or a note", spec.expected()),
        _ => spec.expected(),
    }
}

fn params(out: &mut String, specs: &[ParamSpec]) {
    for spec in specs {
        let moves = match spec.automatable {
            Automatable::Smooth => "smoothly",
            Automatable::Stepped => "in steps",
            Automatable::Fixed => "",
        };
        let default = written(spec, spec.default);
        let _ = writeln!(out, "| `{}` | {} | `{default}` | {moves} | {} |", spec.id, values(spec, true), spec.doc);
    }
}
