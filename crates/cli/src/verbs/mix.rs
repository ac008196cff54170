//! `tonmeister mix`.

use tonmeister::{Failure, MixOptions, MixReport};

use super::levels;
use crate::args::Mix;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{FAINT, STRONG, count, styled};
use crate::trouble;
use crate::voice::Voice;

/// Mixes and tells what came of it.
pub(crate) fn run(args: Mix, voice: &mut Voice) -> Result<Outcome, Failure> {
    let options = MixOptions { output: args.output, depth: args.bits.depth() };
    let report = args.work.world().mix(&args.song, &options, &mut Bars::new(voice))?;
    voice.result(&report, told);
    Ok(Outcome::Done)
}

fn told(report: &MixReport) -> String {
    let members = format!("{} · {}", count(report.tracks, "track"), count(report.buses, "bus"));
    format!(
        "{}  {}\n\n{}{}{}\nWrote {}\n",
        styled(STRONG, &report.title),
        styled(FAINT, members),
        levels::written(&report.written),
        levels::dynamics(&report.dynamics),
        trouble::remarks(&report.warnings),
        report.written.path.display()
    )
}
