//! `tonmeister ride`.

use tonmeister::{Failure, RideOptions, RideReport};

use crate::args::Ride;
use crate::bars::Bars;
use crate::exit::Outcome;
use crate::table::{STRONG, count, styled};
use crate::trouble;
use crate::voice::Voice;

/// Rides and tells what came of it.
pub(crate) fn run(args: Ride, voice: &mut Voice) -> Result<Outcome, Failure> {
    let options = RideOptions { rider: args.rider, error_db: args.error };
    let report = args.work.world().ride(&args.song, &options, &mut Bars::new(voice))?;
    voice.result(&report, told);
    Ok(Outcome::Done)
}

fn told(report: &RideReport) -> String {
    let [low, high] = report.range_db;
    format!(
        "{}  {}, {low:.1} to {high:.1} dB; {} is bypassed\n{}\nChanged {}\n",
        styled(STRONG, &report.lane),
        count(report.points, "point"),
        report.rider,
        trouble::remarks(&report.warnings),
        report.song.display()
    )
}
