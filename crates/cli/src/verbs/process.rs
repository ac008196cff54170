//! `tonmeister process` and `tonmeister rack`.

use std::fmt::Write;

use tonmeister::process::rack::{Described, Knob, Shelf};
use tonmeister::{Failure, ProcessOptions, ProcessReport, Written};

use super::levels;
use crate::args::{Process, Rack};
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{FAINT, STRONG, Side, Table, maybe, styled};
use crate::trouble;
use crate::voice::Voice;

/// How long lines of running text are.
const LINE: usize = 96;

/// Processes and tells what came of it.
pub(crate) fn run(args: Process, voice: &mut Voice) -> Result<Outcome, Failure> {
    let mut options = ProcessOptions::new(args.output);
    options.depth = args.bits.depth();
    options.set = args.set;
    options.files = args.file.into_iter().map(|(key, path)| (key, path.into())).collect();
    options.key = args.key;
    options.residual = args.residual;
    options.tail = args.tail;
    options.tempo_bpm = args.tempo.unwrap_or(options.tempo_bpm);
    let report = super::world().process(&args.effect, &args.input, &options, &mut Bars::new(voice))?;
    let asked: Vec<String> = options.set.into_iter().map(|(address, _)| address).collect();
    voice.result(&report, |report| told(report, &asked));
    Ok(Outcome::Done)
}

fn told(report: &ProcessReport, asked: &[String]) -> String {
    let set = report.settings.iter().filter(|setting| asked.contains(&setting.address));
    let set: Vec<String> = set.map(|setting| format!("{} = {}", setting.address, setting.value)).collect();
    let set = if set.is_empty() { "at its defaults".into() } else { set.join(", ") };
    let mut text = format!("{}  {}\n\n", styled(STRONG, report.effect), styled(FAINT, set));
    text.push_str(&levels::written(&report.written, "lower what comes in or the effect's output, or write --bits 32f"));
    text.push_str(&levels::dynamics(report.dynamics.as_slice()));
    text.push_str(&levels::meters(report.meter.as_slice()));
    text.push_str(&trouble::remarks(&report.warnings));
    let _ = write!(text, "\nWrote {}\n", report.written.path.display());
    if let Some(residual) = &report.residual {
        let _ = writeln!(text, "Wrote {}  {}", residual.path.display(), styled(FAINT, loudness(residual)));
    }
    text
}

/// How loud that is which was taken away.
fn loudness(residual: &Written) -> String {
    let loudness = maybe(residual.loudness.integrated_lufs, 1, "LUFS");
    format!("what was taken away: {loudness}, peak {}", maybe(residual.loudness.sample_peak_dbfs, 1, "dBFS"))
}

/// Lists the effects, or what can be set on one.
pub(crate) fn rack(args: &Rack, voice: &mut Voice) -> Result<Outcome, Failure> {
    let world = super::world();
    match &args.effect {
        Some(effect) => voice.result(&world.describe(effect)?, described),
        None => voice.result(&world.rack(), |shelves| listed(shelves)),
    }
    Ok(Outcome::Done)
}

fn listed(shelves: &[Shelf]) -> String {
    let longest = shelves.iter().flat_map(|shelf| &shelf.effects).map(|effect| effect.id.len()).max().unwrap_or(0);
    let mut text = String::new();
    for shelf in shelves {
        let _ = writeln!(text, "{}", styled(STRONG, shelf.family));
        let mut table = Table::facts();
        for effect in &shelf.effects {
            table.row([format!("{:longest$}", effect.id), styled(FAINT, effect.summary)]);
        }
        text.push_str(&table.text());
        text.push('\n');
    }
    text + "`tonmeister rack EFFECT` tells what can be set on one.\n"
}

fn described(effect: &Described) -> String {
    let mut text = format!("{}  {}\n\n", styled(STRONG, effect.name), styled(FAINT, effect.family));
    let _ = write!(text, "  {}\n\n", effect.summary);
    if !effect.doc.is_empty() {
        let _ = writeln!(text, "{}", wrapped(effect.doc));
    }
    if effect.takes_key {
        text.push_str("  Listens to a side-chain (key).\n\n");
    }
    if effect.stereo_only {
        text.push_str("  Makes stereo of mono.\n\n");
    }
    let heads = [("parameter", Side::Left), ("default", Side::Right), ("moves", Side::Left), ("takes", Side::Left)];
    let mut lines = Table::new(&heads);
    for knob in effect.files.iter().chain(&effect.params) {
        lines.row(row(knob));
    }
    text.push_str(&lines.text());
    text.push('\n');
    let mut meanings = Table::facts();
    for knob in effect.files.iter().chain(&effect.params) {
        meanings.fact(&knob.address, knob.doc.as_str());
    }
    text + &meanings.text()
}

/// In lines of a readable length, indented.
fn wrapped(doc: &str) -> String {
    let mut text = String::new();
    let mut line = 0;
    for word in doc.split_whitespace() {
        let length = word.chars().count();
        let open = if line == 0 { "  " } else { " " };
        if line > 0 && line + length + 1 > LINE {
            text.push_str("\n  ");
            line = 0;
        } else {
            text.push_str(open);
        }
        text.push_str(word);
        line += length + open.len();
    }
    text.push('\n');
    text
}

fn row(knob: &Knob) -> [String; 4] {
    let default = knob.default.clone().unwrap_or_else(|| "required".into());
    [knob.address.clone(), default, knob.moves.unwrap_or("–").into(), styled(FAINT, &knob.takes)]
}
