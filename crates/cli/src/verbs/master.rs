//! `tonmeister master` and `tonmeister targets`.

use std::fmt::Write;

use serde::Serialize;
use tonmeister::master::target::{Target, targets, write_built_in};
use tonmeister::{Failure, MasterOptions, MasterReport};

use super::levels;
use crate::args::{Master, Targets};
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{CARE, FAINT, GOOD, STRONG, Side, Table, count, duration, maybe, quantity, styled};
use crate::trouble;
use crate::voice::Voice;

/// Masters and tells how near the target it came.
pub(crate) fn run(args: Master, voice: &mut Voice) -> Result<Outcome, Failure> {
    let mut options = MasterOptions::new(args.output);
    options.depth = args.bits.depth();
    options.target = args.target;
    options.targets = args.targets;
    options.loudness_lufs = args.loudness;
    options.ceiling_dbtp = args.ceiling;
    options.max_limiting_db = args.max_limiting.unwrap_or(options.max_limiting_db);
    options.document = args.document;
    let report = args.work.world().master(&args.input, &options, &mut Bars::new(voice))?;
    voice.result(&report, told);
    Ok(if report.reached { Outcome::Done } else { Outcome::Target })
}

fn told(report: &MasterReport) -> String {
    let target = &report.target;
    let aim = format!(
        "{}: {} under {}",
        target.name,
        quantity(target.loudness_lufs, 1, "LUFS"),
        quantity(target.ceiling_dbtp, 1, "dBTP")
    );
    let mut text = format!("{}  {}\n\n", styled(STRONG, "Master"), styled(FAINT, aim));
    let (before, after) = (&report.input, &report.written.loudness);
    let heads = [("", Side::Left), ("before", Side::Right), ("after", Side::Right)];
    let mut table = Table::new(&heads);
    let mut row = |what: &str, a: Option<f64>, b: Option<f64>, decimals: usize, unit: &str| {
        table.row([styled(FAINT, what), maybe(a, decimals, unit), maybe(b, decimals, unit)]);
    };
    row("loudness", before.integrated_lufs, after.integrated_lufs, 2, "LUFS");
    row("loudness range", before.range.as_ref().map(|r| r.lu), after.range.as_ref().map(|r| r.lu), 1, "LU");
    row("loudest 3 s", before.max_short_term_lufs, after.max_short_term_lufs, 1, "LUFS");
    row("true peak", before.true_peak_dbtp, after.true_peak_dbtp, 2, "dBTP");
    row("peak to loudness", before.plr_db, after.plr_db, 1, "dB");
    text.push_str(&table.text());
    text.push_str(&levels::dynamics(&report.dynamics));
    let _ = write!(text, "\n  {}\n", verdict(report));
    let written = &report.written;
    if let Some(mix) = &report.mix {
        text.push_str(&trouble::remarks(&mix.warnings));
    }
    text.push_str(&trouble::remarks(&report.warnings));
    let length = duration(written.frames as f64 / f64::from(written.sample_rate_hz));
    let _ = write!(text, "\nWrote {}  {}\n", written.path.display(), styled(FAINT, length));
    text
}

fn verdict(report: &MasterReport) -> String {
    if report.reached {
        return styled(GOOD, format!("on target after {}", count(report.tries, "render")));
    }
    let reached = maybe(report.written.loudness.integrated_lufs, 1, "LUFS");
    let asked = quantity(report.target.loudness_lufs, 1, "LUFS");
    let allowed = quantity(report.max_limiting_db, 1, "dB");
    styled(CARE, format!("{reached} and not {asked}: more would need over {allowed} of limiting (--max-limiting)"))
}

#[derive(Serialize)]
struct Listed {
    targets: Vec<Target>,
}

/// Lists the named targets.
pub(crate) fn list(args: &Targets, voice: &mut Voice) -> Result<Outcome, Failure> {
    if let Some(path) = &args.write {
        write_built_in(path)?;
        voice.remark(&format!("wrote {}; use it with --targets or the variable TONMEISTER_TARGETS\n", path.display()));
        return Ok(Outcome::Done);
    }
    let listed = Listed { targets: targets(args.targets.as_deref())? };
    voice.result(&listed, |listed| {
        let heads = [
            ("target", Side::Left),
            ("loudness", Side::Right),
            ("ceiling", Side::Right),
            ("as of", Side::Left),
            ("who says so", Side::Left),
        ];
        let mut table = Table::new(&heads);
        for target in &listed.targets {
            table.row([
                target.name.clone(),
                quantity(target.loudness_lufs, 1, "LUFS"),
                quantity(target.ceiling_dbtp, 1, "dBTP"),
                styled(FAINT, &target.date),
                styled(FAINT, &target.source),
            ]);
        }
        table.text()
    });
    Ok(Outcome::Done)
}
