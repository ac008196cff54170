//! `tonmeister record`.

use std::io::Read as _;

use tonmeister::{Failure, RecordReport, World};

use crate::args::Record;
use crate::exit::Outcome;
use crate::table::{STRONG, count, number, styled};
use crate::trouble;
use crate::voice::Voice;

/// The most that is read from standard input, in bytes: one more than a text of moves may have.
const MOST: u64 = (32 << 20) + 1;

/// Records and tells what came of it.
pub(crate) fn run(args: &Record, voice: &mut Voice) -> Result<Outcome, Failure> {
    let read = if args.moves.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().lock().take(MOST).read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(&args.moves)
    };
    let moves = read.map_err(|error| {
        let name = args.moves.display();
        Failure::input(&args.moves, format!("{name}: the moves cannot be read: {error}"))
    })?;
    let report = World::new().record(&args.song, &moves, &args.options())?;
    voice.result(&report, told);
    Ok(Outcome::Done)
}

fn told(report: &RecordReport) -> String {
    let ([from, to], [low, high], [before, after]) = (report.written_s, report.range, report.points);
    let unit = if report.unit.is_empty() { String::new() } else { format!(" {}", report.unit) };
    format!(
        "{}  {} from {from:.2} s to {to:.2} s, {} to {}{unit}; {before} → {}\n{}\nChanged {}\n",
        styled(STRONG, &report.lane),
        count(report.moves, "move"),
        number(low, 2),
        number(high, 2),
        count(after, "point"),
        trouble::remarks(&report.warnings),
        report.song.display()
    )
}
