//! `tonmeister check`.

mod shown;

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;
use tonmeister::check::RuleState;
use tonmeister::check::fix::{FixOptions, FixReport};
use tonmeister::check::sarif;
use tonmeister::{CheckReport, Failure};

use crate::args::Check;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{CARE, FAINT, GOOD, STRONG, Side, Table, count, number, styled};
use crate::voice::Voice;

/// What a mended check comes to, for scripts.
#[derive(Serialize)]
struct Mended<'r> {
    fixes: &'r [FixReport],
    check: &'r CheckReport,
}

/// Checks and tells what was found, the files in order and then all of them together.
pub(crate) fn run(args: &Check, voice: &mut Voice) -> Result<Outcome, Failure> {
    let options = args.levels.options();
    let world = super::world();
    if let Some(rule) = &args.explain {
        let page = world.explain(rule)?;
        voice.text(&page);
        return Ok(Outcome::Done);
    }
    if args.rules {
        let song = args.files.iter().find(|path| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")));
        let rules = world.rules(song.map(std::path::PathBuf::as_path), &options)?;
        voice.result(&rules, |rules| listed(rules));
        return Ok(Outcome::Done);
    }
    let to_output = args.sarif.as_deref() == Some(Path::new("-"));
    if to_output && voice.json() {
        return Err(Failure::Usage("standard output takes one of --json and --sarif -".into()));
    }
    let (fixes, report) = if args.fixing.fix {
        let fix = FixOptions { dry_run: args.fixing.dry_run, notes: args.notes };
        let (fixes, report) = world.fix(&args.files, &options, fix, &mut Bars::new(voice))?;
        (Some(fixes), report)
    } else {
        (None, world.check(&args.files, &options, &mut Bars::new(voice))?)
    };
    let outcome = if report.errors > 0 { Outcome::Found } else { Outcome::Done };
    match &args.sarif {
        Some(_) if to_output => voice.machine(&sarif::sarif(&report, outcome.code())),
        Some(path) => sarif::write(path, &report, outcome.code())?,
        None => {}
    }
    if to_output {
        return Ok(outcome);
    }
    match fixes {
        Some(fixes) => voice.result(&Mended { fixes: &fixes, check: &report }, |mended| {
            let all: String = mended.fixes.iter().map(|fix| mends(fix, args.fixing.dry_run)).collect();
            all + &shown::told(&world, mended.check, args.notes)
        }),
        None => voice.result(&report, |report| shown::told(&world, report, args.notes)),
    }
    Ok(outcome)
}

/// The rules, group by group.
fn listed(rules: &[RuleState]) -> String {
    let mut text = String::new();
    let mut groups: Vec<&str> = rules.iter().map(|rule| rule.group).collect();
    groups.dedup();
    for group in groups {
        let _ = writeln!(text, "{}", styled(STRONG, group));
        let heads =
            [("rule", Side::Left), ("level", Side::Left), ("limit", Side::Right), ("", Side::Left), ("", Side::Left)];
        let mut table = Table::new(&heads);
        for rule in rules.iter().filter(|rule| rule.group == group) {
            let style = if rule.set { CARE } else { FAINT };
            let limit = number(rule.limit, decimals(rule.limit));
            table.row([
                rule.id.into(),
                styled(style, rule.level),
                styled(style, limit),
                styled(FAINT, rule.unit),
                styled(FAINT, rule.title),
            ]);
        }
        text.push_str(&table.text());
        text.push('\n');
    }
    text + "`tonmeister check --explain RULE` tells what is looked for, why, and what to do.\n"
}

/// As many decimals as the number has.
fn decimals(value: f64) -> usize {
    format!("{value}").split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

/// What was mended in one document, and what was left.
fn mends(report: &FixReport, dry_run: bool) -> String {
    let mut text = format!("{}\n", styled(STRONG, report.song.display()));
    for mend in &report.mends {
        let word = if dry_run { "would mend" } else { "mended" };
        let _ = write!(
            text,
            "  {} {}: {}\n      {}\n",
            styled(GOOD, format!("{word}[{}]", mend.rule)),
            mend.address,
            mend.change,
            styled(FAINT, &mend.why)
        );
    }
    for left in &report.left {
        let _ = writeln!(text, "  {} {}: {}", styled(CARE, format!("left[{}]", left.rule)), left.track, left.why);
    }
    if report.mends.is_empty() {
        let _ = writeln!(text, "  {}", styled(FAINT, "nothing to mend here"));
    }
    if dry_run && !report.diff.is_empty() {
        let _ = write!(text, "\n{}", report.diff);
    } else if report.written {
        let _ = writeln!(text, "  {}", styled(FAINT, format!("{} changed", count(report.mends.len(), "place"))));
    }
    text.push('\n');
    text
}
